/** What the text of a cell stands for: the gate of `forecast/input.ts` for values and times that come as text. */
import { readTime, readValue } from "../../forecast/input.js";

/** Text that stands for a missing value, beside the empty cell. */
const missing = new Set(["", "NaN", "nan", "null", "NA", "N/A"]);

/** Number() also takes hexadecimal, octal and binary text, which nobody means in a table of decimal numbers. */
const otherRadix = /^\s*0[xob]/i;
const infinite = /^[+-]?inf(inity)?$/i;
const epochMilliseconds = /^[+-]?\d+(\.\d+)?$/;

/**
 * The value of a cell, NaN where it is empty, NaN, nan, null, NA or N/A. Throws VALUE_NOT_A_NUMBER unless it is one
 * complete decimal number, and VALUE_OUT_OF_RANGE; errors call it by `name`.
 *
 * @example
 * ```ts
 * readValueCell("41.5"); // 41.5
 * readValueCell("NA"); // NaN
 * readValueCell("41,5"); // throws VALUE_NOT_A_NUMBER
 * ```
 */
export function readValueCell(cell: string, name?: string): number {
  const value = Number(cell);
  // Number("") is 0, and a cell of blanks is as empty as one without.
  if (Number.isFinite(value) && value !== 0 && !otherRadix.test(cell)) return readValue(value, name);
  const text = cell.trim();
  if (missing.has(text)) return NaN;
  if (infinite.test(text)) return readValue(text.startsWith("-") ? -Infinity : Infinity, name);
  if (Number.isNaN(value) || otherRadix.test(text)) return readValue(text, name);
  return readValue(value, name);
}

/** The time of a cell in epoch milliseconds: such a number, or ISO 8601. Throws TIME_INVALID. */
export function readTimeCell(cell: string): number {
  const text = cell.trim();
  return readTime(epochMilliseconds.test(text) ? Number(text) : text);
}
