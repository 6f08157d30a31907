/** Declares the settings of the output: format, fields and headers of the forecast records. */
import { z } from "zod";

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

export const encodeSchema = z.strictObject({
  format: z
    .enum(["json", "connect-json"])
    .default("json")
    .describe(
      "Format of a forecast record's value. json: a flat JSON document. connect-json: the same with its schema, as Kafka Connect's JsonConverter reads it; times are timestamps.",
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
      "Headers of a forecast record. input: those of its observation. cloudevents: also the attributes of a CloudEvent in binary mode.",
    ),
});

export type EncodeSettings = z.output<typeof encodeSchema>;

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
