/** Reads the text of a cell: the entry to `forecast/input.ts` for values and times that come as text. */
import { withHint } from "../../../errors/errors.js";
import { readTime, readValue } from "../../../forecast/input.js";
import {
  cellNumberNames,
  numberTextHint,
  unitRemover,
  type NumberForm,
} from "../../../pipeline/decode/number-text.js";
import { flagNames, numericText, timeReader, type TimeSettings } from "../../../pipeline/times/reader.js";

/** Texts for a missing value, in lower case; an empty cell is missing too. */
export const missingWords: readonly string[] = ["nan", "null", "none", "nil", "na", "n/a", "#n/a", "-"];
const knownMissing: ReadonlySet<string> = new Set(["", ...missingWords]);

/** Number() also accepts hexadecimal, octal and binary text, which does not occur in tables of decimal numbers. */
const otherRadix = /^\s*0[xob]/i;
const infinite = /^[+-]?inf(inity)?$/i;

/** How the cells of a file are written. */
export interface CellForm extends TimeSettings, NumberForm {
  /** Further texts for a missing value, in any case. */
  readonly missing?: readonly string[] | undefined;
}

/** Reads the value of a cell; NaN if missing. Errors call the cell by `name`. */
export type ValueCellReader = (cell: string, name?: string) => number;

/**
 * Reads the value of a cell; NaN if it is empty or one of `missingWords` in any case. Throws VALUE_NOT_A_NUMBER unless it is
 * one complete decimal number, and VALUE_OUT_OF_RANGE. Errors call the cell by `name`.
 *
 * @example
 * ```ts
 * readValueCell("41.5"); // 41.5
 * readValueCell("n/a"); // NaN
 * readValueCell("41,5"); // throws VALUE_NOT_A_NUMBER
 * ```
 */
export function readValueCell(cell: string, name?: string): number {
  const value = Number(cell);
  // Number("") is 0, and a cell of blanks is as empty as one without.
  if (Number.isFinite(value) && value !== 0 && !otherRadix.test(cell)) return readValue(value, name);
  const text = cell.trim();
  if (knownMissing.has(text.toLowerCase())) return NaN;
  if (infinite.test(text)) return readValue(text.startsWith("-") ? -Infinity : Infinity, name);
  if (Number.isNaN(value) || otherRadix.test(text)) return refuseText(text, name, ".");
  return readValue(value, name);
}

/** Throws VALUE_NOT_A_NUMBER, with what would make a number of the text. */
function refuseText(text: string, name: string | undefined, decimal: "." | ","): number {
  return withHint(
    () => readValue(text, name),
    () => numberTextHint(text, decimal, cellNumberNames),
  );
}

/** `readValueCell` for cells with a decimal comma or units, or with further words for a missing value. */
export function valueCellReader({ decimal = ".", missing = [], valueUnit = [] }: CellForm): ValueCellReader {
  const words = new Set(missing.map((word) => word.trim().toLowerCase()));
  const ofNumber = decimal === "." ? readValueCell : readDecimalComma;
  const withoutUnit = unitRemover(valueUnit);
  const plain: ValueCellReader =
    valueUnit.length === 0 ? ofNumber : (cell, name) => ofNumber(withoutUnit(cell), name);
  if (words.size === 0) return plain;
  return (cell, name) => (words.has(cell.trim().toLowerCase()) ? NaN : plain(cell, name));
}

function readDecimalComma(cell: string, name?: string): number {
  // A point would be a separator of thousands, which is refused as is a comma in a file with decimal points.
  if (/\d\.|\.\d/.test(cell)) return refuseText(cell.trim(), name, ",");
  return readValueCell(cell.replace(",", "."), name);
}

/** Reads the time of a cell; see `timeReader`. */
export function timeCellReader(form: TimeSettings): (cell: string) => number {
  const read = timeReader(form, flagNames, true);
  return (cell) => read(cell.trim());
}

/** The time of a cell in epoch milliseconds: such a number of any size, or ISO 8601. Throws TIME_INVALID. */
export function readTimeCell(cell: string): number {
  const text = cell.trim();
  return readTime(numericText.test(text) ? Number(text) : text);
}
