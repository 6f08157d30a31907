/** Lines and records of CSV: the same however the text is cut, one rejection for one bad line, nothing lost. */
import { parse } from "csv-parse/sync";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CsvRecords, isFault, type CsvRecord } from "../../../src/adapters/files/csv/csv-records.js";
import { csvCell } from "../../../src/adapters/files/csv/csv-writer.js";
import { LineSplitter, longestLine, type Line } from "../../../src/adapters/files/lines.js";

/** A text and the places at which it is cut. */
const cuts = fc.array(fc.nat({ max: 40 }), { minLength: 1, maxLength: 20 });

function cut(text: string, sizes: readonly number[]): string[] {
  const pieces: string[] = [];
  for (let at = 0, i = 0; at < text.length; i++) {
    const size = sizes[i % sizes.length]! + (i % sizes.length === 0 ? 1 : 0);
    pieces.push(text.slice(at, at + size));
    at += size;
  }
  return pieces;
}

function linesOf(pieces: readonly string[], limit?: number): Line[] {
  const splitter = new LineSplitter(limit);
  return [...pieces.flatMap((piece) => splitter.push(piece)), ...splitter.end()];
}

function recordsOf(...pieces: readonly string[]): CsvRecord[] {
  const records = new CsvRecords();
  return [...pieces.flatMap((piece) => records.push(piece)), ...records.end()];
}

const text = fc.string({ unit: fc.constantFrom("a", "b", "1", ",", '"', "\n", "\r", " ", "é", "𝄞", "\0") });
const cell = fc.string({ unit: fc.constantFrom("a", "1", ",", '"', "\n", " ", "é", "="), maxLength: 6 });

describe("lines", () => {
  it("are the same however the text is cut, and numbered from 1", () => {
    fc.assert(
      fc.property(text, cuts, (whole, sizes) => {
        const expected = whole
          .split("\n")
          .map((line, i) => ({ number: i + 1, text: line.replace(/\r$/, "") }));
        if (whole === "" || whole.endsWith("\n")) expected.pop();
        expect(linesOf(cut(whole, sizes))).toEqual(expected);
      }),
    );
  });

  it("are let go beyond the limit, and the next ones read", () => {
    const lines = linesOf(cut(`ab\n${"x".repeat(100)}\ncd\n${"y".repeat(11)}`, [7]), 10);
    expect(lines).toEqual([
      { number: 1, text: "ab" },
      { number: 2, text: undefined },
      { number: 3, text: "cd" },
      { number: 4, text: undefined },
    ]);
  });

  it("start after a byte order mark", () => {
    expect(linesOf(["\uFEFFtime\n", "\uFEFFkept"])).toEqual([
      { number: 1, text: "time" },
      { number: 2, text: "\uFEFFkept" },
    ]);
  });
});

describe("records", () => {
  it("are what csv-parse reads, for any table that was written properly", () => {
    const table = fc
      .integer({ min: 2, max: 4 })
      .chain((width) => fc.array(fc.array(cell, { minLength: width, maxLength: width }), { minLength: 1 }));
    fc.assert(
      fc.property(table, cuts, fc.constantFrom("\n", "\r\n"), (rows, sizes, lineBreak) => {
        const csv = rows.map((row) => row.map(csvCell).join(",") + lineBreak).join("");
        const records = recordsOf(...cut(csv, sizes));
        expect(records.some(isFault)).toBe(false);
        const cells = records.map((record) => (isFault(record) ? [] : record.cells));
        expect(cells).toEqual(parse(csv, { record_delimiter: lineBreak }));
        expect(cells).toEqual(rows);
      }),
    );
  });

  it("never throw, are the same however the text is cut, and account for every line that is not empty", () => {
    fc.assert(
      fc.property(text, cuts, (whole, sizes) => {
        const records = recordsOf(whole);
        expect(recordsOf(...cut(whole, sizes))).toEqual(records);
        const starts = records.map((record) => record.line);
        expect(starts).toEqual([...new Set(starts)].sort((a, b) => a - b));
        linesOf([whole]).forEach((line, i, lines) => {
          if (line.text === "" || starts.includes(line.number)) return;
          // A line that starts no record is inside the quotation marks of the one before.
          const owner = records.findLast((record) => record.line < line.number);
          const inside = lines.slice((owner?.line ?? 1) - 1, i + 1).map((part) => part.text);
          expect(owner !== undefined && !isFault(owner)).toBe(true);
          expect(inside.join("\n")).toContain('"');
        });
      }),
      { numRuns: 500 },
    );
  });

  it("go on with the next line after a stray quotation mark", () => {
    const rows = Array.from({ length: 300 }, (_, i) => `${i},1\n`);
    rows[3] = 'x"y,1\n';
    rows[200] = '"open,1\n';
    const records = recordsOf("time,value\n", ...rows);
    expect(records.filter(isFault).map((fault) => fault.line)).toEqual([5, 202]);
    expect(records).toHaveLength(301);
  });

  it("name what is wrong with a line", () => {
    const records = recordsOf(`a,b\n1\n1,2,3\n"1"x,2\nx"1",2\n${"x".repeat(longestLine + 1)}\n1,2\n"1,2`);
    expect(records.filter(isFault)).toEqual([
      { line: 2, code: "ROW_UNREADABLE", message: "expected 2 cells as in the header, found 1" },
      { line: 3, code: "ROW_UNREADABLE", message: "expected 2 cells as in the header, found 3" },
      { line: 4, code: "ROW_UNREADABLE", message: "text after the closing quotation mark of a cell" },
      {
        line: 5,
        code: "ROW_UNREADABLE",
        message: "a quotation mark inside a cell that does not start with one",
      },
      { line: 6, code: "LINE_TOO_LONG", message: `the line is longer than ${longestLine} characters` },
      { line: 8, code: "ROW_UNREADABLE", message: "a quotation mark is not closed" },
    ]);
    expect(records.at(-2)).toEqual({ line: 7, cells: ["1", "2"] });
  });
});
