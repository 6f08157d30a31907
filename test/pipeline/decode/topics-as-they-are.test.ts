/** Records of topics that grew: fields with two names, words in place of numbers, and several kinds of records. */
import { describe, expect, test } from "vitest";
import { recordDecoder, type Reading } from "../../../src/pipeline/decode/decode.js";
import { pipelineSettings, type PipelineOptions } from "../../../src/pipeline/settings.js";
import { bytes, jsonRecord } from "../records.js";

type Options = PipelineOptions["decode"];

const decoded = (options: Options, value: unknown, text?: string): readonly Reading[] => {
  const record = jsonRecord(0, "k", value);
  const decode = recordDecoder(pipelineSettings({ decode: options }).decode);
  const { readings, refused } = decode(text === undefined ? record : { ...record, value: bytes(text) });
  for (const { error } of refused) throw error;
  return readings;
};
const read = (options: Options, value: unknown, text?: string): readonly string[] =>
  decoded(options, value, text).map((one) => `${one.key}=${[one.value, ...one.features].join()}`);
const invalid = (options: Options): string => {
  try {
    pipelineSettings({ decode: options });
    return "valid";
  } catch (error) {
    return (error as Error).message;
  }
};

describe("the first of several paths", () => {
  const value = { firstOf: ["temperature", "temp", "payload.t"] };

  test("is the first with something at it, null counting as nothing", () => {
    expect(read({ value }, { temperature: 1 })).toEqual(["k=1"]);
    expect(read({ value }, { temp: 2 })).toEqual(["k=2"]);
    expect(read({ value }, { temperature: null, payload: { t: 3 } })).toEqual(["k=3"]);
    expect(read({ value }, { temp: 2, temperature: 1 })).toEqual(["k=1"]);
    expect(read({ value }, { temperature: 0, temp: 2 })).toEqual(["k=0"]);
    expect(read({ value }, { temp: null })).toEqual(["k=NaN"]);
    expect(read({ value, absent: "missing" }, {})).toEqual(["k=NaN"]);
    expect(() => read({ value }, { t: 1 })).toThrow(
      'no value at the path "temperature" or "temp" or "payload.t" (decode.value)',
    );
  });

  test("gives keys, parts of keys, times and their parts, series and features", () => {
    const options: Options = {
      key: [{ firstOf: ["device", "deviceId"] }, "site"],
      time: { firstOf: ["time", "ts"] },
      timeUnit: "s",
      series: { t: value },
      features: [{ firstOf: ["load", "l"] }],
    };
    const old = { deviceId: "a", site: 1, ts: 1_772_359_205, temp: 1, l: 2 };
    const now = { device: "a", site: 1, time: "2026-03-01T10:00:05Z", temperature: 1, load: 2 };
    for (const record of [old, now]) {
      const [one] = decoded(options, record);
      expect([one?.key, one?.time, one?.value, one?.features]).toEqual(["a/1/t", 1_772_359_205_000, 1, [2]]);
    }
    const parts = { time: [{ firstOf: ["day", "date"] }, "hour"], timeFormat: "yyyy-MM-dd HH:mm" };
    expect(decoded(parts, { date: "2026-03-01", hour: "10:00", value: 1 })[0]!.time).toBe(
      Date.UTC(2026, 2, 1, 10),
    );
    expect(() => decoded(parts, { hour: "10:00", value: 1 })).toThrow('"day" or "date" (decode.time)');
    expect(() => read({ key: { firstOf: ["a", "b"] } }, { value: 1 })).toThrow('"a" or "b" (decode.key)');
  });

  test("leads into items of arrays", () => {
    const options: Options = {
      each: "readings",
      key: { firstOf: ["readings.id", "readings.name"] },
      value: { firstOf: ["readings.v", "v"] },
    };
    expect(read(options, { v: 9, readings: [{ id: "a", v: 1 }, { name: "b" }] })).toEqual(["a=1", "b=9"]);
  });

  test("needs two paths, and a list in its place is refused with what to write", () => {
    expect(invalid({ value: ["temperature", "temp"] as never })).toContain("{firstOf: [new, old]}");
    expect(invalid({ value: { firstOf: ["temperature"] } })).toContain("firstOf");
    expect(invalid({ each: { firstOf: ["a", "b"] } as never })).toContain("each");
    expect(invalid({ format: "number", key: { firstOf: ["a", "b"] } })).toContain("require a format");
  });
});

describe("words that stand for numbers", () => {
  const words = { true: 1, false: 0, open: 1, CLOSED: 0, "half open": 0.5 };

  test("are read in values and features, also as booleans, whatever their case", () => {
    const options = { words, features: ["f"] };
    for (const [given, number] of [
      [true, 1],
      [false, 0],
      ["Open", 1],
      [" closed ", 0],
      ["TRUE", 1],
      ["half open", 0.5],
      [7, 7],
      [null, NaN],
    ] as const) {
      expect(read(options, { value: given, f: given })).toEqual([`k=${number},${number}`]);
    }
    expect(() => read(options, { value: "ajar" })).toThrow('the value is the text "ajar"');
    expect(() => read(options, { value: "1" })).toThrow("decode.numbersInText");
    expect(read({ words, missing: ["unavailable"] }, { value: "unavailable" })).toEqual(["k=NaN"]);
  });

  test("are read in columns of text, in one text, and in the members of an object", () => {
    const columns = { format: "text" as const, columns: ["id", "state"], key: "id", value: "state", words };
    expect(read(columns, null, "door-1,OPEN")).toEqual(["door-1=1"]);
    expect(read({ format: "number", words }, null, "closed\n")).toEqual(["k=0"]);
    expect(read({ series: "", words }, { door: "open", lamp: true, n: 3, name: "x" })).toEqual([
      "k/door=1",
      "k/lamp=1",
      "k/n=3",
    ]);
  });

  test("are named by the error of a boolean and of a word of a known pair", () => {
    expect(() => read({}, { value: true })).toThrow(
      "the value is of type boolean; decode.words: {true: 1, false: 0} reads booleans as numbers",
    );
    expect(() => read({}, { value: "ON" })).toThrow("decode.words reads it, such as {ON: 1, OFF: 0}");
    expect(() => read({}, { value: "closed" })).toThrow("such as {open: 1, closed: 0}");
  });

  test("are refused where a number, a missing value or another case has the same text", () => {
    expect(invalid({ words: { 1: 2 } })).toContain('"1" is no word');
    expect(invalid({ words: { on: 1 }, missing: ["ON"] })).toContain('"on" is in words and in missing');
    expect(invalid({ words: { on: 1, ON: 2 } })).toContain('"ON" stands for 2 and for 1');
    expect(invalid({ words: { on: 1, ON: 1 } })).toBe("valid");
  });
});

describe("records of one kind among others", () => {
  const only = [
    { field: "type", in: ["reading", 7] },
    { field: "meta.ok", in: [true] },
  ];

  test("are read, and the others skipped", () => {
    expect(read({ only }, { type: "reading", meta: { ok: true }, value: 1 })).toEqual(["k=1"]);
    expect(read({ only }, { type: 7, meta: { ok: true }, value: 1 })).toEqual(["k=1"]);
    for (const [record, message] of [
      [{ type: "started", meta: { ok: true } }, '"type" is "started" (decode.only)'],
      [{ meta: { ok: true }, value: 1 }, '"type" is absent (decode.only)'],
      [{ type: "reading", meta: { ok: false }, value: 1 }, '"meta.ok" is false (decode.only)'],
    ] as const) {
      expect(() => read({ only }, record)).toThrow(message);
    }
  });

  test("need a format with fields", () => {
    expect(invalid({ format: "number", only })).toContain("skip, only and features require");
  });
});
