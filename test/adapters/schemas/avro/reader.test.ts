/** The reader of Avro against another implementation, and against bytes that are no Avro. */
import avro from "avsc";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decimalOf } from "../../../../src/pipeline/decode/formats/decimal.js";
import { avroReader, type AvroNames } from "../../../../src/adapters/schemas/avro/reader.js";

const inner = {
  type: "record",
  name: "Inner",
  fields: [
    { name: "flag", type: "boolean" },
    { name: "next", type: ["null", "Inner"] },
  ],
};
const schema = {
  type: "record",
  name: "Reading",
  namespace: "plant",
  fields: [
    { name: "sensor", type: "string" },
    { name: "count", type: "int" },
    { name: "total", type: "long" },
    { name: "ratio", type: "float" },
    { name: "value", type: ["null", "double"] },
    { name: "unit", type: { type: "enum", name: "Unit", symbols: ["C", "K"] } },
    { name: "raw", type: "bytes" },
    { name: "id", type: { type: "fixed", name: "Id", size: 3 } },
    { name: "list", type: { type: "array", items: "long" } },
    { name: "tags", type: { type: "map", values: ["null", "string"] } },
    { name: "inner", type: inner },
    { name: "again", type: "plant.Unit" },
  ],
} as const;
const oracle = avro.Type.forSchema(schema as unknown as avro.Schema, { wrapUnions: "never" });
const long = fc.oneof(
  fc.integer(),
  fc.integer({ min: -(2 ** 31), max: 2 ** 31 }).map((n) => n * 2 ** 21),
  fc.constantFrom(
    0,
    -1,
    2 ** 27,
    -(2 ** 27),
    2 ** 28,
    2 ** 34,
    2 ** 48,
    -(2 ** 48),
    2 ** 52 - 1,
    1 - 2 ** 52,
  ),
);
const innerValue = fc.letrec((tie) => ({
  inner: fc.record({
    flag: fc.boolean(),
    next: fc.option(tie("inner"), { depthSize: "small" }),
  }),
})).inner;
const reading = fc.record({
  sensor: fc.string({ unit: "grapheme" }),
  count: fc.integer(),
  total: long,
  ratio: fc.float({ noNaN: true }),
  value: fc.option(fc.double()),
  unit: fc.constantFrom("C", "K"),
  raw: fc.uint8Array().map((bytes) => Buffer.from(bytes)),
  id: fc.uint8Array({ minLength: 3, maxLength: 3 }).map((bytes) => Buffer.from(bytes)),
  list: fc.array(long),
  tags: fc.dictionary(fc.string({ unit: "grapheme" }), fc.option(fc.string({ unit: "grapheme" }))),
  inner: innerValue,
  again: fc.constantFrom("C", "K"),
});

describe("a reader of Avro", () => {
  const read = avroReader(schema);

  test("reads what another implementation writes, of every type", () => {
    fc.assert(
      fc.property(reading, fc.integer({ min: 0, max: 9 }), (value, from) => {
        const bytes = Buffer.concat([Buffer.alloc(from, 0xff), oracle.toBuffer(value)]);
        const found = read(bytes, from) as { tags: Record<string, unknown> };
        // Its maps have no prototype, so that no name is special.
        expect({ ...found, tags: { ...found.tags } }).toEqual(value);
      }),
    );
  });

  test("refuses bytes that are cut, changed or followed by others, and never hangs", () => {
    fc.assert(
      fc.property(reading, fc.nat(), fc.integer({ min: 0, max: 255 }), (value, where, byte) => {
        const bytes = oracle.toBuffer(value);
        expect(() => read(bytes.subarray(0, where % bytes.length), 0)).toThrow(RangeError);
        expect(() => read(Buffer.concat([bytes, Buffer.of(0)]), 0)).toThrow("1 bytes after its end");
        bytes[where % bytes.length] = byte;
        try {
          read(bytes, 0);
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError);
        }
      }),
    );
  });

  test("refuses blocks and lengths beyond the bytes at once, also of items without bytes", () => {
    // Counts of 2^62 and -2^62, and a text of that length.
    const huge = [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01];
    const many = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01];
    for (const type of [
      { type: "array", items: "null" },
      { type: "map", values: "null" },
      "string",
      "bytes",
    ]) {
      for (const count of [huge, many, [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]]) {
        expect(() => avroReader(type)(Buffer.from([...count, 0, 0, 0]), 0)).toThrow(RangeError);
      }
    }
    const nulls = Buffer.concat([
      Buffer.from(
        Array<number>(1000)
          .fill(200)
          .flatMap((n) => [n, 1]),
      ),
      Buffer.of(0),
    ]);
    expect(() => avroReader({ type: "array", items: "null" })(nulls, 0)).toThrow(RangeError);
    const endless = { type: "record", name: "A", fields: [{ name: "a", type: "A" }] };
    expect(() => avroReader(endless)(Buffer.of(0), 0)).toThrow(RangeError);
  });

  test("names what a schema lacks", () => {
    const named = (name: unknown): object => ({ type: "record", name, fields: [] });
    for (const name of [undefined, "", 7, null])
      expect(() => avroReader(named(name))).toThrow("a name is missing");
    for (const name of [undefined, "", 7])
      expect(() => avroReader({ type: "record", name: "A", fields: [{ name, type: "int" }] })).toThrow(
        "a field's name is missing",
      );
  });

  test("reads logical types: times as dates, local ones as text without a zone, decimals as numbers", () => {
    const time = Date.UTC(2026, 2, 1, 10, 0, 5, 250);
    const writes = (type: string, value: number): Buffer => avro.Type.forSchema(type).toBuffer(value);
    const logical = (type: string, logicalType: string, value: number): unknown =>
      avroReader({ type, logicalType })(writes(type, value), 0);
    expect(logical("long", "timestamp-millis", time)).toEqual(new Date(time));
    expect(logical("long", "timestamp-micros", 1000 * time + 999)).toEqual(new Date(time));
    expect(logical("int", "date", 20_513)).toEqual(new Date("2026-03-01"));
    expect(logical("long", "local-timestamp-millis", time)).toBe("2026-03-01T10:00:05.250");
    expect(logical("string", "uuid", "a" as unknown as number)).toBe("a");
    expect(logical("int", "decimal", 7)).toBe(7);
    // Beyond 2^53: another implementation refuses such a long.
    const nanos = Buffer.alloc(10);
    let rest = BigInt(time) * 2_000_000n;
    let length = 0;
    for (; rest > 127n; rest >>= 7n) nanos[length++] = Number(rest & 127n) | 128;
    nanos[length++] = Number(rest);
    const bytes = nanos.subarray(0, length);
    expect(avroReader({ type: "long", logicalType: "timestamp-nanos" })(bytes, 0)).toEqual(new Date(time));
    expect(avroReader("long")(bytes, 0)).toBe(1e6 * time);
  });

  test("reads decimals as the nearest number", () => {
    fc.assert(
      fc.property(
        fc.bigInt(-(2n ** 100n), 2n ** 100n),
        fc.integer({ min: 0, max: 30 }),
        (unscaled, scale) => {
          const hex = BigInt.asUintN(104, unscaled).toString(16).padStart(26, "0");
          expect(decimalOf(Buffer.from(hex, "hex"), scale)).toBe(Number(`${unscaled}e-${scale}`));
        },
      ),
    );
    expect(decimalOf(new Uint8Array(0), 2)).toBe(0);
    expect(() => decimalOf(new Uint8Array(161), 2)).toThrow(RangeError);
  });

  test("reads Debezium's decimals without a fixed scale", () => {
    const type = {
      type: "record",
      name: "VariableScaleDecimal",
      "connect.name": "io.debezium.data.VariableScaleDecimal",
      fields: [
        { name: "scale", type: "int" },
        { name: "value", type: "bytes" },
      ],
    };
    const value = Buffer.of(4, 210);
    const bytes = avro.Type.forSchema(type as avro.Schema).toBuffer({ scale: 2, value });
    expect(avroReader(type)(bytes, 0)).toBe(12.34);
    expect(avroReader({ ...type, "connect.name": "other" })(bytes, 0)).toMatchObject({ scale: 2 });
  });

  test("takes types from schemas that it refers to", () => {
    const names: AvroNames = new Map();
    avroReader({ type: "enum", name: "Unit", namespace: "common", symbols: ["C"] }, names);
    expect(avroReader({ type: "array", items: "common.Unit" }, names)(Buffer.of(2, 0, 0), 0)).toEqual(["C"]);
  });

  test.each([
    ["a name that is not declared", "Unknown"],
    ["a record without fields", { type: "record", name: "R" }],
    [
      "a field whose name is special",
      { type: "record", name: "R", fields: [{ name: "__proto__", type: "int" }] },
    ],
    ["a type without a name", { type: "enum", symbols: [] }],
    ["a fixed type without a size", { type: "fixed", name: "F" }],
    ["a number", 7],
    ["null", null],
  ])("refuses a schema with %s", (_, wrong) => {
    expect(() => avroReader(wrong)).toThrow(TypeError);
  });
});
