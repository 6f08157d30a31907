/** Writes the schema of forecast records as Kafka Connect's JsonConverter has it. */
import type { NamedField, OutputField } from "../encode-settings.js";

/** A schema of Kafka Connect, as JSON. */
interface ConnectSchema {
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
const named = (field: string, schema: ConnectSchema): ConnectSchema => ({ ...schema, field });
const struct = (...fields: readonly ConnectSchema[]): ConnectSchema => ({
  type: "struct",
  optional: false,
  fields,
});
const list = (items: ConnectSchema): ConnectSchema => ({ type: "array", optional: false, items });

const intervals = list(
  struct(named("level", { type: "double", optional: false }), named("lower", double), named("upper", double)),
);

/** Schemas by field; a number may be missing, and every other field is there. */
function schemaOf(field: OutputField, hasLevels: boolean): ConnectSchema {
  switch (field) {
    case "key":
    case "model":
    case "application":
    case "topic":
      return text;
    case "time":
      return { ...timestamp, optional: false };
    case "yhat_time":
      return timestamp;
    case "incident":
      return { type: "string", optional: true };
    case "alarm":
      return { type: "boolean", optional: false };
    case "partition":
      return { type: "int32", optional: false };
    case "offset":
      return { type: "int64", optional: false };
    case "intervals":
      return intervals;
    case "horizon":
      return list(
        struct(
          named("step", { type: "int32", optional: false }),
          named("yhat", double),
          named("yhat_lower", double),
          named("yhat_upper", double),
          ...(hasLevels ? [named("intervals", intervals)] : []),
          named("yhat_time", timestamp),
        ),
      );
    case "value":
    case "yhat":
    case "yhat_lower":
    case "yhat_upper":
    case "expected":
    case "expected_lower":
    case "expected_upper":
    case "anomaly_score":
      return double;
  }
}

/**
 * Returns the text before the payload: `{"schema":…,"payload":`.
 *
 * @param hasLevels Whether further steps have intervals of several levels.
 */
export function connectEnvelope(fields: readonly NamedField[], hasLevels: boolean): string {
  const schema = {
    ...struct(...fields.map(({ field, name }) => named(name, schemaOf(field, hasLevels)))),
    name: "undercurrent.Forecast",
  };
  return `{"schema":${JSON.stringify(schema)},"payload":`;
}
