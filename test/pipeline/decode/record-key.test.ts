import { describe, expect, test } from "vitest";
import { recordDecoder, recordKeyReader } from "../../../src/pipeline/decode/decode.js";
import { decodeWith } from "../../../src/pipeline/decode/hook.js";
import { RecordReader } from "../../../src/pipeline/decode/record-reader.js";
import type { InputRecord } from "../../../src/pipeline/ports.js";
import { pipelineSettings, type PipelineOptions } from "../../../src/pipeline/settings.js";

const record = (value: unknown, key: string | null = null): InputRecord => ({
  offset: 0,
  timestamp: 1,
  key: key === null ? null : Buffer.from(key),
  value: Buffer.from(JSON.stringify(value)),
  headers: [],
});
const start = Date.UTC(2026, 2, 1);
/** A key with times behind it, as Kafka Streams writes them. */
const windowedKey = (key: string | Uint8Array, ...times: readonly number[]): Uint8Array => {
  const bytes = Buffer.alloc(8 * times.length);
  times.forEach((time, i) => bytes.writeBigInt64BE(BigInt(time), 8 * i));
  return Buffer.concat([Buffer.from(key), bytes]);
};
type Decode = NonNullable<PipelineOptions["decode"]>;
const readerOf = (decode: Decode) => recordKeyReader(pipelineSettings({ decode }).decode);
const codeOf = (read: () => unknown): string => {
  try {
    return String(read());
  } catch (error) {
    return (error as { code: string }).code;
  }
};

describe("the key of a record", () => {
  test("is that of its series, without the names of series", () => {
    expect(readerOf({ key: "sensor" })(record({ sensor: "a/b" }))).toBe("a/b");
    expect(readerOf({ key: ["site", "sensor"] })(record({ site: "n/1", sensor: "a" }))).toBe("n~11/a");
    const series = { t: "celsius", p: "bar" };
    expect(readerOf({ key: "sensor", series })(record({ sensor: "a/b", celsius: 1 }))).toBe("a/b");
    expect(readerOf({})(record({ value: 1 }, "a"))).toBe("a");
  });

  test("needs no value, and a record without a key is refused", () => {
    const read = readerOf({ key: "sensor" });
    expect(read(record({ sensor: "a" }))).toBe("a");
    expect(codeOf(() => read(record({ celsius: 1 })))).toBe("KEY_INVALID");
    expect(codeOf(() => read({ ...record(1), value: Buffer.from("no JSON") }))).toBe("RECORD_UNREADABLE");
    const skip = [{ field: "op", in: ["d"] }];
    expect(codeOf(() => readerOf({ key: "id", skip })(record({ op: "d", id: "a" })))).toBe("RECORD_SKIPPED");
  });

  test("that cannot be read is the fault of the key", () => {
    const key = [{ record: "key", path: "id" }] as const;
    const read = readerOf({ key, keyFormat: "json" });
    expect(read(record({ value: 1 }, '{"id":"a"}'))).toBe("a");
    expect(() => read(record({ value: 1 }, "{"))).toThrow("the record's key");
    expect(codeOf(() => read(record({ value: 1 }, "{")))).toBe("KEY_INVALID");
  });

  test.each([
    ["int32", [0, 0, 0, 7], "7"],
    ["int32", [255, 255, 255, 255], "-1"],
    ["int64", [0, 0, 0, 0, 0, 0, 0, 7], "7"],
    ["int64", [128, 0, 0, 0, 0, 0, 0, 0], "-9223372036854775808"],
    ["int64", [127, 255, 255, 255, 255, 255, 255, 255], "9223372036854775807"],
  ] as const)("is the whole number of %s bytes %j", (keyFormat, key, expected) => {
    const buffer = Buffer.from([9, ...key, 9]);
    const given = {
      ...record({ value: 1 }),
      key: new Uint8Array(buffer.buffer, buffer.byteOffset + 1, key.length),
    };
    expect(readerOf({ keyFormat })(given)).toBe(expected);
    expect(readerOf({ keyFormat, key: [{ const: "n" }, { record: "key" }] })(given)).toBe(`n/${expected}`);
    const settings = pipelineSettings({ decode: { keyFormat } }).decode;
    expect(new RecordReader(settings).read(given)).toBe(1);
    const reader = new RecordReader(settings);
    reader.read(given);
    expect(reader.reading(0)?.key).toBe(expected);
  });

  test("of another size than its integer is refused with both sizes", () => {
    const given = { ...record({ value: 1 }), key: Uint8Array.of(0, 0, 0, 7) };
    const read = readerOf({ keyFormat: "int64" });
    expect(codeOf(() => read(given))).toBe("KEY_INVALID");
    expect(() => read(given)).toThrow("the record's key has 4 bytes, and int64 has 8 (decode.keyFormat)");
    expect(codeOf(() => read(record({ value: 1 })))).toBe("KEY_INVALID");
  });

  test("that is no text names the formats of binary keys", () => {
    const given = { ...record({ value: 1 }), key: Uint8Array.of(0, 0, 0, 200) };
    expect(() => readerOf({})(given)).toThrow(
      "the record's key is not UTF-8 text; a Java producer's IntegerSerializer writes 4 bytes (decode.keyFormat: int32)",
    );
    const long = { ...given, key: Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 200) };
    expect(() => readerOf({})(long)).toThrow("LongSerializer writes 8 bytes (decode.keyFormat: int64)");
    const other = { ...given, key: Uint8Array.of(200) };
    expect(() => readerOf({})(other)).toThrow("not UTF-8 text; decode.keyFormat: hex takes any bytes");
    expect(readerOf({ keyFormat: "hex" })(other)).toBe("c8");
    const windowed = { ...given, key: windowedKey("pump-7", start) };
    expect(() => readerOf({})(windowed)).toThrow("(decode.keyWindow: time)");
  });

  test("has a window of Kafka Streams behind it", () => {
    const session = windowedKey('{"user":"ü"}', start + 5000, start);
    const key = [{ record: "key", path: "user" }] as const;
    const decode = { keyWindow: "session", keyFormat: "json", key } as const;
    expect(readerOf({ ...decode })({ ...record(1), key: session })).toBe("ü");
    expect(readerOf({ keyWindow: "time" })({ ...record({ value: 1 }), key: windowedKey("a", start) })).toBe(
      "a",
    );
    const integer = windowedKey(Uint8Array.of(0, 0, 0, 7), start);
    expect(readerOf({ keyWindow: "time", keyFormat: "int32" })({ ...record(1), key: integer })).toBe("7");
    const short = { ...record({ value: 1 }), key: new Uint8Array(8) };
    expect(() => readerOf({ keyWindow: "time" })(short)).toThrow("has 8 bytes, and its window alone has 8");
  });

  test.each([
    ["time", "start", start],
    ["session", "start", start],
    ["session", "end", start + 5000],
  ] as const)("of a window of kind %s gives its %s as the time", (keyWindow, window, expected) => {
    const times = keyWindow === "time" ? [start] : [start + 5000, start];
    const decode = pipelineSettings({ decode: { keyWindow, time: { window } } }).decode;
    const given = { ...record({ value: 1 }), key: windowedKey("a", ...times) };
    expect(recordDecoder(decode)(given).readings[0]).toMatchObject({ key: "a", time: expected });
  });

  test("with a window is the same in scanned records", () => {
    const reader = new RecordReader(
      pipelineSettings({ decode: { keyWindow: "time", series: { v: "value" } } }).decode,
    );
    expect(reader.read({ ...record({ value: 1 }), key: windowedKey("a/b", start) })).toBe(1);
    const { bytes, start: from, end } = reader.select(0)!.key;
    expect(Buffer.from(bytes.subarray(from, end)).toString()).toBe("a~1b/v");
    const none = { ...record({ value: 1 }), key: Buffer.from("short") };
    expect(codeOf(() => reader.read(none))).not.toBe("1");
  });

  test("has a window only where the settings say so", () => {
    const fault = (decode: Decode): unknown => codeOf(() => readerOf(decode));
    expect(fault({ time: { window: "start" } })).toBe("SETTING_INVALID");
    expect(fault({ time: { window: "end" }, keyWindow: "time" })).toBe("SETTING_INVALID");
    expect(fault({ time: { window: "end" }, keyWindow: "session", format: "int64" })).not.toBe(
      "SETTING_INVALID",
    );
  });

  test("is one: items with keys of their own are refused", () => {
    expect(codeOf(() => readerOf({ each: "readings", key: "id" }))).toBe("SETTING_INVALID");
    const { decode } = pipelineSettings({ decode: { format: "module" } });
    const read = recordKeyReader(
      decode,
      decodeWith((value) =>
        (JSON.parse(Buffer.from(value).toString()) as string[]).map((key) => ({ key, value: 1 })),
      ),
    );
    expect(read(record(["a", "a"]))).toBe("a");
    expect(codeOf(() => read(record(["a", "b"])))).toBe("KEY_INVALID");
  });
});
