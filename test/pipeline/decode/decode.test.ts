import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { UndercurrentError } from "../../../src/errors/errors.js";
import { deadLetter } from "../../../src/pipeline/decode/dead-letter.js";
import { decoder } from "../../../src/pipeline/decode/decode.js";
import { modelSettings, pipelineSettings, type PipelineOptions } from "../../../src/pipeline/settings.js";
import { bytes, header, jsonRecord, start } from "../records.js";

const decode = (options: PipelineOptions["decode"] = {}): ReturnType<typeof decoder> =>
  decoder(pipelineSettings({ decode: options }).decode);
const failing = (code: string, message: RegExp): Error =>
  expect.objectContaining({ code, message: expect.stringMatching(message) as unknown }) as Error;

describe("a decoder", () => {
  test("takes the key and the time from the record, and the value from the JSON document", () => {
    const record = jsonRecord(7, "pump-7", { value: 41.2, site: "A" }, start);
    expect(decode()(record)).toEqual({
      key: "pump-7",
      time: start,
      value: 41.2,
      features: [],
      document: { value: 41.2, site: "A" },
      record,
    });
  });

  test("follows paths, through arrays and names with dots", () => {
    const record = jsonRecord(0, "ignored", {
      sensor: { id: 12 },
      at: "2026-03-01T10:00:05Z",
      "values.raw": [null, 3.5],
    });
    const reading = decode({ key: "sensor.id", time: "at", value: { path: ["values.raw", "1"] } })(record);
    expect(reading).toMatchObject({ key: "12", time: Date.UTC(2026, 2, 1, 10, 0, 5), value: 3.5 });
  });

  test("takes a document that is the value itself", () => {
    expect(decode({ value: "" })(jsonRecord(0, "a", 4.5)).value).toBe(4.5);
  });

  test("tells a missing value from one that is not there", () => {
    expect(decode()(jsonRecord(0, "a", { value: null })).value).toBeNaN();
    expect(() => decode()(jsonRecord(0, "a", { valeu: 1 }))).toThrow(
      failing("VALUE_NOT_A_NUMBER", /no value at the path "value"/),
    );
  });

  test("refuses a value that is longer than what is read, whatever it says", () => {
    const record = { ...jsonRecord(0, "a", 1), value: bytes('{"value":1}') };
    expect(decode({ maxValueBytes: 11 })(record).value).toBe(1);
    expect(() => decode({ maxValueBytes: 10 })(record)).toThrow(
      failing("RECORD_UNREADABLE", /has 11 bytes, expected at most 10 \(decode.maxValueBytes\)/),
    );
  });

  test("reads features at their paths; null, or nothing there, is missing", () => {
    const features = ["outside", "load.kW", { path: ["wind.speed"] }, "off"];
    const record = jsonRecord(0, "a", { value: 1, outside: -3.5, load: { kW: 12 }, off: null });
    expect(decode({ features })(record).features).toEqual([-3.5, 12, NaN, NaN]);
  });

  test("names the path of a feature that is no number, or out of range", () => {
    const read = decode({ features: ["outside", "load.kW"] });
    expect(() => read(jsonRecord(0, "a", { value: 1, load: { kW: "12" } }))).toThrow(
      failing(
        "VALUE_NOT_A_NUMBER",
        /^the feature at "load.kW" is the text "12"; decode\.numbersInText: true reads numbers in texts$/,
      ),
    );
    expect(() => read(jsonRecord(0, "a", { value: 1, outside: 1e31 }))).toThrow(
      failing("VALUE_OUT_OF_RANGE", /^the feature at "outside" is 1e\+31$/),
    );
  });

  test("follows own properties only", () => {
    expect(() => decode({ value: "__proto__.x" })(jsonRecord(0, "a", {}))).toThrow(
      failing("VALUE_NOT_A_NUMBER", /no value at the path "__proto__\.x"/),
    );
    expect(() => decode({ value: "length" })(jsonRecord(0, "a", "text"))).toThrow(
      failing("VALUE_NOT_A_NUMBER", /no value at the path "length"/),
    );
  });

  test.each(["41.25", " -1e3\n", "+.5", "7.", "0", "NaN", " NaN\n"])("reads the number %j", (text) => {
    const record = { ...jsonRecord(0, "a", 0), value: bytes(text) };
    expect(decode({ format: "number" })(record).value).toBe(Number(text));
  });

  test.each(["", " ", "0x1f", "1,5", "1 2", "Infinity", "null"])("takes no number from %j", (text) => {
    const record = { ...jsonRecord(0, "a", 0), value: bytes(text) };
    expect(() => decode({ format: "number" })(record)).toThrow(
      failing("VALUE_NOT_A_NUMBER", /^the record.s value is the text/),
    );
  });

  test("gives up soon on a long text that is almost a number", () => {
    const record = { ...jsonRecord(0, "a", 0), value: bytes("1".repeat(1_000_000) + "x") };
    expect(() => decode({ format: "number" })(record)).toThrow(
      failing("VALUE_NOT_A_NUMBER", /^the record.s value is the text/),
    );
  });

  test("refuses paths into what is not JSON", () => {
    expect(() => decode({ format: "number", key: "id" })).toThrow(failing("SETTING_INVALID", /path/));
  });

  test.each([
    ["a tombstone", { value: null }, "RECORD_UNREADABLE", /no value .*decode\.tombstones: skip/],
    ["bytes that are not UTF-8", { value: Uint8Array.of(0x22, 0xff, 0x22) }, "RECORD_UNREADABLE", /UTF-8/],
    ["text that is no JSON", { value: bytes("{") }, "RECORD_UNREADABLE", /not JSON/],
    ["no key", { key: null }, "KEY_INVALID", /no key/],
    ["an empty key", { key: bytes("") }, "KEY_INVALID", /empty/],
    ["a key that is not UTF-8", { key: Uint8Array.of(0xc0, 0x80) }, "KEY_INVALID", /UTF-8/],
    ["a long key", { key: bytes("x".repeat(2000)) }, "KEY_INVALID", /2000/],
    ["no timestamp", { timestamp: -1 }, "TIME_INVALID", /no timestamp/],
    ["text for a value", { value: bytes('{"value":"1"}') }, "VALUE_NOT_A_NUMBER", /text/],
    ["a huge value", { value: bytes('{"value":1e999}') }, "VALUE_OUT_OF_RANGE", /Infinity/],
  ] as const)("refuses %s", (_, part, code, message) => {
    expect(() => decode()({ ...jsonRecord(0, "a", { value: 1 }), ...part })).toThrow(failing(code, message));
  });

  test("skips a tombstone on request", () => {
    const tombstone = { ...jsonRecord(0, "a", 0), value: null };
    expect(() => decode({ tombstones: "skip" })(tombstone)).toThrow(failing("RECORD_SKIPPED", /no value/));
  });

  test("refuses a record without a key whose key has a format", () => {
    const record = { ...jsonRecord(0, "a", { value: 1 }), key: null };
    for (const keyFormat of ["json", "int32", "int64"] as const)
      expect(() => decode({ keyFormat })(record)).toThrow(failing("KEY_INVALID", /no key/));
  });

  test("refuses a number for a key that its neighbours would share", () => {
    const record = { ...jsonRecord(0, "a", 0), value: bytes('{"id":9007199254740993,"value":1}') };
    expect(() => decode({ key: "id" })(record)).toThrow(failing("KEY_INVALID", /beyond 2\^53/));
  });

  test("refuses any bytes it cannot read with a code, and never otherwise", () => {
    const part = fc.option(fc.oneof(fc.uint8Array(), fc.json().map(bytes), fc.string().map(bytes)));
    const options = fc.constantFrom<PipelineOptions["decode"]>(
      {},
      { format: "number" },
      { key: "a", time: "b", value: "c.d" },
      { value: "" },
    );
    fc.assert(
      fc.property(part, part, fc.integer(), options, (key, value, timestamp, decodeOptions) => {
        try {
          const reading = decode(decodeOptions)({ offset: 0, key, value, headers: [], timestamp });
          expect(reading.key.length).toBeGreaterThan(0);
          expect(Number.isFinite(reading.time)).toBe(true);
          expect(Math.abs(reading.value)).not.toBe(Infinity);
        } catch (error) {
          expect(error).toBeInstanceOf(UndercurrentError);
        }
      }),
    );
  });
});

test("a dead letter keeps every byte and says why and where", () => {
  const record = {
    ...jsonRecord(42, "a", 0),
    key: Uint8Array.of(0, 255),
    value: Uint8Array.of(254),
    headers: [{ name: "trace", value: Uint8Array.of(1) }],
  };
  const error = new UndercurrentError("KEY_INVALID", "the key is ü");
  const letter = deadLetter(record, { topic: "readings", partition: 3 }, [{ series: "", error }]);
  expect(letter).toMatchObject({ key: record.key, value: record.value, timestamp: record.timestamp });
  expect(letter.headers[0]).toBe(record.headers[0]);
  expect(letter.headers.map(({ name }) => name)).toEqual([
    "trace",
    "undercurrent-code",
    "undercurrent-reason",
    "undercurrent-topic",
    "undercurrent-partition",
    "undercurrent-offset",
  ]);
  expect(header(letter, "undercurrent-code")).toBe("KEY_INVALID");
  expect(header(letter, "undercurrent-reason")).toBe("the key is ü");
  expect(header(letter, "undercurrent-topic")).toBe("readings");
  expect(header(letter, "undercurrent-partition")).toBe("3");
  expect(header(letter, "undercurrent-offset")).toBe("42");
});

describe("the settings of a pipeline's forecaster", () => {
  const { decode: plain } = pipelineSettings();
  const { decode: two } = pipelineSettings({ decode: { features: ["a", "b"] } });

  test("take a feature for each path", () => {
    expect(modelSettings({}, plain).featureCount).toBe(0);
    expect(modelSettings({}, two).featureCount).toBe(2);
    expect(modelSettings({ featureCount: 2 }, two).featureCount).toBe(2);
  });

  test("take features that an operator fills in, where there are no paths", () => {
    expect(modelSettings({ featureCount: 3 }, plain).featureCount).toBe(3);
  });

  test("refuse two different numbers of features, and paths into what is no JSON", () => {
    expect(() => modelSettings({ featureCount: 3 }, two)).toThrow(
      failing("SETTING_INVALID", /featureCount: expected 2, .* found 3/),
    );
    expect(() => decode({ format: "number", features: ["a"] })).toThrow(
      failing("SETTING_INVALID", /features require a format with fields/),
    );
  });
});

describe("a path", () => {
  test("of a value is no list: the error says what to write instead", () => {
    const list = { value: ["temp", "hum"] } as unknown as PipelineOptions["decode"];
    expect(() => pipelineSettings({ decode: list })).toThrow(
      expect.objectContaining({
        code: "SETTING_INVALID",
        message: expect.stringMatching(
          /^decode\.value: a list is not a path: .*\{path: \[outer, inner\]\}/,
        ) as string,
      }),
    );
  });

  test("is no list among the features either, and has no other form", () => {
    const inner = { features: [["a", "b"]] } as unknown as PipelineOptions["decode"];
    expect(() => pipelineSettings({ decode: inner })).toThrow(/^decode\.features\.0: a list is not a path/);
    for (const value of [1, null, {}, { path: "a" }, { path: [1] }, { path: ["a"], more: 1 }]) {
      const wrong = { value } as unknown as PipelineOptions["decode"];
      expect(() => pipelineSettings({ decode: wrong })).toThrow(/^decode\.value/);
    }
  });

  test("of several names leads where the dotted one does, and through names with a dot", () => {
    const record = { ...jsonRecord(0, "a", 1), value: bytes('{"a":{"b":1,"b.c":2},"a.b":3}') };
    expect(decode({ value: "a.b" })(record).value).toBe(1);
    expect(decode({ value: { path: ["a", "b"] } })(record).value).toBe(1);
    expect(decode({ value: { path: ["a", "b.c"] } })(record).value).toBe(2);
    expect(decode({ value: { path: ["a.b"] } })(record).value).toBe(3);
  });
});
