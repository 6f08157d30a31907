/** Reads records of the incidents topic, of every format, as the JSON message that they were made of. */
import { schemaIdOf, wirePrefix } from "../../decode/format.js";
import { incidentFields, memberFields, sparseFields } from "./fields.js";
import type { Kind } from "../output-schema.js";

/** A record of the incidents topic. */
export interface IncidentMessage {
  readonly id: string;
  readonly key: string;
  readonly time: string;
  readonly change: "opened" | "updated" | "closed";
  readonly state: "open" | "closed";
  readonly kind: string | null;
  readonly direction: string | null;
  readonly muted: boolean;
  readonly begin: string;
  readonly end: string;
  readonly peak_value: number | null;
  readonly peak_expected: number | null;
  readonly severity: number;
  readonly events: number;
  /** Of a group's incident: how many members deviated at its peak, and those that deviate most. */
  readonly members_deviating?: number;
  readonly members?: readonly { readonly key: string }[];
}

/**
 * Reads a record of the incidents topic that is JSON: flat, with its schema, or behind a schema's id. Undefined for any other
 * content, such as feedback.
 */
export function readIncident(value: Uint8Array | null): IncidentMessage | undefined {
  if (value === null) return undefined;
  const begin = schemaIdOf(value) === undefined ? 0 : wirePrefix;
  try {
    const message = JSON.parse(Buffer.from(value).subarray(begin).toString()) as Record<
      string,
      unknown
    > | null;
    const isEnvelope = typeof message?.["schema"] === "object" && typeof message["payload"] === "object";
    return isEnvelope ? incidentOf(message["payload"]) : asIncident(message);
  } catch {
    return undefined;
  }
}

/**
 * Returns the message of a document that a format read, with times as text and without the fields that JSON leaves out.
 * Undefined for a document of another kind.
 */
export function incidentOf(document: unknown): IncidentMessage | undefined {
  if (typeof document !== "object" || document === null) return undefined;
  return asIncident(plain(incidentFields, document as Readonly<Record<string, unknown>>));
}

function asIncident(message: unknown): IncidentMessage | undefined {
  const { id, change, begin } = (message ?? {}) as Partial<IncidentMessage>;
  const isChange = typeof id === "string" && typeof change === "string" && typeof begin === "string";
  return isChange ? (message as IncidentMessage) : undefined;
}

function plain(
  fields: Readonly<Record<string, Kind>>,
  document: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const isGroup = document["kind"] === "group";
  const message: Record<string, unknown> = {};
  for (const [name, kind] of Object.entries(fields)) {
    const value = plainValue(kind, document[name] ?? null);
    // Groups have a list of members, also an empty one, and others none.
    const isLeftOut = kind === "list" || name === "began" ? !isGroup : value === null;
    if (!sparseFields.has(name) || !isLeftOut) message[name] = value;
  }
  return message;
}

function plainValue(kind: Kind, value: unknown): unknown {
  if (kind === "list") {
    return Array.isArray(value)
      ? value.map((item: Record<string, unknown>) => plain(memberFields, item))
      : [];
  }
  const isTime = kind === "time" || kind === "maybe time";
  if (!isTime || value === null || typeof value === "string") return value;
  return new Date(value as number | Date).toISOString();
}
