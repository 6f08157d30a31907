import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import fc from "fast-check";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { stringify } from "yaml";
import { configurationText } from "../../src/cli/inspect/inspect.js";
import { suggestForDocuments, suggestForNumbers, type Suggestion } from "../../src/cli/inspect/suggest.js";
import { lineShapeOf } from "../../src/cli/inspect/line-shapes.js";
import { formatIn } from "../../src/cli/inspect/values.js";
import type { Placed } from "../../src/cli/inspect/rates.js";
import { parseConfig } from "../../src/config/load.js";
import { recordDecoder } from "../../src/pipeline/decode/decode.js";
import type { InputRecord } from "../../src/pipeline/ports.js";
import { bytes, start } from "../pipeline/records.js";

const cli = fileURLToPath(new URL("../../dist/cli.js", import.meta.url));

function placed(
  documents: readonly unknown[],
  others: (i: number) => Partial<InputRecord> = () => ({}),
): Placed[] {
  return documents.map((document, i): Placed => {
    const value = document === null ? null : bytes(JSON.stringify(document));
    const record = { offset: i, key: null, value, headers: [], timestamp: start + 1000 * i };
    return [i % 2, { ...record, ...others(i) }];
  });
}

function suggest(records: readonly Placed[]): Suggestion {
  const documents = records.flatMap(([, record]) =>
    record.value === null
      ? []
      : [{ record, document: JSON.parse(Buffer.from(record.value).toString()) as unknown }],
  );
  return suggestForDocuments(records, documents);
}

const times = <T>(count: number, of: (i: number) => T): T[] => Array.from({ length: count }, (_, i) => of(i));
const iso = (i: number): string => new Date(start + 1000 * i).toISOString();

/** A key with times behind it, as Kafka Streams writes them. */
const windowedKey = (key: string, ...behind: readonly number[]): Uint8Array => {
  const part = Buffer.alloc(8 * behind.length);
  behind.forEach((time, i) => part.writeBigInt64BE(BigInt(time), 8 * i));
  return Buffer.concat([Buffer.from(key), part]);
};

const shapes: Readonly<Record<string, readonly [readonly Placed[], object]>> = {
  "keys with windows that are written again": [
    placed(
      times(40, (i) => ({ COUNT: i, AVG: i / 2 })),
      (i) => ({ key: windowedKey(`pump-${i % 2}`, start + 60_000 * (i >> 2)) }),
    ),
    {
      decode: { keyWindow: "time", time: { window: "start" }, series: { COUNT: "COUNT", AVG: "AVG" } },
      aggregate: { every: "60s", by: "last" },
    },
  ],
  "keys of sessions in JSON": [
    placed(
      times(40, (i) => ({ N: i })),
      (i) => ({ key: windowedKey(`{"USER":"u${i % 4}"}`, start + 9000 * i + 500, start + 9000 * i) }),
    ),
    {
      decode: {
        keyFormat: "json",
        keyWindow: "session",
        key: { record: "key", path: "USER" },
        time: { window: "end" },
        value: "N",
      },
    },
  ],
  "decimals of Debezium in base64": [
    placed(
      times(40, (i) => ({
        op: "u",
        ts_ms: start + 1000 * i,
        before: null,
        after: {
          id: i % 4,
          price: Buffer.of(4, i).toString("base64"),
          amount: { scale: 1, value: Buffer.of(i).toString("base64") },
        },
        source: { table: "orders" },
      })),
      (i) => ({ key: bytes(JSON.stringify({ id: i % 4 })) }),
    ),
    {
      decode: {
        decimals: [{ field: "after.price", scale: 2 }, { field: "after.amount" }],
        series: { price: "after.price", amount: "after.amount" },
        key: [{ const: "orders" }, "after.id"],
        time: "ts_ms",
        skip: [{ field: "op", in: ["d", "t", "m"] }],
        tombstones: "skip",
      },
    },
  ],
  "numbers with units": [
    placed(times(40, (i) => ({ id: `d${i % 4}`, load: `${i}.5 %`, power: `${i}kW`, floor: `${i % 3}th` }))),
    {
      decode: {
        key: "id",
        series: { load: "load", power: "power", floor: "floor" },
        numbersInText: true,
        valueUnit: ["%", "kW", "th"],
      },
    },
  ],
  "keys that are no text": [
    placed(
      times(40, (i) => ({ v: i })),
      (i) => ({ key: Uint8Array.of(200 + (i % 3), 1, 2) }),
    ),
    { decode: { keyFormat: "hex", value: "v" } },
  ],
  "a time in a text of digits, which is no measure": [
    placed(times(40, (i) => ({ id: `d${i % 4}`, timestamp: String(start / 1000 + i), celsius: i + 0.5 }))),
    { decode: { key: "id", time: "timestamp", timeUnit: "s", value: "celsius" } },
  ],
  "milliseconds in a text of digits, in a unit that must be named": [
    placed(times(40, (i) => ({ id: `d${i % 4}`, t: String(start + i), celsius: i + 0.5 }))),
    { decode: { key: "id", time: "t", timeUnit: "ms", value: "celsius" } },
  ],
  "a record for each measure, whose name is a field": [
    placed(
      times(40, (i) => ({ device: `d${i % 4}`, metric: i % 8 < 4 ? "temp" : "hum", at: iso(i), value: i })),
    ),
    { decode: { key: ["device", "metric"], time: "at", value: "value" } },
  ],
  "a record for each measure, by the record's key": [
    placed(
      times(40, (i) => ({ type: i % 2 === 0 ? "temp" : "hum", at: iso(i), value: i })),
      (i) => ({ key: bytes(`pump-${i % 5}`) }),
    ),
    { decode: { key: [{ record: "key" }, "type"], time: "at", value: "value" } },
  ],
  "a kind of each device, which is no part of the key": [
    placed(times(40, (i) => ({ device: `d${i % 4}`, type: `type-${i % 2}`, at: iso(i), value: i }))),
    { decode: { key: "device", time: "at", value: "value" } },
  ],
  "nested fields and a time in seconds": [
    placed(
      times(40, (i) => ({
        site: { name: `s${i % 2}` },
        sensor: `t${i % 4}`,
        ts: start / 1000 + i,
        reading: { celsius: 20 + i, unit: "C" },
        seq: i,
      })),
    ),
    { decode: { key: "sensor", time: "ts", timeUnit: "s", value: "reading.celsius" } },
  ],
  "several measures, of which some are absent, and the record's key": [
    placed(
      times(40, (i) => ({
        at: iso(i),
        temperature: i,
        ...(i % 2 === 0 && { pressure: `${i}.5` }),
        active: true,
      })),
      (i) => ({ key: bytes(`pump-${i % 5}`) }),
    ),
    {
      decode: {
        time: "at",
        series: { temperature: "temperature", pressure: "pressure" },
        absent: "skip",
        numbersInText: true,
      },
    },
  ],
  "events without a number": [
    placed(
      times(40, (i) => ({ page: `/${i % 3}`, user: `user-${i}`, at: start + 1000 * i, userId: 7000 + i })),
    ),
    { decode: { key: "page", time: "at" }, aggregate: { every: "1m", by: "count" } },
  ],
  "an array of readings": [
    placed(
      times(20, (i) => ({
        gateway: `g${i % 2}`,
        readings: times(3, (j) => ({ id: `t${j}`, at: start + i, temperature: i + j })),
      })),
    ),
    {
      decode: {
        each: "readings",
        key: ["gateway", "readings.id"],
        time: "readings.at",
        value: "readings.temperature",
      },
    },
  ],
  "Debezium's changes": [
    placed(
      times(20, (i) =>
        i === 19
          ? null
          : {
              op: i === 5 ? "d" : "u",
              ts_ms: start + i,
              before: null,
              after: i === 5 ? null : { id: i % 4, balance: `${i}.5` },
              source: { table: "accounts", lsn: i },
            },
      ),
      (i) => ({ key: bytes(JSON.stringify({ id: i % 4 })) }),
    ),
    {
      decode: {
        key: [{ const: "accounts" }, "after.id"],
        time: "ts_ms",
        value: "after.balance",
        numbersInText: true,
        skip: [{ field: "op", in: ["d", "t", "m"] }],
        tombstones: "skip",
      },
    },
  ],
  "Telegraf's metrics": [
    placed(
      times(20, (i) => ({
        name: "cpu",
        tags: { host: `web-${i % 2}` },
        timestamp: Math.floor(start / 1000) + i,
        fields: { usage_idle: i, usage_user: 1, text: "x" },
      })),
    ),
    { decode: { key: ["name", { labels: "tags" }], time: "timestamp", timeUnit: "s", series: "fields" } },
  ],
  "CloudEvents in structured mode": [
    placed(
      times(20, (i) => ({
        specversion: "1.0",
        id: String(i),
        type: "reading",
        source: "/pumps",
        subject: `pump-${i % 2}`,
        time: iso(i),
        data: { celsius: i },
      })),
    ),
    { decode: { key: ["source", "subject"], time: "time", value: "data.celsius" } },
  ],
  "CloudEvents in binary mode": [
    placed(
      times(20, (i) => ({ celsius: i })),
      () => ({
        headers: [
          { name: "ce_specversion", value: bytes("1.0") },
          { name: "ce_source", value: bytes("/pumps") },
          { name: "ce_time", value: bytes(iso(1)) },
        ],
      }),
    ),
    { decode: { key: { header: "ce_source" }, time: { header: "ce_time" }, value: "celsius" } },
  ],
  "keys in JSON": [
    placed(
      times(40, (i) => ({ stock: i })),
      (i) => ({ key: bytes(JSON.stringify({ schema: { type: "struct" }, payload: { id: i % 4 } })) }),
    ),
    { decode: { keyFormat: "connect-json", key: { record: "key", path: "id" }, value: "stock" } },
  ],
  "keys in JSON of two fields, which are both needed to tell the series apart": [
    placed(
      times(40, (i) => ({ site: `s${i % 2}`, device: `d${i % 3}`, ts: start + i, celsius: i })),
      (i) => ({ key: bytes(JSON.stringify({ site: `s${i % 2}`, device: `d${i % 3}` })) }),
    ),
    {
      decode: {
        keyFormat: "json",
        key: [
          { record: "key", path: "site" },
          { record: "key", path: "device" },
        ],
        time: "ts",
        value: "celsius",
      },
    },
  ],
  "records of which some have no value": [
    placed(
      times(40, (i) => (i % 4 === 3 ? null : { at: iso(i), celsius: i })),
      (i) => ({ key: bytes(`pump-${i % 2}`) }),
    ),
    { decode: { time: "at", tombstones: "skip", value: "celsius" } },
  ],
  "keys that are integers of 8 bytes, which are UTF-8 by chance": [
    placed(
      times(40, (i) => ({ at: iso(i), celsius: i })),
      (i) => ({ key: Uint8Array.of(0, 0, 0, 0, 0, 0, 1, i % 4) }),
    ),
    { decode: { keyFormat: "int64", time: "at", value: "celsius" } },
  ],
  "keys that are integers of 4 bytes, and a part of the key beside them": [
    placed(
      times(40, (i) => ({ type: i % 2 === 0 ? "temp" : "hum", at: iso(i), value: i })),
      (i) => ({ key: Uint8Array.of(0, 0, 0, 200 + (i % 5)) }),
    ),
    { decode: { keyFormat: "int32", key: [{ record: "key" }, "type"], time: "at", value: "value" } },
  ],
  "keys that are texts of 4 characters": [
    placed(
      times(40, (i) => ({ at: iso(i), celsius: i })),
      (i) => ({ key: bytes(`p-0${i % 4}`) }),
    ),
    { decode: { time: "at", value: "celsius" } },
  ],
  "arrays in an array, with a key in each": [
    placed(
      times(20, (i) => ({
        region: `r${i % 2}`,
        sites: times(2, (j) => ({
          site: `s${j}`,
          at: iso(i),
          readings: times(3, (k) => ({ sensor: `t${k}`, celsius: i + j + k })),
        })),
      })),
    ),
    {
      decode: {
        each: "sites.readings",
        key: ["region", "sites.site", "sites.readings.sensor"],
        time: "sites.at",
        value: "sites.readings.celsius",
      },
    },
  ],
  "arrays in the items of a record that is an array": [
    placed(
      times(20, (i) =>
        times(2, (j) => ({ site: `s${j}`, readings: times(3, (k) => ({ at: iso(i), celsius: i + j + k })) })),
      ),
    ),
    {
      decode: { each: "readings", key: "site", time: "readings.at", value: "readings.celsius" },
    },
  ],
  "names with dots, and no key at all": [
    placed(times(30, (i) => ({ "a.b": i }))),
    { decode: { key: { const: "all" }, value: { path: ["a.b"] } } },
  ],
};

test.each([
  ["cpu,host=a idle=1.5,user=2i 1772359205000000000", "line-protocol"],
  ["cpu idle=1.5", "line-protocol"],
  ["latency:12|ms|#host:a,env:prod", "statsd"],
  ["hits:1|c|@0.1\nusers:-2.5|g", "statsd"],
  ['http_total{method="post",code="200"} 1027 1772359205000', "prometheus-text"],
  ["# HELP up\nup 1e3", "prometheus-text"],
  ["level=info route=/a duration=12ms", "logfmt"],
  ['level=info msg="two words" n=1', "logfmt"],
  ['{"a":1}\n{"a":2}', "json-lines"],
  ['"north, 1","2026","20.25"', "quoted-columns"],
  ["a;b;1.5", undefined],
  ["hello", undefined],
  ["sensor=1", undefined],
  ["12:30:00|x", undefined],
])("the text %j is read as in the example %s", (text, example) => {
  const one = { offset: 0, key: null, value: bytes(text), headers: [], timestamp: start };
  expect(lineShapeOf([one, { ...one, value: null }])?.example).toBe(example);
});

describe("values of one number in binary", () => {
  const valuesOf = (format: string, numbers: readonly number[]): InputRecord[] =>
    numbers.map((number, offset) => {
      const value = Buffer.alloc(format.endsWith("32") ? 4 : 8);
      if (format === "int32") value.writeInt32BE(number);
      if (format === "int64") value.writeBigInt64BE(BigInt(number));
      if (format === "float32") value.writeFloatBE(number);
      if (format === "float64") value.writeDoubleBE(number);
      return { offset, key: null, value, headers: [], timestamp: start };
    });

  test.each([
    ["int32", [0, 7, -3]],
    ["int32", [0, 0]],
    ["int64", [20, 21, 0]],
    ["int64", [-1, 5_000_000]],
    ["int64", [0, 0]],
    ["float32", [20.5, 0, -3]],
    ["float64", [20.5, 0, -3e9]],
    ["float64", [20, NaN]],
  ])("are seen as %s: %j", (format, numbers) => {
    const records = valuesOf(format, numbers);
    expect(formatIn(records)).toMatchObject({ look: "java-number", binary: format });
    const read = recordDecoder(
      parseConfig(`decode: {format: ${format}, key: {const: all}}`, {}).settings.decode,
    );
    expect(records.map((record) => read(record).readings[0]!.value)).toEqual(numbers);
    for (const record of records) {
      const json = recordDecoder(parseConfig("decode: {key: {const: all}}", {}).settings.decode);
      expect(() => json(record)).toThrow(/decode.format: (int|float)/);
    }
  });

  test("are told from Confluent's wire format by their many numbers", () => {
    const wire = [1, 2, 3].map((i) => ({
      ...valuesOf("int64", [0])[0]!,
      value: Uint8Array.of(0, 0, 0, 0, 17, i, 3, 4),
    }));
    expect(formatIn(wire)).toMatchObject({ look: "wire", schemaIds: [17] });
    expect(
      formatIn(
        valuesOf(
          "int64",
          times(40, (i) => i * 20_000_000),
        ),
      ),
    ).toMatchObject({ binary: "int64" });
  });
});

describe("inspect suggests", () => {
  test.each(Object.entries(shapes))("settings for %s, which read the records", (_, [records, expected]) => {
    const { decode, aggregate } = suggest(records);
    expect({ decode, ...(aggregate !== undefined && { aggregate }) }).toEqual(expected);
    const { settings } = parseConfig(stringify({ decode, aggregate }), {});
    const read = recordDecoder({
      ...settings.decode,
      absent: aggregate === undefined ? settings.decode.absent : "missing",
    });
    for (const [, record] of records) {
      const skipped = record.value === null || Buffer.from(record.value).toString().includes('"op":"d"');
      if (skipped)
        expect(() => read(record)).toThrow(expect.objectContaining({ code: "RECORD_SKIPPED" }) as Error);
      else expect(read(record).refused).toEqual([]);
    }
  });

  test("the number of a record, by the record's key or as one series", () => {
    const numbers = placed([1, 2, 3], (i) => ({ key: bytes(`k${i % 2}`) }));
    expect(suggestForNumbers(numbers, "number").decode).toEqual({ format: "number" });
    const integers = placed([1, 2, 3], (i) => ({ key: Uint8Array.of(0, 0, 0, i) }));
    expect(suggestForNumbers(integers, "number").decode).toEqual({ format: "number", keyFormat: "int32" });
  });

  test("settings that are valid, whatever the documents are", () => {
    const documents = fc.array(
      fc.oneof(fc.dictionary(fc.string(), fc.jsonValue()), fc.array(fc.jsonValue())),
      {
        minLength: 1,
        maxLength: 6,
      },
    );
    fc.assert(
      fc.property(documents, (given) => {
        const { decode, aggregate } = suggest(placed(given));
        const text = configurationText({ decode, ...(aggregate !== undefined && { aggregate }) });
        expect(parseConfig(text, {}).settings.decode).toMatchObject(decode);
      }),
      { numRuns: 60, examples: [[[[{ "${": 0 }]]], [[{ "$${A}": 0 }]]] },
    );
  });
});

test.each([
  [bytes("41.5"), "number"],
  [bytes('{"a":1}'), "json"],
  [bytes("a;b;c"), "text"],
  [Uint8Array.of(0, 0, 0, 0, 17, 2, 3), "wire"],
  [Uint8Array.from([0, 0, 0, 0, 17, ...bytes("{}")]), "json-schema"],
  [Uint8Array.of(255, 1), "binary"],
])("the format of %s is %s", (value, look) => {
  const seen = formatIn([{ offset: 0, key: null, value, headers: [], timestamp: 0 }]);
  expect([seen.look, seen.count, seen.of]).toEqual([look, 1, 1]);
});

describe("the command inspect", () => {
  const run = (
    args: readonly string[],
    input: string,
  ): { status: number | null; out: string; err: string } => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [cli, "inspect", ...args], {
      encoding: "utf8",
      input,
    });
    return { status, out: stdout, err: stderr };
  };

  test("reads the payload of Kafka Connect's JSON, and its payload alone where it is a number", () => {
    const decimal = {
      type: "bytes",
      name: "org.apache.kafka.connect.data.Decimal",
      parameters: { scale: "2" },
    };
    const struct = {
      type: "struct",
      fields: [
        { type: "int64", name: "io.debezium.time.MicroTimestamp", field: "at" },
        { ...decimal, field: "price" },
      ],
    };
    const price = (i: number): string => Buffer.of(4, i).toString("base64");
    const lines = times(40, (i) =>
      JSON.stringify({
        schema: struct,
        payload: { id: `d${i % 4}`, at: 1000 * (start + i), price: price(i) },
      }),
    );
    const { out, err } = run(["orders", "--file", "-"], lines.join("\n"));
    expect(err).toBe("");
    expect(parseConfig(out, {}).settings.decode).toMatchObject({
      ...{ format: "connect-json", key: "id", time: "at", value: "price", decimals: [] },
    });
    const scalar = times(40, (i) => JSON.stringify({ schema: decimal, payload: price(i) }));
    const one = run(["prices", "--file", "-"], scalar.join("\n"));
    expect([one.err, parseConfig(one.out, {}).settings.decode]).toEqual([
      "",
      expect.objectContaining({ format: "connect-json", value: "", key: { const: "all" } }),
    ]);
  });

  test("prints a configuration for a file, with what it was chosen by as comments", () => {
    const lines = times(40, (i) =>
      JSON.stringify({ sensor: `t${i % 4}`, "at\n": 1, at: iso(i), celsius: i }),
    );
    const { status, out, err } = run(["readings", "--file", "-"], lines.join("\n"));
    expect([status, err]).toEqual([0, ""]);
    expect(out).toContain('# Key: sensor (4 values, such as "t0").');
    expect(out).toContain("# With this configuration: 40 sampled records are readable.");
    const { settings } = parseConfig(out, {});
    expect(settings.topics.input).toBe("readings");
    expect(settings.decode).toMatchObject({ key: "sensor", time: "at", value: "celsius" });
  });

  test("prints columns for lines of text", () => {
    const lines = times(40, (i) => `${iso(i)};t${i % 4};${i}.5`);
    const { out } = run(["--file", "-"], lines.join("\n"));
    expect(out).toContain("# With this configuration: 40 sampled records are readable.");
    expect(parseConfig(out, {}).settings.decode).toMatchObject({
      format: "text",
      delimiter: ";",
      key: "column2",
      time: "column1",
      value: "column3",
    });
  });

  test("reads decimal commas, and times that need a format", () => {
    const lines = times(
      40,
      (i) => `line${i % 3};${String((i % 28) + 1).padStart(2, "0")}.11.2026 10:00;${i},25`,
    );
    const { out } = run(["--file", "-"], lines.join("\n"));
    const { decimal, value, time, timeFormat } = parseConfig(out, {}).settings.decode;
    expect([decimal, value]).toEqual([",", "column3"]);
    expect([time, timeFormat]).toEqual(["column2", "d.M.yyyy H:mm"]);
  });

  test.each([
    ["ISO", (i: number) => `2026-03-${String((i % 20) + 1).padStart(2, "0")}`, undefined],
    ["German", (i: number) => `${(i % 20) + 13}.3.2026`, "d.M.yyyy H:mm"],
  ])("proposes a time of two fields, with dates as in %s", (_, day, timeFormat) => {
    const rows = times(40, (i) => ({
      date: day(i % 10),
      time: `${(i % 12) + 10}:15`,
      meter: `m${i % 3}`,
      kwh: i,
    }));
    const { out } = run(["--file", "-"], rows.map((row) => JSON.stringify(row)).join("\n"));
    const { decode } = parseConfig(out, {}).settings;
    expect(decode).toMatchObject({ time: ["date", "time"], key: "meter", value: "kwh" });
    expect(decode.timeFormat).toBe(timeFormat);
    const said = out.replaceAll("\n#  ", "");
    expect(said).toContain("times name no zone and are taken as UTC");
    expect(said).toContain("set decode.timeZone");
    const lines = rows.map((row) => Object.values(row).join(";")).join("\n");
    const ofText = parseConfig(run(["--file", "-"], lines).out, {}).settings.decode;
    expect(ofText).toMatchObject({ time: ["column1", "column2"], key: "column3", value: "column4" });
  });

  test("takes one field with date and time before two", () => {
    const rows = times(40, (i) => ({
      at: iso(i),
      date: "2026-03-01",
      time: "10:15",
      meter: `m${i % 3}`,
      kwh: i,
    }));
    const { out } = run(["--file", "-"], rows.map((row) => JSON.stringify(row)).join("\n"));
    expect(parseConfig(out, {}).settings.decode.time).toBe("at");
  });

  test("reads a file of another encoding", () => {
    const path = join(mkdtempSync(join(tmpdir(), "undercurrent-inspect-")), "in.jsonl");
    const lines = times(40, (i) => JSON.stringify({ ort: `Süd${i % 3}`, at: iso(i), celsius: i }));
    writeFileSync(path, Buffer.from(lines.join("\n"), "latin1"));
    expect(run(["--file", path, "--encoding", "windows-1252"], "").out).toContain("Süd0");
    expect(run(["readings", "--encoding", "windows-1252"], "").err).toContain("--encoding is of --file");
    rmSync(dirname(path), { recursive: true });
  });

  test("reads JSON in JSON", () => {
    const lines = times(40, (i) => JSON.stringify(JSON.stringify({ sensor: `s${i % 3}`, celsius: i })));
    const { status, out } = run(["--file", "-"], lines.join("\n"));
    expect(status).toBe(0);
    expect(parseConfig(out.replace(/^#.*$/gm, ""), {}).settings.decode).toMatchObject({
      jsonInText: [""],
      key: "sensor",
      value: "celsius",
    });
  });

  test("says what to do about values that a function reads", () => {
    const next = (input: string): string => run(["--file", "-"], input).err;
    expect(next("8=FIX.4.4|35=W|55=EUR/USD|270=1.1|\n")).toContain("next: Write a function such as");
    expect(next("api.latency:12|ms\n".repeat(20))).toContain("next: Copy examples/topics/statsd.yaml");
    expect(next("")).toContain("next: Give a file with one record's value a line.");
    expect(next("hello\n")).toContain("next: Write a function that reads a value");
  });

  test("says what else would read the values", () => {
    const { status, err } = run(["--file", "-"], "hello\n");
    expect(status).toBe(3);
    expect(err).toContain('such as "hello"');
    expect(run(["--file", "-"], '{"resourceMetrics":[]}\n').err).toContain(
      "examples/topics/opentelemetry.yaml",
    );
  });
});
