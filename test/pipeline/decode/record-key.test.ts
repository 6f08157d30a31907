import { describe, expect, test } from "vitest";
import { recordKeyReader } from "../../../src/pipeline/decode/decode.js";
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
    expect(() => readerOf({})(other)).toThrow(/^the record's key is not UTF-8 text$/);
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
