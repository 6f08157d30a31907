import { describe, expect, test } from "vitest";
import { codeOf } from "../../support/code-of.js";
import { recordDecoder, type Decoded } from "../../../src/pipeline/decode/decode.js";
import { decodeWith, type DecodeHook } from "../../../src/pipeline/decode/hook.js";
import type { InputRecord } from "../../../src/pipeline/ports.js";
import { pipelineSettings, type PipelineOptions } from "../../../src/pipeline/settings.js";
import { bytes, start } from "../records.js";

type Decode = NonNullable<PipelineOptions["decode"]>;

const record = (value: string | null, key: string | null = "k"): InputRecord => ({
  offset: 7,
  key: key === null ? null : bytes(key),
  value: value === null ? null : bytes(value),
  headers: [],
  timestamp: start,
});

function decode(settings: Decode, given: InputRecord, hook?: DecodeHook): Decoded {
  const { decode: complete } = pipelineSettings({ decode: settings });
  return recordDecoder(complete, hook && decodeWith(hook))(given);
}

const rows = ({ readings, refused }: Decoded): unknown[] => [
  ...readings.map(({ key, time, value }) => [key, time - start, value]),
  ...refused.map(({ error }) => `${error.code}: ${error.message}`),
];

const asText: DecodeHook = (value) => ({ value: Number(Buffer.from(value).toString()) });

describe("a function reads records", () => {
  test("with the record's key and timestamp where it gives none", () => {
    expect(rows(decode({ format: "module" }, record("41.5"), asText))).toEqual([["k", 0, 41.5]]);
  });

  test("to several readings, of which each is taken or refused by itself", () => {
    const hook: DecodeHook = (_, { offset }) => [
      { key: "a", time: start + 1000, value: offset },
      { key: 17, time: new Date(start), value: null },
      { key: "", value: 1 },
      { value: "x" as unknown as number },
      { key: "b" },
    ];
    expect(rows(decode({ format: "module" }, record("x"), hook))).toEqual([
      ["a", 1000, 7],
      ["17", 0, NaN],
      "KEY_INVALID: the key is empty",
      'VALUE_NOT_A_NUMBER: the value is the text "x"',
      'VALUE_NOT_A_NUMBER: the record has no value at the path "value" (decode.value); the fields are key',
    ]);
  });

  test("whose further fields are found by paths", () => {
    const hook: DecodeHook = () => ({
      site: "north",
      at: start / 1000,
      reading: { celsius: 1, bar: 2 },
      load: 3,
    });
    const settings: Decode = {
      format: "module",
      key: "site",
      time: "at",
      timeUnit: "s",
      series: "reading",
      features: ["load"],
    };
    const decoded = decode(settings, record("x"), hook);
    expect(rows(decoded)).toEqual([
      ["north/celsius", 0, 1],
      ["north/bar", 0, 2],
    ]);
    expect(decoded.readings[0]!.features).toEqual([3]);
  });

  test.each([
    [
      "throws",
      () => {
        throw new Error("no fields in the line");
      },
      "RECORD_UNREADABLE",
      "decode.module: no fields in the line",
    ],
    ["returns nothing", () => undefined, "RECORD_SKIPPED", "decode.module returned no reading"],
    ["returns no readings", () => [], "RECORD_SKIPPED", "decode.module returned no reading"],
    ["returns a number", () => 5, "RECORD_UNREADABLE", "decode.module returned 5, expected readings"],
    [
      "returns a promise",
      () => Promise.resolve({ value: 1 }),
      "RECORD_UNREADABLE",
      "decode.module returned a promise",
    ],
  ])("that %s is a dead letter with the reason, or skipped", (_, hook, code, message) => {
    const read = (): unknown => decode({ format: "module" }, record("x"), hook as unknown as DecodeHook);
    expect(codeOf(read)).toBe(code);
    expect(read).toThrow(message);
  });

  test("and is not called for a record without a value", () => {
    expect(codeOf(() => decode({ format: "module" }, record(null), () => ({ value: 1 })))).toBe(
      "RECORD_UNREADABLE",
    );
  });

  test("must be given", () => {
    expect(() => decode({ format: "module" }, record("x"))).toThrow(
      "decodeWith of undercurrent-forecast/pipeline",
    );
    expect(() => decodeWith(5 as unknown as DecodeHook)).toThrow("expected a function");
  });
});

describe("a line of text", () => {
  const settings: Decode = {
    format: "text",
    columns: ["sensor", "at", "celsius"],
    delimiter: ";",
    key: "sensor",
    time: "at",
    value: "celsius",
  };

  test("has columns, of which the empty ones are missing values", () => {
    const line = (celsius: string): InputRecord =>
      record(`pump-7; ${new Date(start).toISOString()};${celsius}`);
    expect(rows(decode(settings, line("41.5")))).toEqual([["pump-7", 0, 41.5]]);
    expect(rows(decode(settings, line(" ")))).toEqual([["pump-7", 0, NaN]]);
    expect(() => decode(settings, line("hot"))).toThrow('the value is the text "hot"');
    expect(() => decode(settings, line("1;2"))).toThrow("has 4 columns, expected 3 (decode.columns)");
  });

  test("is one text without columns", () => {
    expect(rows(decode({ format: "text", value: "", key: { const: "all" } }, record("12")))).toEqual([
      ["all", 0, 12],
    ]);
    expect(rows(decode({ format: "text", key: "", absent: "missing" }, record("/cart")))).toEqual([
      ["/cart", 0, NaN],
    ]);
  });
});

describe("a key in JSON", () => {
  const keyed = (key: string | null, settings: Decode = {}): unknown[] =>
    rows(decode({ keyFormat: "json", ...settings }, record('{"value":1}', key)));

  test("is a text or whole number, or has fields", () => {
    expect(keyed('"pump-7"')).toEqual([["pump-7", 0, 1]]);
    expect(keyed("17")).toEqual([["17", 0, 1]]);
    const part = { record: "key", path: "payload.id" } as const;
    expect(keyed('{"schema":{},"payload":{"id":7}}', { key: [{ const: "items" }, part] })).toEqual([
      ["items/7", 0, 1],
    ]);
    expect(() => keyed('{"id":7}')).toThrow("the record's key has fields (id): name one in decode.key");
  });

  test.each([null, "pump-7", '{"id"', "null", "[]"])("refuses the key %s", (key) => {
    expect(codeOf(() => keyed(key))).toBe("KEY_INVALID");
  });
});

test.each<[Decode, string]>([
  [{ module: "./decode.mjs" }, "module requires format: module"],
  [{ format: "module", each: "items" }, "each and format: module exclude each other"],
  [{ columns: ["a"] }, "columns requires format: text"],
  [{ format: "text", columns: ["a", "a"] }, "two columns have the same name"],
  [{ keySchemaFile: "a.avsc" }, "keySchemaFile requires keyFormat: avro or protobuf"],
  [{ keyFormat: "avro", keyMessage: "a.B" }, "keyMessage requires keyFormat: protobuf and keySchemaFile"],
  [{ keyFormat: "protobuf", keyMessage: "a.B" }, "keyMessage requires keyFormat: protobuf and keySchemaFile"],
  [{ key: { record: "key", path: "id" } }, "requires keyFormat: json, connect-json, avro or protobuf"],
])("the settings %j are refused", (settings, message) => {
  expect(() => pipelineSettings({ decode: settings })).toThrow(message);
});
