import fc from "fast-check";
import { isUtf8 } from "node:buffer";
import { describe, expect, test } from "vitest";
import { CsvRecords } from "../../../src/adapters/files/csv/csv-records.js";
import { readObservationLine } from "../../../src/adapters/files/json-lines.js";
import { readTime } from "../../../src/forecast/input.js";
import { Tokenizer } from "../../../src/adapters/files/tokens.js";
import { notUtf8Text, Utf8Decoder, wasUtf8 } from "../../../src/adapters/files/encodings/utf8.js";

const textOf = (bytes: Uint8Array, cuts: readonly number[]): string => {
  const decoder = new Utf8Decoder();
  const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  const parts = places.slice(1).map((end, index) => decoder.push(bytes.subarray(places[index], end)));
  return parts.join("") + decoder.end();
};

/** Bytes between well-formed text and noise. */
const mixed = fc
  .array(
    fc.oneof(
      fc.string({ unit: "binary" }).map((text) => Buffer.from(text)),
      fc.uint8Array({ maxLength: 4 }).map((bytes) => Buffer.from(bytes)),
      fc
        .constantFrom([0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xe0, 0x80, 0x80], [0xc0, 0xaf])
        .map((bytes) => Buffer.from(bytes)),
    ),
  )
  .map((parts) => Buffer.concat(parts));

/** Each half surrogate as the byte that it stands for. */
const bytesOf = (text: string): Buffer =>
  Buffer.concat(
    Array.from(text, (character) => {
      const code = character.codePointAt(0)!;
      return code >= 0xdc80 && code <= 0xdcff ? Buffer.of(code - 0xdc00) : Buffer.from(character);
    }),
  );

describe("decoded UTF-8", () => {
  test("keeps every byte apart, wherever the pieces are cut", () => {
    fc.assert(
      fc.property(mixed, fc.array(fc.nat()), (bytes, cuts) => {
        const text = textOf(bytes, cuts);
        expect(Buffer.compare(bytesOf(text), bytes)).toBe(0);
        expect(text).toBe(textOf(bytes, []));
        expect(wasUtf8(text)).toBe(isUtf8(bytes));
        if (isUtf8(bytes)) expect(text).toBe(bytes.toString("utf8"));
      }),
      { numRuns: 1000 },
    );
  });

  test("takes work that grows with its bytes alone", () => {
    expect(textOf(Buffer.alloc(1 << 20, 0xff), [])).toHaveLength(1 << 20);
  });
});

describe("what is not UTF-8", () => {
  const bytes = Buffer.from(
    "key,time,value\ncaf\xe9,2026-01-01,1\ncaf\xe8,2026-01-01,2\ncaf,2026-01-01,3\n",
    "latin1",
  );

  test("refuses the line of a CSV file, and no other", () => {
    const records = new CsvRecords();
    const found = [...records.push(textOf(bytes, [17])), ...records.end()];
    const refused = { code: "ROW_UNREADABLE", message: notUtf8Text };
    expect(found).toEqual([
      { line: 1, cells: ["key", "time", "value"] },
      { line: 2, ...refused },
      { line: 3, ...refused },
      { line: 4, cells: ["caf", "2026-01-01", "3"] },
    ]);
  });

  test("refuses the line inside quotation marks", () => {
    const records = new CsvRecords();
    const text = textOf(Buffer.from('a,b\n"x,1\n\xff",2\ny,3\n', "latin1"), []);
    const codes = [...records.push(text), ...records.end()].map((record) =>
      "code" in record ? record.code : record.cells,
    );
    expect(codes).toEqual([["a", "b"], "ROW_UNREADABLE", "ROW_UNREADABLE", ["y", "3"]]);
  });

  test("refuses a line of JSON, in a key and elsewhere", () => {
    const reading = { features: [], timeOf: readTime, numberOf: () => 0 };
    for (const line of [
      '{"key":"caf\xe9","time":0,"value":1}',
      '{"key":"a","time":0,"value":1,"note":"\xff"}',
    ]) {
      const text = textOf(Buffer.from(line, "latin1"), []);
      expect(() => readObservationLine({ number: 1, text }, reading)).toThrow("not UTF-8");
    }
  });

  test("stays in its word, which is refused as a symbol", () => {
    const tokenizer = new Tokenizer("words");
    const tokens = [
      ...tokenizer.push(textOf(Buffer.from("un caf\xe9 noir", "latin1"), [])),
      ...tokenizer.end(),
    ];
    expect(tokens).toEqual(["un", "caf\udce9", "noir"]);
  });
});
