/**
 * Reads the envelope of Kafka Connect's JsonConverter, `{"schema", "payload"}`: the payload, with decimals as numbers and times
 * as dates, by the schema. Time is linear in the bytes of the record.
 */
import { base64Decimal, variableDecimalOf } from "./decimal.js";

type Members = Readonly<Record<string, unknown>>;

/**
 * Returns the payload of an envelope. A document without an envelope is returned as it is: converters of one topic may differ
 * during a migration.
 *
 * @throws RECORD_UNREADABLE if a decimal does not fit its schema.
 *
 * @example
 * ```ts
 * const decimal = { type: "bytes", name: "org.apache.kafka.connect.data.Decimal", parameters: { scale: "2" } };
 * connectPayload({ schema: decimal, payload: "BNI=" }); // 12.34
 * ```
 */
export function connectPayload(document: unknown): unknown {
  if (!isEnvelope(document)) return document;
  const { schema, payload } = document;
  return isMembers(schema) ? valueOf(schema, payload) : payload;
}

/** Whether a document is an envelope: schema and payload, and nothing else. */
export function isEnvelope(document: unknown): document is { schema: unknown; payload: unknown } {
  return (
    isMembers(document) &&
    Object.hasOwn(document, "schema") &&
    Object.hasOwn(document, "payload") &&
    Object.keys(document).length === 2
  );
}

function isMembers(value: unknown): value is Members {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Milliseconds of one unit, by the schema's name. Others are numbers as they are. */
const times: Readonly<Record<string, (count: number) => number>> = {
  "org.apache.kafka.connect.data.Timestamp": (ms) => ms,
  "org.apache.kafka.connect.data.Date": (days) => days * 86_400_000,
  "io.debezium.time.Timestamp": (ms) => ms,
  "io.debezium.time.MicroTimestamp": (us) => Math.floor(us / 1e3),
  // A double beyond 2^53 may lie just below the whole number that was written.
  "io.debezium.time.NanoTimestamp": (ns) => Math.floor(Math.round(ns / 1e3) / 1e3),
  "io.debezium.time.Date": (days) => days * 86_400_000,
};

const decimalName = "org.apache.kafka.connect.data.Decimal";
const variableName = "io.debezium.data.VariableScaleDecimal";

function valueOf(schema: Members, value: unknown): unknown {
  if (value === null || value === undefined) return value;
  const { type, name } = schema;
  if (name === decimalName) return decimalOf(schema["parameters"], value);
  if (name === variableName) return variableDecimalOf(value);
  if (typeof name === "string" && typeof value === "number" && Object.hasOwn(times, name)) {
    return new Date(times[name]!(value));
  }
  if (type === "struct") return structOf(schema["fields"], value);
  const { items, values } = schema as { readonly items?: unknown; readonly values?: unknown };
  if (type === "array" && Array.isArray(value) && isMembers(items)) {
    return value.map((item) => valueOf(items, item));
  }
  if (type === "map" && isMembers(value) && isMembers(values)) {
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, valueOf(values, member)]));
  }
  return value;
}

/** Replaces the fields that the schema names, in place: the document is the record's own. */
function structOf(fields: unknown, value: unknown): unknown {
  if (!Array.isArray(fields) || !isMembers(value)) return value;
  const struct = value as Record<string, unknown>;
  for (const field of fields as readonly unknown[]) {
    if (!isMembers(field) || typeof field["field"] !== "string") continue;
    const { field: name } = field as { readonly field: string };
    if (name !== "__proto__" && Object.hasOwn(struct, name)) struct[name] = valueOf(field, struct[name]);
  }
  return struct;
}

/** Connect writes decimals as base64, or as a number with `decimal.format=NUMERIC`. */
function decimalOf(parameters: unknown, value: unknown): unknown {
  if (typeof value !== "string") return value;
  const scale = Number(isMembers(parameters) ? parameters["scale"] : NaN);
  return base64Decimal(value, scale);
}
