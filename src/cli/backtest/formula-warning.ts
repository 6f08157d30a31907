/** The warning for a CSV file with a cell that a spreadsheet would run. */
import { plainText } from "../shared/text.js";

/** Warns on standard error where `formula`, the first such key or symbol of the file, is given. */
export function warnOfFormula(file: string | undefined, formula: string | undefined): void {
  if (file === undefined || formula === undefined) return;
  process.stderr.write(
    `warning: ${plainText(file)} contains ${JSON.stringify(plainText(formula, 60))}, which a spreadsheet may run as a formula; import the columns as text\n`,
  );
}
