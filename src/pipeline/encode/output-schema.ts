/** Writes the schema of forecast records for a registry: Avro, Protobuf or JSON Schema. */
import {
  fieldsOf,
  outputFields,
  type EncodeSettings,
  type NamedField,
  type OutputField,
  type OutputShape,
} from "../encode-settings.js";

/** What a field holds. `maybe` may be missing. */
export type Kind =
  | "text"
  | "maybe text"
  | "maybe double"
  | "time"
  | "maybe time"
  | "boolean"
  | "int"
  | "maybe int"
  | "long"
  | "list";
/** A field that is no list. */
export type PlainKind = Exclude<Kind, "list">;

/** Returns what a field holds. */
export function kindOf(field: OutputField): Kind {
  switch (field) {
    case "key":
    case "model":
    case "application":
    case "topic":
      return "text";
    case "incident":
      return "maybe text";
    case "time":
      return "time";
    case "yhat_time":
      return "maybe time";
    case "alarm":
      return "boolean";
    case "partition":
      return "int";
    case "offset":
      return "long";
    case "intervals":
    case "horizon":
      return "list";
    case "value":
    case "yhat":
    case "yhat_lower":
    case "yhat_upper":
    case "expected":
    case "expected_lower":
    case "expected_upper":
    case "anomaly_score":
      return "maybe double";
  }
}

/** Returns the number of a field in Protobuf, which does not depend on the other fields. */
export function numberOf(field: OutputField): number {
  return outputFields.indexOf(field) + 1;
}

/** A schema as a registry takes it. */
export interface OutputSchema {
  readonly schemaType: "AVRO" | "PROTOBUF" | "JSON";
  readonly schema: string;
}

/**
 * Returns the schema of forecast records.
 *
 * @param settings With the format avro, protobuf or json-schema.
 * @param shape Lists that the model has.
 */
export function outputSchema(settings: EncodeSettings, shape: OutputShape): OutputSchema {
  const fields = fieldsOf(settings, shape);
  switch (settings.format) {
    case "avro":
      return { schemaType: "AVRO", schema: JSON.stringify(avroSchema(fields, shape)) };
    case "protobuf":
      return { schemaType: "PROTOBUF", schema: protobufSchema(fields, shape) };
    case "json":
    case "connect-json":
    case "json-schema":
      return { schemaType: "JSON", schema: JSON.stringify(jsonSchema(fields, shape)) };
  }
}

const avroTime = { type: "long", logicalType: "timestamp-millis" };
const optional = (type: unknown): object => ({ type: ["null", type], default: null });
export const avroTypes: Readonly<Record<PlainKind, object>> = {
  text: { type: "string" },
  "maybe text": optional("string"),
  "maybe double": optional("double"),
  time: { type: avroTime },
  "maybe time": optional(avroTime),
  boolean: { type: "boolean" },
  int: { type: "int" },
  "maybe int": optional("int"),
  long: { type: "long" },
};

function avroSchema(fields: readonly NamedField[], { hasIntervals }: OutputShape): object {
  const interval = {
    type: "record",
    name: "Interval",
    fields: [
      { name: "level", type: "double" },
      { name: "lower", ...avroTypes["maybe double"] },
      { name: "upper", ...avroTypes["maybe double"] },
    ],
  };
  let isDeclared = false;
  // A named type is declared where it is first used.
  const intervals = (): object => {
    const items = isDeclared ? "Interval" : interval;
    isDeclared = true;
    return { type: { type: "array", items } };
  };
  const steps = (): object => ({
    type: {
      type: "array",
      items: {
        type: "record",
        name: "Step",
        fields: [
          { name: "step", type: "int" },
          ...["yhat", "yhat_lower", "yhat_upper"].map((name) => ({ name, ...avroTypes["maybe double"] })),
          ...(hasIntervals ? [{ name: "intervals", ...intervals() }] : []),
          { name: "yhat_time", ...avroTypes["maybe time"] },
        ],
      },
    },
  });
  const typeOf = (field: OutputField): object => {
    const kind = kindOf(field);
    if (kind !== "list") return avroTypes[kind];
    return field === "intervals" ? intervals() : steps();
  };
  return {
    type: "record",
    name: "Forecast",
    namespace: "undercurrent",
    fields: fields.map(({ field, name }) => ({ name, ...typeOf(field) })),
  };
}

export const protobufTypes: Readonly<Record<PlainKind, string>> = {
  text: "string",
  "maybe text": "optional string",
  "maybe double": "optional double",
  time: "google.protobuf.Timestamp",
  "maybe time": "google.protobuf.Timestamp",
  boolean: "bool",
  int: "int32",
  "maybe int": "optional int32",
  long: "int64",
};

function protobufSchema(fields: readonly NamedField[], { hasIntervals }: OutputShape): string {
  const lists = { intervals: "repeated Interval", horizon: "repeated Step" } as const;
  const typeOf = (field: OutputField): string => {
    const kind = kindOf(field);
    return kind === "list" ? lists[field as keyof typeof lists] : protobufTypes[kind];
  };
  const has = (name: OutputField): boolean => fields.some(({ field }) => field === name);
  return [
    'syntax = "proto3";',
    "package undercurrent;",
    'import "google/protobuf/timestamp.proto";',
    "message Forecast {",
    ...fields.map(({ field, name }) => `  ${typeOf(field)} ${name} = ${numberOf(field)};`),
    "}",
    ...(has("intervals") || (has("horizon") && hasIntervals)
      ? [
          "message Interval {",
          "  double level = 1;",
          "  optional double lower = 2;",
          "  optional double upper = 3;",
          "}",
        ]
      : []),
    ...(has("horizon")
      ? [
          "message Step {",
          "  int32 step = 1;",
          "  optional double yhat = 2;",
          "  optional double yhat_lower = 3;",
          "  optional double yhat_upper = 4;",
          ...(hasIntervals ? ["  repeated Interval intervals = 5;"] : []),
          "  google.protobuf.Timestamp yhat_time = 6;",
          "}",
        ]
      : []),
    "",
  ].join("\n");
}

/** Version of JSON Schema. */
export const draft = "http://json-schema.org/draft-07/schema#";
const jsonTime = { type: "string", format: "date-time" };
export const jsonTypes: Readonly<Record<PlainKind, object>> = {
  text: { type: "string" },
  "maybe text": { type: ["string", "null"] },
  "maybe double": { type: ["number", "null"] },
  time: jsonTime,
  "maybe time": { ...jsonTime, type: ["string", "null"] },
  boolean: { type: "boolean" },
  int: { type: "integer" },
  "maybe int": { type: ["integer", "null"] },
  long: { type: "integer" },
};

function jsonSchema(fields: readonly NamedField[], { hasIntervals }: OutputShape): object {
  const object = (properties: object): object => ({ type: "object", properties });
  const double = jsonTypes["maybe double"];
  const intervals = {
    type: "array",
    items: object({ level: { type: "number" }, lower: double, upper: double }),
  };
  const steps = {
    type: "array",
    items: object({
      step: { type: "integer" },
      ...{ yhat: double, yhat_lower: double, yhat_upper: double },
      ...(hasIntervals && { intervals }),
      yhat_time: jsonTypes["maybe time"],
    }),
  };
  const typeOf = (field: OutputField): object => {
    const kind = kindOf(field);
    if (kind !== "list") return jsonTypes[kind];
    return field === "intervals" ? intervals : steps;
  };
  return {
    $schema: draft,
    title: "Forecast",
    ...object(Object.fromEntries(fields.map(({ field, name }) => [name, typeOf(field)]))),
  };
}
