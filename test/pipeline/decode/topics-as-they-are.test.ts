/** Records of topics that grew: fields with two names, words, JSON in texts, tables and maps. */
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

describe("JSON in texts", () => {
  const inner = (value: unknown): string => JSON.stringify(value);

  test("is what paths lead through, of every field, in arrays and in other such texts", () => {
    const options: Options = { jsonInText: ["message"], key: "message.id", value: "message.v" };
    expect(read(options, { message: inner({ id: "a", v: 1 }) })).toEqual(["a=1"]);
    expect(read(options, { message: { id: "a", v: 1 } })).toEqual(["a=1"]);
    expect(read({ jsonInText: [""] }, null, inner(inner({ value: 1 })))).toEqual(["k=1"]);
    const twice = { jsonInText: ["log", "log.message"], value: "log.message.v" };
    expect(read(twice, { log: inner({ message: inner({ v: 2 }) }) })).toEqual(["k=2"]);
    const events = { each: "logEvents", jsonInText: ["logEvents.message"], value: "logEvents.message.v" };
    const list = [{ message: inner({ v: 1 }) }, { message: inner({ v: 2 }) }];
    expect(read(events, { logEvents: list })).toEqual(["k=1", "k=2"]);
    const texts = { each: "rows", jsonInText: ["rows"], value: "rows.v" };
    expect(read(texts, { rows: [inner({ v: 1 }), inner({ v: 2 })] })).toEqual(["k=1", "k=2"]);
    const decimals = { ...options, decimals: [{ field: "message.v", scale: 2 }] };
    expect(read(decimals, { message: inner({ id: "a", v: "BNI=" }) })).toEqual(["a=12.34"]);
    expect(read({ jsonInText: ["__proto__"] }, null, '{"__proto__":"{}","value":1}')).toEqual(["k=1"]);
  });

  test("is not looked for in arrays of arrays, however deep they are", () => {
    const deep = `{"x":${"[".repeat(100_000)}${"]".repeat(100_000)},"value":1}`;
    expect(read({ jsonInText: ["x", "x.y"] }, null, deep)).toEqual(["k=1"]);
    expect(read({ decimals: [{ field: "x.y", scale: 2 }] }, null, deep)).toEqual(["k=1"]);
  });

  test("is refused or skipped where the text is none", () => {
    const options: Options = { jsonInText: ["message"], value: "message.v" };
    const message = 'the text at the path "message" is not JSON: "started" (decode.jsonInText)';
    const codeOf = (absent: "reject" | "skip"): unknown => {
      try {
        return read({ ...options, absent }, { message: "started" });
      } catch (error) {
        return [(error as { code?: string }).code, (error as Error).message];
      }
    };
    expect(codeOf("reject")).toEqual(["RECORD_UNREADABLE", message]);
    expect(codeOf("skip")).toEqual(["RECORD_SKIPPED", message]);
  });
});

describe("rows with columns", () => {
  const rows = [
    ["t1", 1, null],
    ["t2", 2, 5],
  ];

  test("are items whose cells have the names of a list, or of the record", () => {
    const options: Options = { each: "rows", key: "rows.id", value: "rows.v", features: ["rows.w"] };
    const expected = ["t1=1,NaN", "t2=2,5"];
    expect(read({ ...options, columns: ["id", "v", "w"] }, { rows })).toEqual(expected);
    const record = { columns: ["id", "v", "w"], rows };
    expect(read({ ...options, columns: "columns" }, record)).toEqual(expected);
    const typed = { columns: [{ name: "id" }, { name: "v", type: "float" }, { name: "w" }], rows };
    expect(read({ ...options, columns: { path: ["columns"] } }, typed)).toEqual(expected);
    const influx = { results: [{ series: [{ name: "s", columns: ["id", "v", "w"], values: rows }] }] };
    const nested: Options = {
      each: "results.series.values",
      columns: "results.series.columns",
      key: ["results.series.name", "results.series.values.id"],
      value: "results.series.values.v",
    };
    expect(read(nested, influx)).toEqual(["s/t1=1", "s/t2=2"]);
    expect(read({ ...options, columns: "columns" }, { rows: [{ id: "a", v: 1, w: 2 }] })).toEqual(["a=1,2"]);
  });

  test("are read without names too, by the numbers of their cells", () => {
    expect(read({ each: "values", key: "values.0", value: "values.1" }, { values: rows })).toEqual([
      "t1=1",
      "t2=2",
    ]);
  });

  test("of another width, or without names, refuse the record", () => {
    const options: Options = { each: "rows", columns: "columns", value: "rows.v" };
    expect(() => read(options, { columns: ["v"], rows: [[1, 2]] })).toThrow(
      "a row has 2 items, expected 1 (decode.columns)",
    );
    for (const columns of [undefined, "v", [1], [null], [{ name: 1 }]]) {
      expect(() => read(options, { columns, rows: [[1]] })).toThrow(
        'no list of names is at the path "columns"',
      );
    }
    expect(invalid({ columns: "columns" })).toContain("columns requires format: text, or each");
    expect(invalid({ columns: "columns", each: ["a", "b"] })).toContain("each with one path");
    expect(invalid({ format: "text", columns: "columns" })).toContain("a list of names with format: text");
  });
});

describe("arrays beside one another", () => {
  test("are read item by item", () => {
    const options: Options = { each: ["time", "value"], key: "id", time: "time", value: "value" };
    const time = [Date.UTC(2026, 2, 1), Date.UTC(2026, 2, 1, 1)];
    const readings = decoded(options, { id: "a", time, value: [1, null] });
    expect(readings.map((one) => [one.key, one.time, one.value])).toEqual([
      ["a", time[0], 1],
      ["a", time[1], NaN],
    ]);
    const hourly: Options = {
      each: ["hourly.time", "hourly.t", "hourly.h"],
      time: "hourly.time",
      series: { t: "hourly.t", h: "hourly.h" },
      absent: "skip",
    };
    expect(read(hourly, { hourly: { time, t: [1, 2] } })).toEqual(["k/t=1", "k/t=2"]);
    const stations = {
      each: ["stations.ids", "stations.vs"],
      key: ["stations.name", "stations.ids"],
      value: "stations.vs.v",
    };
    expect(read(stations, { stations: [{ name: "n", ids: ["a", "b"], vs: [{ v: 1 }, { v: 2 }] }] })).toEqual([
      "n/a=1",
      "n/b=2",
    ]);
  });

  test("of different sizes, or that are none, refuse the record", () => {
    const options: Options = { each: ["t", "v"], value: "v" };
    expect(() => read(options, { t: [1, 2], v: [1] })).toThrow('"t" has 2, "v" has 1');
    expect(() => read(options, { t: 1, v: [1] })).toThrow('no array is at the path "t" (decode.each)');
    expect(() => read(options, {})).toThrow('no item is at the path "t" or "v" (decode.each)');
    expect(() => read(options, { t: [], v: [] })).toThrow("no item");
    expect(() => read({ ...options, maxReadings: 1 }, { t: [1, 2], v: [1, 2] })).toThrow("more than 1");
    expect(invalid({ each: ["a", "a.b"] })).toContain("each: an array of the list is the same");
    expect(invalid({ each: ["a", "a"] })).toContain("each: an array of the list is the same");
  });
});

describe("members of an object", () => {
  const options: Options = { each: { members: "sensors" }, key: { member: "name" }, value: "sensors.v" };

  test("are items, and their names are keys", () => {
    expect(read(options, { sensors: { a: { v: 1 }, b: { v: 2 } } })).toEqual(["a=1", "b=2"]);
    expect(read({ ...options, value: "sensors" }, { sensors: { a: 1, b: 2 } })).toEqual(["a=1", "b=2"]);
    const messages: Options = {
      each: { members: "Messages.Payload" },
      key: ["Messages.Writer", { member: "name" }],
      value: "Messages.Payload.Value",
    };
    const record = { Messages: [{ Writer: "w/1", Payload: { T: { Value: 3 } } }, { Writer: "w2" }] };
    expect(read(messages, record)).toEqual(["w~11/T=3"]);
    expect(read({ ...options, each: { members: "" }, value: "v" }, { a: { v: 1 } })).toEqual(["a=1"]);
  });

  test("are needed where a key names them", () => {
    expect(() => read(options, { sensors: 1 })).toThrow('no item is at the path "sensors" (decode.each)');
    expect(() => read(options, { sensors: {} })).toThrow("no item");
    expect(invalid({ key: { member: "name" }, each: "a" })).toContain("requires each: {members: path}");
  });
});

describe("the error of a path that leads nowhere", () => {
  test("names what is there, and the setting that leads on", () => {
    expect(() => read({ value: "m.v" }, { m: '{"v":1}' })).toThrow(
      'the text at "m" looks like JSON: decode.jsonInText: ["m"] reads it',
    );
    expect(() => read({ value: "m.v" }, { m: [{ v: 1 }] })).toThrow(
      'an array is at "m": decode.each: "m" reads its items',
    );
    expect(() => read({ value: "m.v" }, { m: { temp: 1, hum: 2 } })).toThrow(
      'the fields at "m" are temp, hum',
    );
    expect(() => read({ key: "id" }, { a: 1, b: 1, c: 1, d: 1, e: 1, f: 1 })).toThrow(
      "(decode.key); the fields are a, b, c, d, e, …",
    );
    expect(() => read({ time: "at" }, { ["x".repeat(99)]: 1 })).toThrow(
      `nothing is at the path "at" (decode.time); the fields are ${"x".repeat(32)}…`,
    );
    expect(() => read({}, { value: [] })).toThrow("the value is of type object");
  });
});

test("items without any series are left out with absent: skip, unless all are", () => {
  const options: Options = { each: "m", key: "m.id", value: "m.v", absent: "skip" };
  expect(read(options, { m: [{ id: "a", v: 1 }, { id: "b" }] })).toEqual(["a=1"]);
  expect(() => read(options, { m: [{ id: "a" }, { id: "b" }] })).toThrow('no value at the path "m.v"');
  expect(() => read({ ...options, absent: "reject" }, { m: [{ id: "a", v: 1 }, { id: "b" }] })).toThrow(
    "m.v",
  );
});
