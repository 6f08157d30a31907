/** JSON with schema and payload of Kafka Connect, and decimals in base64. */
import { describe, expect, test } from "vitest";
import { recordDecoder, type Decoded } from "../../../../src/pipeline/decode/decode.js";
import { connectPayload } from "../../../../src/pipeline/decode/formats/connect-json.js";
import { pipelineSettings, type PipelineOptions } from "../../../../src/pipeline/settings.js";
import { bytes, jsonRecord, start } from "../../records.js";

type Decode = NonNullable<PipelineOptions["decode"]>;
const read = (decode: Decode, value: unknown, key = "k"): Decoded =>
  recordDecoder(pipelineSettings({ decode }).decode)(jsonRecord(0, key, value));

const decimal = { type: "bytes", name: "org.apache.kafka.connect.data.Decimal", parameters: { scale: "2" } };
const variable = {
  type: "struct",
  name: "io.debezium.data.VariableScaleDecimal",
  fields: [
    { type: "int32", field: "scale" },
    { type: "bytes", field: "value" },
  ],
};
const int64 = (name: string): object => ({ type: "int64", name });

describe("the payload of Kafka Connect's JSON", () => {
  test.each([
    [decimal, "BNI=", 12.34],
    [decimal, "/w==", -0.01],
    [decimal, 12.34, 12.34],
    [decimal, null, null],
    [variable, { scale: 3, value: "BNI=" }, 1.234],
    [int64("org.apache.kafka.connect.data.Timestamp"), start, new Date(start)],
    [int64("io.debezium.time.Timestamp"), start, new Date(start)],
    [int64("io.debezium.time.MicroTimestamp"), start * 1e3 + 7, new Date(start)],
    [int64("io.debezium.time.NanoTimestamp"), start * 1e6, new Date(start)],
    [{ type: "int32", name: "io.debezium.time.Date" }, 20_000, new Date(20_000 * 86_400_000)],
    [
      { type: "string", name: "io.debezium.time.ZonedTimestamp" },
      "2026-03-01T00:00:00Z",
      "2026-03-01T00:00:00Z",
    ],
    [int64("another"), 7, 7],
    [{ type: "array", items: decimal }, ["BNI=", null], [12.34, null]],
    [{ type: "map", keys: { type: "string" }, values: decimal }, { a: "BNI=" }, { a: 12.34 }],
    [
      {
        type: "struct",
        fields: [
          { ...decimal, field: "x" },
          { ...decimal, field: "y" },
        ],
      },
      { x: "BNI=", z: 1 },
      { x: 12.34, z: 1 },
    ],
    [null, { a: 1 }, { a: 1 }],
    ["no schema", { a: 1 }, { a: 1 }],
    [{ type: "struct", fields: "none" }, { a: 1 }, { a: 1 }],
  ])("of the schema %j and the value %j", (schema, payload, expected) => {
    expect(connectPayload({ schema, payload })).toEqual(expected);
  });

  test("is the document itself where there is no envelope", () => {
    for (const document of [{ a: 1 }, { payload: 1 }, { schema: 1, payload: 2, more: 3 }, [1], 7, null]) {
      expect(connectPayload(document)).toEqual(document);
    }
  });

  test("refuses decimals that are none, and takes no member __proto__", () => {
    expect(() => connectPayload({ schema: decimal, payload: "?" })).toThrow('the decimal "?" is no base64');
    expect(() => connectPayload({ schema: { ...decimal, parameters: {} }, payload: "BNI=" })).toThrow(
      "has no scale",
    );
    const hostile: unknown = JSON.parse(
      '{"schema":{"type":"struct","fields":[{"field":"__proto__","type":"struct","fields":[]}]},"payload":{"__proto__":{"a":1}}}',
    );
    connectPayload(hostile);
    expect(({} as Record<string, unknown>)["a"]).toBeUndefined();
  });

  test("is read by the paths, and keys of the same kind too", () => {
    const schema = { type: "struct", fields: [{ ...int64("io.debezium.time.MicroTimestamp"), field: "at" }] };
    const decode: Decode = { format: "connect-json", time: "at", keyFormat: "connect-json" };
    const key = JSON.stringify({ schema: { type: "string" }, payload: "pump" });
    expect(read(decode, { schema, payload: { at: start * 1e3, value: 7 } }, key).readings[0]).toMatchObject({
      ...{ key: "pump", time: start, value: 7 },
    });
    const whole: Decode = { format: "connect-json", value: "" };
    expect(read(whole, { schema: decimal, payload: "BNI=" }).readings[0]).toMatchObject({ value: 12.34 });
  });

  test("without anything is a tombstone", () => {
    const none = { schema: null, payload: null };
    expect(() => read({ format: "connect-json" }, none)).toThrow("a tombstone");
    expect(() => read({ format: "connect-json", tombstones: "skip" }, none)).toThrow(
      expect.objectContaining({ code: "RECORD_SKIPPED" }) as Error,
    );
  });
});

describe("decimals that the settings name", () => {
  test("are numbers, also in arrays and with a scale beside them", () => {
    const decimals: Decode["decimals"] = [{ field: "rows.price", scale: 2 }, { field: "rows.amount" }];
    const decode: Decode = { decimals, each: "rows", series: { price: "rows.price", amount: "rows.amount" } };
    const rows = [
      { price: "BNI=", amount: { scale: 1, value: "Cg==" } },
      { price: null, amount: 3 },
    ];
    expect(read(decode, { rows }).readings.map(({ value }) => value)).toEqual([12.34, 1, NaN, 3]);
  });

  test("that are no base64 refuse the record", () => {
    const decode = { value: "v", decimals: [{ field: "v", scale: 2 }] };
    expect(() => read(decode, { v: "12.34" })).toThrow('the decimal "12.34" is no base64');
    expect(read(decode, { v: "BNI=" }).readings[0]!.value).toBe(12.34);
  });

  test("are named by the error of a text that looks like one", () => {
    expect(() => read({}, { value: "BNI=" })).toThrow("decode.decimals");
    expect(() => read({ value: "v" }, { v: "OPEN" })).toThrow(
      /"OPEN"; if it stands for a number, decode.words reads it, such as {OPEN: 1, CLOSED: 0}$/,
    );
    const record = { ...jsonRecord(0, "k", 0), value: bytes('{"value":"AxxB"}') };
    expect(() => recordDecoder(pipelineSettings({}).decode)(record)).toThrow("format: connect-json");
  });
});
