import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { UndercurrentError } from "../../../../src/errors/errors.js";
import { recordDecoder } from "../../../../src/pipeline/decode/decode.js";
import { RecordScan } from "../../../../src/pipeline/decode/scan/scan.js";
import { pipelineSettings, type PipelineOptions } from "../../../../src/pipeline/settings.js";
import { bytes, jsonRecord, start } from "../../records.js";

const flat = { time: "time" };
const choices: readonly PipelineOptions["decode"][] = [
  {},
  flat,
  { key: "id", time: "at", value: "value", features: ["x", "load.kW"] },
  { key: "at.id", value: "load.kW", features: ["load.x", { path: ["a.b"] }, ""] },
  { key: "__proto__", value: "constructor" },
  { value: "ü" },
  { time: "time", timeUnit: "s" },
  { time: "time", timeUnit: "ms", missing: ["unavailable"] },
  { time: "time", timeUnit: "ns" },
  { numbersInText: true, features: ["x"] },
  { numbersInText: true, missing: ["1"], features: ["x"] },
  { numbersInText: true, decimal: ",", valueUnit: ["%"], features: ["x"] },
  { series: { value: "value", kW: "load.kW" } },
  { series: { value: "value", kW: "load.kW", x: "x" }, absent: "skip", time: "at" },
  { series: { "a/b": "value", "~": "load.x" }, absent: "missing", key: ["id", "at.id"] },
  {
    key: [{ const: "c/d" }, "id", { record: "key" }],
    series: [
      { name: "v", value: "value", features: ["x"] },
      { name: "w", value: "x", features: ["value", "load.kW"] },
    ],
    features: ["load.x"],
  },
  { key: { const: "all" } },
  { key: ["id"], absent: "missing" },
  { words: { true: 1, false: 0, a: 7 }, features: ["x"] },
  { words: { true: 3 }, numbersInText: true, features: ["x"] },
];

interface Read {
  readonly key: string;
  readonly time: number;
  readonly value: number;
  readonly features: readonly number[];
}

function scanned(
  options: PipelineOptions["decode"],
  record: Parameters<RecordScan["read"]>[0],
): readonly Read[] | undefined {
  const scan = RecordScan.of(pipelineSettings({ decode: options }).decode);
  // Whatever it has read before must leave no trace.
  scan?.read({ ...record, value: bytes('{"id":"z","time":1,"at":2,"value":3,"x":4,"load":{"kW":5,"x":6}}') });
  if (scan?.read(record) !== true) return undefined;
  return Array.from({ length: scan.count }, (_, series) => series).flatMap((series) => {
    if (!scan.select(series)) return [];
    const { bytes: keys, start: from, end } = scan.key;
    const key = Buffer.from(keys.subarray(from, end)).toString("utf8");
    return [{ key, time: scan.time, value: scan.value, features: [...scan.features] }];
  });
}

function decoded(
  options: PipelineOptions["decode"],
  record: Parameters<RecordScan["read"]>[0],
): readonly Read[] | string {
  try {
    const { readings, refused } = recordDecoder(pipelineSettings({ decode: options }).decode)(record);
    if (refused.length > 0) return refused[0]!.error.code;
    return readings.map(({ key, time, value, features }) => ({ key, time, value, features }));
  } catch (error) {
    if (!(error instanceof UndercurrentError)) throw error;
    return error.code;
  }
}

/** Asserts that the scan is silent, or says what the decoder says. */
function agrees(text: string | Uint8Array, options: PipelineOptions["decode"]): boolean {
  const record = { ...jsonRecord(0, "key-1", 0), value: typeof text === "string" ? bytes(text) : text };
  const read = scanned(options, record);
  if (read === undefined) return false;
  // Object.is, for -0 and NaN.
  expect(read).toStrictEqual(decoded(options, record));
  return true;
}

const numberText = fc.oneof(
  fc.double().map(String),
  fc.integer().map(String),
  fc.stringMatching(/^-?(?:0|[1-9]\d{0,20})(?:\.\d{1,25})?(?:[eE][+-]?\d{1,3})?$/),
  fc.constantFrom(
    "-0",
    "0",
    "-0.0",
    "1e400",
    "1e-400",
    "01",
    "+1",
    "1.",
    ".5",
    "9007199254740993",
    "1e30",
    "1.1e30",
  ),
  fc.constantFrom(
    "NaN",
    "Infinity",
    "-",
    "1e",
    "0x1",
    "9007199254740992",
    "900719925474099.25",
    "8.64e15",
    "8.65e15",
  ),
);
const two = fc.integer({ min: 0, max: 99 }).map((n) => String(n).padStart(2, "0"));
const timeText = fc.oneof(
  fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
  fc
    .tuple(
      fc.constantFrom("1969", "1970", "2024", "2026", "2100", "0001"),
      fc.constantFrom("00", "01", "02", "04", "12", "13"),
      fc.constantFrom("00", "01", "28", "29", "30", "31", "32"),
      fc.constantFrom("T", " ", "t"),
      fc.oneof(two, fc.constantFrom("23", "24")),
      fc.oneof(two, fc.constantFrom("00", "59")),
      fc.oneof(two, fc.constantFrom("00", "59", "60")),
      fc.constantFrom("", ".5", ".123", ".1234", ".12x"),
      fc.constantFrom("", "Z", "z", "+01:00", "ZZ"),
    )
    .map(([y, m, d, t, h, min, s, f, z]) => `${y}-${m}-${d}${t}${h}:${min}:${s}${f}${z}`),
);
const stringText = fc.oneof(
  timeText.map((text) => `"${text}"`),
  fc.string({ unit: "binary" }).map((text) => JSON.stringify(text)),
  fc.constantFrom('""', '"a"', '"ü°"', '"\\u0041"', '"\\ud800"', '"a\tb"', '"a\u0000"', '"', '"\\"'),
);
const nameText = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.constantFrom("time", "value", "id", "at", "x", "load", "kW", "a.b", "a", "", "ü"),
  },
  { weight: 1, arbitrary: fc.constantFrom("__proto__", "constructor", "toString", "0", "valu", "values") },
);
const spaceText = fc.constantFrom("", "", "", " ", "\n\t\r ", "\u00a0", "\ufeff");
const { document } = fc.letrec<{ document: string; node: string }>((tie) => ({
  node: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    numberText,
    stringText,
    fc.constantFrom("null", "true", "false", "nul", "undefined"),
    tie("document"),
    fc.array(tie("node"), { maxLength: 3 }).map((nodes) => `[${nodes.join(",")}]`),
  ),
  document: fc
    .array(fc.tuple(nameText, spaceText, tie("node")), { maxLength: 6 })
    .map(
      (members) =>
        `{${members.map(([name, space, node]) => `${space}${JSON.stringify(name)}${space}:${node}${space}`).join(",")}}`,
    ),
}));
/** Documents that are read, mostly. */
const likely = fc
  .tuple(
    numberText,
    fc.oneof(
      numberText,
      timeText.map((text) => `"${text}"`),
    ),
    fc.option(document),
    numberText,
  )
  .map(
    ([value, time, load, x]) =>
      `{"id":"pump-7","unit":"°C","time":${time},"at":${time},"value":${value}${load === null ? "" : `,"load":${load}`},"x":${x}}`,
  );
const settings = fc.constantFrom(...choices);

describe("a scan of a record's bytes", () => {
  test("reads white space wherever JSON has it, of all four kinds", () => {
    const parts = ["", "{", '"value"', ":", "1", ",", '"list"', ":", "[", "2", ",", "3", "]", "}", ""];
    for (const space of [" ", "\n", "\r", "\t", " \r\n\t"]) {
      parts.forEach((_, i) => {
        const text = parts.slice(0, i).join("") + space + parts.slice(i).join("");
        expect(agrees(text, {}), JSON.stringify(text)).toBe(true);
      });
    }
  });

  test.each([
    "0",
    "-0",
    "1e3",
    "1E3",
    "1e+3",
    "-1.5e-3",
    "12.50",
    "1e22",
    "1e-22",
    "9007199254740991",
    "9007199254740993",
    "0.30000000000000004",
    "-0.12345678901234567",
    "-0.0000000000000000000000000",
    "1.7976931348623157e-308",
    "123456789012345678901234567890",
    "1e30",
  ])("reads the number %s without a decoder, and as it does", (text) => {
    expect(agrees(`{"value":${text}}`, {})).toBe(true);
    expect(agrees(`{"value":"${text}"}`, { numbersInText: true })).toBe(true);
  });

  test.each([
    [{ each: "readings" }],
    [{ skip: [{ field: "op", in: ["d"] }] }],
    [{ only: [{ field: "op", in: ["d"] }] }],
    [{ value: { firstOf: ["a", "b"] } }],
    [{ key: { firstOf: ["a", "b"] } }],
    [{ time: { firstOf: ["a", "b"] } }],
    [{ time: "at", timeFormat: "d.M.yyyy" }],
    [{ time: "at", timeZone: "Europe/Berlin" }],
    [{ format: "number" as const }],
    [{ format: "text" as const }],
  ])("leaves all records to the decoder with %j", (decode) => {
    expect(RecordScan.of(pipelineSettings({ decode }).decode)).toBeUndefined();
  });

  test("reads behind the id of a JSON schema, and nothing without one", () => {
    const value = bytes('{"value":1.5}');
    const wire = Uint8Array.of(0, 0, 0, 0, 7, ...value);
    const scan = RecordScan.of(pipelineSettings({ decode: { format: "json-schema" } }).decode)!;
    expect(scan.read({ ...jsonRecord(0, "k", 0), value: wire })).toBe(true);
    scan.select(0);
    expect(scan.value).toBe(1.5);
    expect(scan.read({ ...jsonRecord(0, "k", 0), value })).toBe(false);
  });

  test("passes over objects and lists where nothing is read, and leaves those in place of a number to the decoder", () => {
    expect(agrees('{"a":{"value":2,"b":{"value":3}},"value":1,"c":[{"value":4}]}', {})).toBe(true);
    expect(agrees('{"load":{"kW":1,"b":{"kW":2}},"kW":3}', { value: "load.kW" })).toBe(true);
    expect(agrees('{"value":{"value":1}}', {})).toBe(false);
    expect(agrees('{"value":[1]}', {})).toBe(false);
    expect(agrees('{"load":1}', { value: "load.kW" })).toBe(false);
  });

  test("reads booleans that stand for numbers, and leaves others to the decoder", () => {
    expect(agrees('{"value":true}', { words: { True: 1 } })).toBe(true);
    expect(agrees('{"value":false}', { words: { True: 1 } })).toBe(false);
    expect(agrees('{"value":true}', { words: { true: 1e31 } })).toBe(false);
    expect(agrees('{"value":1,"time":true}', { ...flat, words: { true: 1 } })).toBe(false);
  });

  test.each(["1e", "1e+", "1e-", "-", "1.", "01"])("leaves the number %s to the decoder", (text) => {
    expect(agrees(`{"value":${text}}`, {})).toBe(false);
    expect(agrees(`{"value":1,"x":${text}}`, {})).toBe(false);
  });

  test("leaves a long number that is a key to the decoder", () => {
    expect(agrees('{"id":9007199254740993,"at":1772359205000,"value":1}', choices[2])).toBe(false);
  });

  test.each([
    ["1970-01-01T00:00:00Z", true],
    ["2024-02-29T23:59:59.999Z", true],
    ["2026-12-31T10:00:05", true],
    ["2026-02-29T10:00:05Z", false],
    ["2026-04-31T10:00:05Z", false],
    ["2026-13-01T10:00:05Z", false],
    ["2026-00-01T10:00:05Z", false],
    ["2026-01-00T10:00:05Z", false],
    ["2026-01-99T10:00:05Z", false],
    ["2026-01-01T24:00:00Z", false],
    ["2026-01-01T10:60:00Z", false],
    ["2026-01-01T10:00:60Z", false],
    ["1969-12-31T23:59:59Z", false],
    ["0026-03-01T10:00:05Z", false],
    ["2026-03-01T10:00:05+01:00", false],
  ])("reads the time %s itself: %s", (text, read) => {
    expect(agrees(`{"time":"${text}","value":1}`, flat)).toBe(read);
  });

  test.each([
    ['{"value":41.25}', {}],
    ['{"time":"2026-01-01T00:00:00.010Z","value":-0,"unit":"°C"}', flat],
    [' { "value" : null , "time" : 1772359205000 , "more" : [ 1, { "value": "x" } ] } ', flat],
    ['{"id":12,"at":"2026-03-31T10:00:05","value":1e-3,"load":{"kW":2.5}}', choices[2]],
    [
      '{"load":{"kW":7,"x":null},"a.b":3,"at":{"id":"ü"}}',
      { ...choices[3], features: ["load.x", { path: ["a.b"] }] },
    ],
  ] as const)("reads %s without a decoder, and as it does", (text, options) => {
    expect(agrees(text, options as PipelineOptions["decode"])).toBe(true);
  });

  test.each([
    ["a name with an escape", '{"val\\u0075e":1}'],
    ["a name that comes twice", '{"value":1,"value":2}'],
    ["a number that is too large", '{"value":1e400}'],
    ["a byte order mark", '\ufeff{"value":1}'],
    ["more than one document", '{"value":1}{}'],
    ["an end that is missing", '{"value":1'],
    ["a value of another type", '{"value":"1"}'],
    ["no value", "{}"],
  ])("leaves %s to the decoder", (_, text) => {
    expect(agrees(text, {})).toBe(false);
  });

  test("reads over whatever is not wanted, of every kind", () => {
    for (const more of [
      "true",
      "false",
      "null",
      "-1.5e7",
      "1e400",
      '"text"',
      "[]",
      "[true,[null,2]]",
      "{}",
      '{"a":[{}]}',
    ]) {
      expect(agrees(`{"more":${more},"value":1}`, {}), more).toBe(true);
    }
  });

  test("leaves a document that ends early, or lacks a part, to the decoder", () => {
    const parts = [
      "{",
      '"value"',
      ":",
      "1",
      ",",
      '"more"',
      ":",
      "[",
      "2",
      ",",
      '{"x":',
      "true",
      "}",
      "]",
      "}",
    ];
    expect(agrees(parts.join(""), {})).toBe(true);
    for (let i = 0; i < parts.length; i++) {
      expect(agrees(parts.slice(0, i).join(""), {}), parts.slice(0, i).join("")).toBe(false);
      agrees(parts.toSpliced(i, 1).join(""), {});
      agrees(parts.toSpliced(i, 0, parts[i]!).join(""), {});
    }
  });

  test("leaves bytes that are not UTF-8 to the decoder, wherever they are", () => {
    const valid = Buffer.from('{"value":1,"unit":"xx"}');
    valid[19] = 0xc3;
    expect(agrees(valid, {})).toBe(false);
  });

  test("says what the decoder says, of whatever documents and settings", () => {
    fc.assert(
      fc.property(fc.oneof(likely, document, fc.json()), settings, (text, options) => {
        agrees(text, options);
      }),
      { numRuns: 5000 },
    );
  });

  test("says what the decoder says of documents with a byte changed, left out or put in", () => {
    const change = fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 }), fc.integer({ min: 0, max: 2 }));
    fc.assert(
      fc.property(likely, change, settings, (text, [where, byte, kind], options) => {
        const document = [...bytes(text)];
        document.splice(where % document.length, kind === 2 ? 0 : 1, ...(kind === 0 ? [] : [byte]));
        agrees(Uint8Array.from(document), options);
      }),
      { numRuns: 3000 },
    );
  });

  test("says what the decoder says of a record's own key and time", () => {
    const key = fc.option(
      fc.oneof(fc.uint8Array(), fc.string().map(bytes), fc.constant(bytes("k".repeat(1025)))),
    );
    const timestamp = fc.oneof(fc.constantFrom(-1, 0, start, 8.65e15, NaN), fc.double());
    fc.assert(
      fc.property(key, timestamp, (recordKey, time) => {
        const record = { ...jsonRecord(0, "a", { value: 1 }), key: recordKey, timestamp: time };
        const read = scanned({}, record);
        // What is not UTF-8 is found where the key gets its slot.
        if (read === undefined || read[0]!.key.includes("\ufffd")) return;
        expect(read).toStrictEqual(decoded({}, record));
      }),
    );
  });
});
