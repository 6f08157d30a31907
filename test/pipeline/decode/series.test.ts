/** Several readings of one record: keys of parts, series, arrays, and what of a record is refused or left out. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { recordDecoder } from "../../../src/pipeline/decode/decode.js";
import { pipelineSettings, type PipelineOptions } from "../../../src/pipeline/settings.js";
import { bytes, jsonRecord } from "../records.js";

const read = (options: PipelineOptions["decode"], value: unknown, key = "k"): readonly string[] => {
  const decode = recordDecoder(pipelineSettings({ decode: options }).decode);
  const { readings, refused } = decode(jsonRecord(0, key, value));
  return [
    ...readings.map((reading) => `${reading.key}=${[reading.value, ...reading.features].join()}`),
    ...refused.map(({ series, error }) => `${series}: ${error.code}`),
  ];
};
const invalid = (options: unknown): string => {
  try {
    pipelineSettings({ decode: options as PipelineOptions["decode"] });
    return "valid";
  } catch (error) {
    return (error as Error).message;
  }
};

describe("numbers in texts", () => {
  const refused = (options: PipelineOptions["decode"], text: string) => (): unknown =>
    recordDecoder(pipelineSettings({ decode: options }).decode)(jsonRecord(0, "k", { value: text }));

  test("have units and decimal commas by the settings, in values and features", () => {
    const options = { valueUnit: ["%", "kW"], decimal: "," as const, features: ["load"] };
    expect(read(options, { value: "12,5 %", load: "3kW" })).toEqual(["k=12.5,3"]);
    expect(refused(options, "1.234,5")).toThrow("separators of thousands must be removed");
    expect(refused({ valueUnit: ["%"] }, "12,5 %")).toThrow('a decimal comma needs decode.decimal: ","');
    expect(read({ valueUnit: ["%"], missing: ["- %"] }, { value: "- %" })).toEqual(["k=NaN"]);
    expect(read({ valueUnit: ["%"], series: "m" }, { m: { a: "1 %", b: "x", c: 2 } })).toEqual([
      "k/a=1",
      "k/c=2",
    ]);
  });

  test("are texts of one number, and columns of text, with the same settings", () => {
    for (const options of [
      { format: "number" as const },
      { format: "text" as const, columns: ["value"], delimiter: ";" },
    ]) {
      const decode = recordDecoder(
        pipelineSettings({ decode: { ...options, decimal: ",", valueUnit: ["°C"] } }).decode,
      );
      const record = { ...jsonRecord(0, "k", 0), value: bytes("-12,5 °C") };
      expect(decode(record).readings[0]!.value).toBe(-12.5);
    }
    expect(invalid({ format: "text", columns: ["a", "b"], decimal: "," })).toContain("both the comma");
  });
});

describe("a key of several parts", () => {
  const part = fc.oneof(
    fc.string({ minLength: 1, unit: fc.constantFrom("a", "/", "~", "0", "1") }),
    fc.constantFrom("é", "a/b", "~1"),
  );

  test("differs wherever one of the parts or the series differs", () => {
    fc.assert(
      fc.property(part, part, part, part, (a, b, c, d) => {
        const options = { key: ["a", "b"], series: { [c]: "v" } };
        const [one] = read(options, { a, b, v: 1 });
        const [other] = read({ key: ["a", "b"], series: { [d]: "v" } }, { a: b, b: a, v: 1 });
        expect(one === other).toBe(a === b && c === d);
      }),
    );
  });

  test("takes constants, headers, the record's key, numbers and labels", () => {
    const decode = recordDecoder(
      pipelineSettings({
        decode: {
          key: [{ const: "x" }, { header: "host" }, { record: "key" }, "id", { labels: "tags" }],
        },
      }).decode,
    );
    const record = jsonRecord(0, "k", { id: 7, tags: { b: "1,2", a: "x=y", c: true, d: 0.5 }, value: 1 });
    const headers = ["old", "web/1"].map((text) => ({ name: "host", value: bytes(text) }));
    expect(decode({ ...record, headers }).readings[0]!.key).toBe("x/web~11/k/7/a=x~03y,b=1~022,c=true,d=0.5");
  });

  test("of one part is that part as it is", () => {
    expect(read({ key: "id" }, { id: "a/b", value: 1 })).toEqual(["a/b=1"]);
    expect(read({ key: ["id"] }, { id: "a/b", value: 1 })).toEqual(["a/b=1"]);
    expect(read({ key: { const: "all/~" } }, { value: 1 })).toEqual(["all/~=1"]);
  });

  test.each([
    ["nothing", {}],
    ["null", { id: null }],
    ["an object", { id: {} }],
    ["an empty text", { id: "" }],
    ["a number that JSON cannot hold", { id: 2 ** 60 }],
  ])("is refused where %s is at one of its paths", (_, document) => {
    expect(() => read({ key: ["id", { record: "key" }] }, { ...document, value: 1 })).toThrow(
      expect.objectContaining({ code: "KEY_INVALID" }) as Error,
    );
  });

  test("is refused where labels are none, too many, or nested", () => {
    const many = Object.fromEntries(Array.from({ length: 65 }, (_, i) => [`l${i}`, i]));
    for (const tags of [undefined, null, [], {}, "a", many, { a: {} }, { a: null }]) {
      expect(() => read({ key: ["id", { labels: "tags" }] }, { id: 1, tags, value: 1 })).toThrow(
        expect.objectContaining({ code: "KEY_INVALID" }) as Error,
      );
    }
  });
});

describe("several series of a record", () => {
  test("come in the order of the settings, each with the features of all and its own", () => {
    const list = {
      features: ["x"],
      series: [
        { name: "b", value: "b", features: ["a", "y"] },
        { name: "a", value: "a" },
      ],
    };
    expect(read(list, { a: 1, b: 2, x: 3, y: 4 })).toEqual(["k/b=2,3,1,4", "k/a=1,3,NaN,NaN"]);
    expect(read({ series: { b: "b", a: "a" } }, { a: 1, b: 2 })).toEqual(["k/b=2", "k/a=1"]);
  });

  test("are refused one by one, and null is a missing value", () => {
    const options = { series: { a: "a", b: "b", c: "c", d: "d" } };
    expect(read(options, { a: 1, b: "x", c: null, d: 1e31 })).toEqual([
      "k/a=1",
      "k/c=NaN",
      "b: VALUE_NOT_A_NUMBER",
      "d: VALUE_OUT_OF_RANGE",
    ]);
  });

  test("that are absent are refused, missing or left out, as the settings say", () => {
    const series = { a: "a", b: "b" };
    expect(read({ series }, { a: 1 })).toEqual(["k/a=1", "b: VALUE_NOT_A_NUMBER"]);
    expect(read({ series, absent: "missing" }, { a: 1 })).toEqual(["k/a=1", "k/b=NaN"]);
    expect(read({ series, absent: "skip" }, { a: 1 })).toEqual(["k/a=1"]);
    expect(read({ series, absent: "skip" }, { b: null })).toEqual(["k/b=NaN"]);
    expect(read({ series, absent: "skip" }, { c: 1 })).toEqual([": VALUE_NOT_A_NUMBER"]);
  });

  test("are all numbers of an object, where a path leads to it", () => {
    const fields = { b: 1, "a/c": null, text: "x", flag: true, nested: { d: 1 }, n: "2" };
    expect(read({ series: "fields" }, { fields })).toEqual(["k/b=1", "k/a~1c=NaN"]);
    expect(read({ series: "fields", numbersInText: true }, { fields })).toEqual([
      "k/b=1",
      "k/a~1c=NaN",
      "k/n=2",
    ]);
    for (const none of [{}, { fields: 1 }, { fields: {} }, { fields: { a: "x" } }]) {
      expect(read({ series: "fields" }, none)).toEqual([": VALUE_NOT_A_NUMBER"]);
    }
  });

  test("are refused together with a key or time that cannot be read", () => {
    expect(read({ series: { a: "a", b: "b" }, key: "id" }, { a: 1, b: 1 })).toEqual([": KEY_INVALID"]);
    expect(read({ series: { a: "a", b: "b" }, time: "at" }, { a: 1, b: 1 })).toEqual([": TIME_INVALID"]);
  });
});

describe("an array in a record", () => {
  test("gives the readings of its items, whose paths lead into the item or the whole document", () => {
    const options = { each: "r", key: ["site", "r.id"], value: "r.v", features: ["x", "r.y"] };
    const r = [{ id: 1, v: 10, y: 5 }, { id: 2 }, 7, { id: 3, v: 30 }];
    expect(read(options, { site: "s", x: 4, r })).toEqual([
      "s/1=10,4,5",
      "s/3=30,4,NaN",
      "1: VALUE_NOT_A_NUMBER",
      "2: KEY_INVALID",
    ]);
  });

  test("may be the whole document, hold plain numbers, or be within arrays", () => {
    expect(read({ each: "", value: "v" }, [{ v: 1 }, { v: 2 }])).toEqual(["k=1", "k=2"]);
    expect(read({ each: "v", value: "v" }, { v: [1, 2] })).toEqual(["k=1", "k=2"]);
    const nested = { a: [{ n: "x", b: [{ v: 1 }, { v: 2 }] }, { n: "y", b: { v: 3 } }, { n: "z" }] };
    expect(read({ each: "a.b", key: "a.n", value: "a.b.v" }, nested)).toEqual(["x=1", "x=2", "y=3"]);
    const sites = {
      region: "r",
      sites: [
        { site: "a", factor: 2, readings: [{ s: "t", v: 1 }, { v: 2 }] },
        { site: "b", readings: [{ s: "u", v: 3 }] },
      ],
    };
    const options = {
      each: "sites.readings",
      key: ["region", "sites.site", "sites.readings.s"],
      value: "sites.readings.v",
      features: ["sites.factor"],
    };
    expect(read(options, sites)).toEqual(["r/a/t=1,2", "r/b/u=3,NaN", "1: KEY_INVALID"]);
  });

  test("that is empty is skipped, and one that is not there is an error unless absent says otherwise", () => {
    const code = (decode: PipelineOptions["decode"], value: unknown): unknown => {
      try {
        return read(decode, value);
      } catch (error) {
        return (error as { code: unknown }).code;
      }
    };
    expect(code({ each: "r", value: "r.v" }, { r: [] })).toBe("RECORD_SKIPPED");
    expect(code({ each: "r", value: "r.v" }, {})).toBe("RECORD_UNREADABLE");
    expect(code({ each: "r", value: "r.v", absent: "skip" }, {})).toBe("RECORD_SKIPPED");
  });

  test("of more readings than are taken is refused as a whole, before any is read", () => {
    const r = Array.from({ length: 11 }, (_, v) => ({ v }));
    const decode = { each: "r", value: "r.v", maxReadings: 10 };
    expect(read(decode, { r: r.slice(1) })).toHaveLength(10);
    expect(() => read(decode, { r })).toThrow("more than 10 readings");
    expect(() =>
      read({ series: "r", maxReadings: 10 }, { r: Object.fromEntries(r.map(({ v }) => [v, "text"])) }),
    ).toThrow("more than 10");
  });
});

describe("the settings of several readings", () => {
  test.each([
    [{ series: {} }, "series names no series"],
    [{ series: { a: "a" }, value: "b" }, "value and series exclude each other"],
    [
      {
        series: [
          { name: "a", value: "a" },
          { name: "a", value: "b" },
        ],
      },
      "two series have the same name",
    ],
    [{ format: "number", each: "a" }, "require a format with fields"],
    [{ key: [] }, "decode.key"],
    [{ key: { const: "" } }, "decode.key"],
    [{ value: ["a", "b"] }, "name them in decode.series"],
  ])("refuse %j", (options, message) => {
    expect(invalid(options)).toContain(message);
  });
});

test("texts are numbers where the settings say so, unless they stand for a missing value", () => {
  expect(() => read({}, { value: "1" })).toThrow("text");
  expect(read({ numbersInText: true }, { value: " -1.5e1 " })).toEqual(["k=-15"]);
  expect(read({ numbersInText: true, missing: ["-9"] }, { value: "-9" })).toEqual(["k=NaN"]);
  for (const value of ["", "1,5", "0x1", "Infinity", true]) {
    expect(() => read({ numbersInText: true }, { value })).toThrow(
      expect.objectContaining({ code: "VALUE_NOT_A_NUMBER" }) as Error,
    );
  }
});
