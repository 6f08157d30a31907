/** Times read from bytes, against the reader of texts. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { DayStarts, isoTimeAt } from "../../../../src/pipeline/decode/scan/iso-scan.js";
import { decodeNames, timeReader } from "../../../../src/pipeline/times/reader.js";

const read = (text: string): number => {
  const bytes = Buffer.from(`"${text}"`);
  return isoTimeAt(bytes, 1, bytes.length - 1, new DayStarts());
};
const ofText = timeReader({}, decodeNames);
/** What the reader of texts says; NaN where it refuses. */
const oracle = (text: string): number => {
  try {
    return ofText(text);
  } catch {
    return NaN;
  }
};
const times = fc
  .date({ min: new Date(0), max: new Date("9999-12-31T23:59:59.999Z"), noInvalidDate: true })
  .map((date) => date.toISOString());

test("times of the common form are read, with milliseconds or without, and with Z or without", () => {
  fc.assert(
    fc.property(times, fc.boolean(), fc.boolean(), (whole, isShort, hasZone) => {
      const text = (isShort ? whole.slice(0, 19) : whole.slice(0, 23)) + (hasZone ? "Z" : "");
      expect(read(text)).toBe(oracle(text));
      expect(read(text)).not.toBeNaN();
    }),
  );
});

test("a text of which one letter is another is read as the reader of texts reads it, or left to it", () => {
  const letters = fc.constantFrom(...Array.from("0123456789-:.TZ t/+"));
  fc.assert(
    fc.property(times, fc.nat(23), letters, fc.constantFrom(20, 24), (whole, at, letter, length) => {
      const plain = length === 20 ? `${whole.slice(0, 19)}Z` : whole;
      const text = plain.slice(0, at) + letter + plain.slice(at + 1);
      const found = read(text);
      if (!Number.isNaN(found)) expect(found).toBe(oracle(text));
    }),
    { numRuns: 1000 },
  );
  for (const at of [4, 7, 10, 13, 16, 19]) {
    const text = "2026-03-01T10:00:05.250Z";
    expect(read(`${text.slice(0, at)}1${text.slice(at + 1)}`)).toBeNaN();
  }
});

test("days that the calendar does not have, and those before 1970, are left to the reader of texts", () => {
  for (const day of ["2026-02-30", "2026-13-01", "2026-00-10", "1969-12-31", "2026-04-31"])
    expect(read(`${day}T00:00:00Z`)).toBeNaN();
  expect(read("2024-02-29T00:00:00Z")).toBe(Date.UTC(2024, 1, 29));
});
