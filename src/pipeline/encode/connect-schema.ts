/** Writes the schema of forecast records as Kafka Connect's JsonConverter has it. */
import type { NamedField, OutputField } from "../encode-settings.js";
import { kindOf, type PlainKind } from "./output-schema.js";

/** A schema of Kafka Connect, as JSON. */
export interface ConnectSchema {
  readonly type: string;
  readonly optional: boolean;
  readonly name?: string;
  readonly version?: number;
  readonly field?: string;
  readonly fields?: readonly ConnectSchema[];
  readonly items?: ConnectSchema;
}

const text: ConnectSchema = { type: "string", optional: false };
const double: ConnectSchema = { type: "double", optional: true };
const timestamp: ConnectSchema = {
  type: "int64",
  optional: true,
  name: "org.apache.kafka.connect.data.Timestamp",
  version: 1,
};
export const named = (field: string, schema: ConnectSchema): ConnectSchema => ({ ...schema, field });
export const struct = (...fields: readonly ConnectSchema[]): ConnectSchema => ({
  type: "struct",
  optional: false,
  fields,
});
export const list = (items: ConnectSchema): ConnectSchema => ({ type: "array", optional: false, items });

const intervals = list(
  struct(named("level", { type: "double", optional: false }), named("lower", double), named("upper", double)),
);

/** Schemas of fields that are no list; a number may be missing. */
export const schemas: Readonly<Record<PlainKind, ConnectSchema>> = {
  text,
  "maybe text": { ...text, optional: true },
  "maybe double": double,
  time: { ...timestamp, optional: false },
  "maybe time": timestamp,
  boolean: { type: "boolean", optional: false },
  int: { type: "int32", optional: false },
  "maybe int": { type: "int32", optional: true },
  long: { type: "int64", optional: false },
};

function schemaOf(field: OutputField, hasLevels: boolean): ConnectSchema {
  const kind = kindOf(field);
  if (kind !== "list") return schemas[kind];
  if (field === "intervals") return intervals;
  return list(
    struct(
      named("step", schemas.int),
      named("yhat", double),
      named("yhat_lower", double),
      named("yhat_upper", double),
      ...(hasLevels ? [named("intervals", intervals)] : []),
      named("yhat_time", timestamp),
    ),
  );
}

/**
 * Returns the text before the payload: `{"schema":…,"payload":`.
 *
 * @param hasLevels Whether further steps have intervals of several levels.
 */
export function connectEnvelope(fields: readonly NamedField[], hasLevels: boolean): string {
  return envelopeOf(
    "undercurrent.Forecast",
    struct(...fields.map(({ field, name }) => named(name, schemaOf(field, hasLevels)))),
  );
}

/** Returns the text before a payload of this schema. */
export function envelopeOf(name: string, schema: ConnectSchema): string {
  return `{"schema":${JSON.stringify({ ...schema, name })},"payload":`;
}
