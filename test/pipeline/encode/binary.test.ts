import avro from "avsc";
import fc from "fast-check";
import protobuf from "protobufjs";
import { describe, expect, test } from "vitest";
import type { z } from "zod";
import { avroReader } from "../../../src/adapters/schemas/avro/reader.js";
import { loadProtobuf, ProtobufSchema } from "../../../src/adapters/schemas/protobuf.js";
import { forecastColumns, type ForecastColumns } from "../../../src/forecast/columns.js";
import { encodeSchema, outputFields, type EncodeSettings } from "../../../src/pipeline/encode-settings.js";
import { BinaryMessages } from "../../../src/pipeline/encode/binary/binary-messages.js";
import { FieldMessages } from "../../../src/pipeline/encode/field-messages.js";
import { JsonText } from "../../../src/pipeline/encode/json-text.js";
import type { MessageWriter } from "../../../src/pipeline/encode/message.js";
import { outputSchema } from "../../../src/pipeline/encode/output-schema.js";

const origin = { topic: "readings", partition: 3 };
const modelName = (version: number): string => `lstm32@${version}`;
const settings = (given: z.input<typeof encodeSchema>): EncodeSettings => encodeSchema.parse(given);

interface Row {
  readonly columns: ForecastColumns;
  readonly key: string;
  readonly offset: number;
}

const numbers = fc.array(fc.oneof(fc.double(), fc.constant(NaN), fc.constant(0)), {
  minLength: 40,
  maxLength: 40,
});
// avsc rounds longs beyond 2^52, and steps are later.
const times = fc.integer({ min: -(2 ** 48), max: 2 ** 48 });
const rows = fc
  .record({
    key: fc.string({ unit: "grapheme", minLength: 1, maxLength: 200 }),
    values: numbers,
    horizon: fc.integer({ min: 1, max: 3 }),
    levels: fc.constantFrom([], [0.9, 0.5]),
    time: times,
    due: fc.option(times, { nil: NaN }),
    incident: fc.option(fc.nat(), { nil: NaN }),
    offset: fc.integer({ min: 0, max: 2 ** 51 }),
  })
  .map(({ key, values, horizon, levels, time, due, incident, offset }): Row => {
    const columns = forecastColumns(1, horizon, levels);
    let next = 0;
    for (const group of [columns, columns.steps, columns.intervals])
      for (const column of Object.values(group) as unknown[])
        if (column instanceof Float64Array)
          for (let i = 0; i < column.length; i++) column[i] = values[next++ % 40]!;
    columns.times.fill(time);
    columns.yhatTime.fill(due);
    columns.incident.fill(incident);
    columns.version.fill(7);
    return { columns, key, offset };
  });

/** All fields that the row has, in an order of their own. */
const fieldsOf = ({ columns }: Row): EncodeSettings["fields"] =>
  [...outputFields].reverse().filter((field) => {
    if (field === "horizon") return columns.steps.horizon > 1;
    return field !== "intervals" || columns.intervals.levels.length > 0;
  });

function written(format: EncodeSettings["format"], row: Row): { bytes: Buffer; schema: string } {
  const encode = settings({ format, fields: fieldsOf(row), schemaId: 70_000 });
  const { horizon } = row.columns.steps;
  const levels = Math.max(1, row.columns.intervals.levels.length);
  const source = { application: "pumps", origin, modelName, horizon, levels };
  const isBinary = format === "avro" || format === "protobuf";
  const messages: MessageWriter = new (isBinary ? BinaryMessages : FieldMessages)(encode, source);
  messages.write(row.columns, 0, () => row.key, row.offset);
  const { schema } = outputSchema(encode, { hasIntervals: levels > 1, hasHorizon: horizon > 1 });
  return { bytes: JsonText.shared().take(), schema };
}

/** The same row as JSON, with times as epoch milliseconds and -0 as JSON has it. */
function asJson(row: Row): Record<string, unknown> {
  const { bytes } = written("json-schema", row);
  expect([...bytes.subarray(0, 5)]).toEqual([0, 0, 1, 17, 112]);
  return JSON.parse(bytes.subarray(5).toString(), (name, value: unknown) =>
    name.endsWith("time") && typeof value === "string" ? Date.parse(value) : value,
  ) as Record<string, unknown>;
}

const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value)) as unknown;

describe("a forecast record", () => {
  test("in Avro holds what it does in JSON, as avsc reads it", () => {
    fc.assert(
      fc.property(rows, (row) => {
        const { bytes, schema } = written("avro", row);
        expect([...bytes.subarray(0, 5)]).toEqual([0, 0, 1, 17, 112]);
        const type = avro.Type.forSchema(JSON.parse(schema) as avro.Schema);
        expect(plain(type.fromBuffer(bytes.subarray(5)))).toEqual(asJson(row));
      }),
      { numRuns: 150 },
    );
  });

  test("in Protobuf holds what it does in JSON, as protobufjs reads it", () => {
    const toMilliseconds = ({ seconds = 0, nanos = 0 }: { seconds?: number; nanos?: number }): number =>
      1000 * seconds + nanos / 1e6;
    fc.assert(
      fc.property(rows, (row) => {
        const { bytes, schema } = written("protobuf", row);
        expect([...bytes.subarray(0, 6)]).toEqual([0, 0, 1, 17, 112, 0]);
        const root = new protobuf.Root();
        root.addJSON(protobuf.common.get("google/protobuf/timestamp.proto")!.nested!);
        protobuf.parse(schema, root, { keepCase: true });
        const type = root.lookupType("undercurrent.Forecast");
        const message = type.decode(bytes.subarray(6));
        // Numbers that are missing are absent; defaults of plain fields are filled in.
        const read = plain(type.toObject(message, { longs: Number, arrays: true })) as object;
        const found = JSON.parse(JSON.stringify(read), (name, value: unknown) =>
          name.endsWith("time") && typeof value === "object" ? toMilliseconds(value!) : value,
        ) as object;
        const expected = JSON.parse(JSON.stringify(asJson(row)), (_, value: unknown) =>
          value === null ? undefined : value,
        ) as Record<string, unknown>;
        const defaults = { alarm: false, offset: 0 };
        expect({ ...defaults, ...found }).toEqual({ ...defaults, ...expected });
      }),
      { numRuns: 150 },
    );
  });

  test("has times up to the ends of their range", async () => {
    const columns = forecastColumns(1);
    for (const time of [-8.64e15, 8.64e15, -1, 0, 999, -999]) {
      columns.times.fill(time);
      columns.yhatTime.fill(time);
      const row = { columns, key: "k", offset: 2 ** 53 - 1 };
      const { bytes, schema } = written("avro", row);
      const { time: at, offset } = avroReader(JSON.parse(schema))(bytes, 5) as { time: Date; offset: number };
      expect([at.getTime(), offset]).toEqual([time, 2 ** 53 - 1]);
      const { bytes: message, schema: proto } = written("protobuf", row);
      const read = new ProtobufSchema(await loadProtobuf(), { schema: proto, imports: [] }).reader(
        "undercurrent.Forecast",
      );
      expect((read(message, 6) as { time: Date }).time.getTime()).toBe(time);
    }
  });

  test("keeps the number of a field in Protobuf, whatever the other fields", () => {
    const shape = { hasIntervals: false, hasHorizon: false };
    const one = outputSchema(
      settings({ format: "protobuf", fields: [{ field: "yhat", as: "forecast" }] }),
      shape,
    );
    expect(one.schema).toContain("optional double forecast = 4;");
    expect(outputSchema(settings({ format: "protobuf" }), shape).schema).toContain(
      "optional double yhat = 4;",
    );
  });

  test("has a schema of its own kind in each format", () => {
    const shape = { hasIntervals: false, hasHorizon: false };
    const kindOf = (format: EncodeSettings["format"]): string => {
      const { schemaType, schema } = outputSchema(settings({ format }), shape);
      expect(schema).toContain("yhat");
      return schemaType;
    };
    const formats = ["avro", "protobuf", "json", "connect-json", "json-schema"] as const;
    expect(formats.map(kindOf)).toEqual(["AVRO", "PROTOBUF", "JSON", "JSON", "JSON"]);
  });

  test("needs the id of its schema, and a field that the model has", () => {
    const source = { application: "pumps", origin, modelName, horizon: 1, levels: 1 };
    expect(() => new BinaryMessages(settings({ format: "avro" }), source)).toThrow("needs encode.schemaId");
    expect(() => new FieldMessages(settings({ format: "json-schema" }), source)).toThrow(
      "needs encode.schemaId",
    );
    const steps = settings({ format: "avro", schemaId: 1, fields: ["horizon"] });
    expect(() => new BinaryMessages(steps, source)).toThrow("horizon needs a model.horizon above 1");
  });
});
