/** Declares the settings of the output: format, fields and headers of the forecast records. */
import { z } from "zod";
import { UndercurrentError } from "../errors/errors.js";

/** Fields of a forecast record, in the order of a record that names none, and then those that are only written by name. */
export const outputFields = [
  "key",
  "time",
  "value",
  "yhat",
  "yhat_lower",
  "yhat_upper",
  "intervals",
  "yhat_time",
  "expected",
  "anomaly_score",
  "model",
  "incident",
  "horizon",
  "expected_lower",
  "expected_upper",
  "alarm",
  "application",
  "topic",
  "partition",
  "offset",
] as const;
export type OutputField = (typeof outputFields)[number];

/** How many of `outputFields` a record has that names none. */
const usual = outputFields.indexOf("horizon") + 1;

/** A name that every format and most tables can take. */
const name = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]{0,99}$/, "A name has 1 to 100 letters, digits or _, and no digit first");

const field = z.union([z.enum(outputFields), z.strictObject({ field: z.enum(outputFields), as: name })], {
  error: `expected {field: ..., as: ...} or one of ${outputFields.join(", ")}`,
});

type Field = z.output<typeof field>;
const nameOf = (chosen: Field): string => (typeof chosen === "string" ? chosen : chosen.as);

const formatSchema = z.enum(["json", "connect-json", "avro", "protobuf", "json-schema"]);
export type OutputFormat = z.output<typeof formatSchema>;

const schemaIdSchema = z.int().min(1).max(0xffff_ffff).optional();

export const encodeSchema = z.strictObject({
  format: formatSchema
    .default("json")
    .describe(
      "Format of a forecast record's value. json: a flat JSON document. connect-json: the same with its schema, as Kafka Connect's JsonConverter reads it; times are timestamps. avro, protobuf, json-schema: Confluent's wire format, whose schema a start registers in schemaRegistry.",
    ),
  subject: z
    .string()
    .min(1)
    .optional()
    .describe(
      "Subject under which the schema of avro, protobuf or json-schema is registered. Default: the forecasts topic with -value behind it.",
    ),
  schemaId: schemaIdSchema.describe(
    "Id of the schema in the registry, if it is registered otherwise: nothing is asked of the registry then. Default: the id under which a start registers it.",
  ),
  fields: z
    .array(field)
    .max(outputFields.length)
    .refine((fields) => new Set(fields.map(nameOf)).size === fields.length, {
      message: "two fields have the same name",
    })
    .default([])
    .describe(
      `Fields of a forecast record in their order, each as a name or as {field: yhat, as: forecast}. Fields: ${outputFields.join(", ")}. Empty: the first ${usual}, of which intervals need several model.intervalLevels and horizon a model.horizon above 1.`,
    ),
  headers: z
    .enum(["input", "cloudevents"])
    .default("input")
    .describe(
      "Headers of a record of forecasts or incidents. input: those of its observation. cloudevents: also the attributes of a CloudEvent in binary mode.",
    ),
  incidents: z
    .strictObject({
      format: formatSchema
        .optional()
        .describe("Format of an incident record's value, as encode.format. Default: that of the forecasts."),
      subject: z
        .string()
        .min(1)
        .optional()
        .describe("Subject of the incidents' schema. Default: the incidents topic with -value behind it."),
      schemaId: schemaIdSchema.describe(
        "Id of the incidents' schema in the registry, if it is registered otherwise. Default: the id under which a start registers it. A program without it writes incidents as flat JSON.",
      ),
    })
    .prefault({})
    .describe("Format of the records of topics.incidents."),
});

export type EncodeSettings = z.output<typeof encodeSchema>;

/** Format of the records of incidents, and the id of their schema. */
export interface IncidentEncoding {
  readonly format: OutputFormat;
  readonly schemaId?: number | undefined;
}

/** Returns the format of incidents: that of the forecasts, unless the settings name another one. */
export function incidentEncoding({
  format,
  incidents,
}: Pick<EncodeSettings, "format" | "incidents">): IncidentEncoding {
  return { format: incidents.format ?? format, schemaId: incidents.schemaId };
}

/** Returns the settings with incidents in flat JSON, for what derives them without writing them. */
export function withJsonIncidents(encode: EncodeSettings): EncodeSettings {
  return { ...encode, incidents: { format: "json" } };
}

/** A field of the output and its name there. */
export interface NamedField {
  readonly field: OutputField;
  readonly name: string;
}

/** Returns the fields of a record with their names. */
export function namedFields({ fields }: Pick<EncodeSettings, "fields">): readonly NamedField[] {
  const chosen: readonly Field[] = fields.length > 0 ? fields : outputFields.slice(0, usual);
  return chosen.map((each) => ({ field: typeof each === "string" ? each : each.field, name: nameOf(each) }));
}

/** Which lists the forecasts of a model have. */
export interface OutputShape {
  /** Several `model.intervalLevels`. */
  readonly hasIntervals: boolean;
  /** A `model.horizon` above 1. */
  readonly hasHorizon: boolean;
}

/**
 * Returns the fields of the records of a model with their names. Throws SETTING_INVALID where a field is chosen that the model
 * does not have.
 */
export function fieldsOf(
  settings: EncodeSettings,
  { hasIntervals, hasHorizon }: OutputShape,
): readonly NamedField[] {
  const isThere = ({ field }: NamedField): boolean =>
    (field !== "intervals" || hasIntervals) && (field !== "horizon" || hasHorizon);
  const fields = namedFields(settings);
  const missing = settings.fields.length > 0 ? fields.find((field) => !isThere(field)) : undefined;
  if (missing === undefined) return fields.filter(isThere);
  const needs = missing.field === "horizon" ? "a model.horizon above 1" : "several model.intervalLevels";
  throw new UndercurrentError("SETTING_INVALID", `encode.fields: ${missing.field} needs ${needs}`);
}

/** Whether records have a schema in a registry. */
export function hasRegisteredSchema({ format }: Pick<EncodeSettings, "format">): boolean {
  return format === "avro" || format === "protobuf" || format === "json-schema";
}
