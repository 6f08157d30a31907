/**
 * Names the owner of a state. A header of every state record names the owner, and the metadata of a committed offset names the
 * topic id. The bytes of the records stay the same, so every release reads them.
 */
import { UndercurrentError } from "../../errors/errors.js";
import type { RecordHeader } from "../../pipeline/ports.js";

/** The one writer of a partition of the state topic. */
export interface StateOwner {
  readonly application: string;
  /** Input topic and partition of the state. */
  readonly input: string;
  readonly partition: number;
  /** Id of the input topic; undefined where the brokers tell none. */
  readonly inputId?: string | undefined;
}

/** The header of state records: their owner as JSON. */
export const ownerHeader = "undercurrent-owner";
/** The header of forecasts: the application that made them. */
export const applicationHeader = "undercurrent-application";

/** The header that an owner's records carry. */
export function headerOf({ application, input, partition, inputId }: StateOwner): RecordHeader {
  return {
    name: ownerHeader,
    value: Buffer.from(JSON.stringify({ application, input, partition, inputId })),
  };
}

/** Metadata of a committed offset, where the id of the input topic is known. */
export function offsetMetadata({ inputId }: Pick<StateOwner, "inputId">): string | null {
  return inputId === undefined ? null : JSON.stringify({ inputId });
}

/** Returns the topic id in the metadata of a committed offset; undefined if there is none. */
export function readOffsetMetadata(metadata: string | null): string | undefined {
  const { inputId } = objectOf(metadata ?? "");
  return typeof inputId === "string" ? inputId : undefined;
}

/** Reads the owner of one record after the other. */
export class OwnerReader {
  /** Records in a row mostly have the same header. */
  #last: { readonly text: Buffer; readonly owner: StateOwner | undefined } | undefined;

  /** Undefined for a record of a release before this one. */
  read(headers: readonly RecordHeader[]): StateOwner | undefined {
    const value = headers.findLast(({ name }) => name === ownerHeader)?.value;
    if (value === undefined) return undefined;
    const text = Buffer.from(value);
    if (this.#last?.text.equals(text) !== true) this.#last = { text, owner: readOwner(text.toString()) };
    return this.#last.owner;
  }
}

/** Each of these owners once. */
export function distinctOwners(owners: Iterable<StateOwner | undefined>): readonly StateOwner[] {
  const known = new Map<string, StateOwner>();
  for (const owner of new Set(owners)) if (owner !== undefined) known.set(JSON.stringify(owner), owner);
  return [...known.values()];
}

function readOwner(text: string): StateOwner | undefined {
  const { application, input, partition, inputId } = objectOf(text);
  if (typeof application !== "string" || typeof input !== "string" || typeof partition !== "number") {
    return undefined;
  }
  return { application, input, partition, ...(typeof inputId === "string" && { inputId }) };
}

function objectOf(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

/** The error where one of a state's owners is not this one: STATE_FOREIGN; undefined where all are, or there is none. */
export function foreignOwner(
  owners: readonly StateOwner[],
  own: StateOwner,
  origin: string,
): UndercurrentError | undefined {
  const other = owners.find(
    ({ application, input, partition }) =>
      application !== own.application || input !== own.input || partition !== own.partition,
  );
  if (other === undefined) return undefined;
  return new UndercurrentError(
    "STATE_FOREIGN",
    `${origin}: the state belongs to ${nameOf(other)}; this configuration is ${nameOf(own)}`,
  );
}

/** Throws STATE_FOREIGN where one of a state's owners is not this one. */
export function refuseForeign(owners: readonly StateOwner[], own: StateOwner, origin: string): void {
  const refusal = foreignOwner(owners, own, origin);
  if (refusal !== undefined) throw refusal;
}

/**
 * Returns TOPIC_RECREATED if a state or a committed offset belongs to a deleted topic of the same name. Returns undefined
 * otherwise, and if one of the ids is unknown.
 */
export function recreatedInput(
  { input, partition, inputId }: StateOwner,
  earlier: { readonly owners: readonly StateOwner[]; readonly committed: string | undefined },
): UndercurrentError | undefined {
  if (inputId === undefined) return undefined;
  const state = earlier.owners.find((owner) => owner.inputId !== undefined && owner.inputId !== inputId);
  const what = state !== undefined ? "the state" : "the committed offset";
  const id = state?.inputId ?? earlier.committed;
  if (id === undefined || id === inputId) return undefined;
  return recreated(`topic ${input}, partition ${partition}: ${what} is of the topic`, id, inputId);
}

/** `what` was of the topic with one id, which has another one now. */
export function recreated(what: string, before: string, now: string): UndercurrentError {
  return new UndercurrentError(
    "TOPIC_RECREATED",
    `${what} with id ${before}, which was deleted; the topic now has id ${now}`,
  );
}

function nameOf({ application, input, partition }: StateOwner): string {
  return `application ${application}, input topic ${input}, partition ${partition}`;
}
