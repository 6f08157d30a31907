/** Notices a file whose first row is data and no header, and one that is no CSV. */
import { UndercurrentError } from "../../../errors/errors.js";
import { parseIsoTime } from "../../../forecast/iso-time.js";
import { plausibleUnit } from "../../../pipeline/times/epoch.js";
import { numericText } from "../../../pipeline/times/reader.js";
import { timeFormatParser } from "../../../pipeline/times/format.js";
import { valueCellReader, type CellForm } from "./cells.js";
import { quoted } from "./column-names.js";
import type { CsvColumns } from "./csv-layout.js";

interface HeaderSource {
  readonly file: string;
  readonly header: readonly string[];
  readonly columns: CsvColumns;
  readonly form: CellForm;
}

/** Says what a file is whose first line shows that it is no CSV with line feeds; undefined for any other. */
export function otherForm(firstLine: string): string | undefined {
  if (/^\s*(?:\{\s*"|\[\s*[[{])/.test(firstLine)) {
    return "looks like JSON, expected CSV: lines of JSON are read from a file named .jsonl, which jq -c '.[]' makes of an array";
  }
  if (/^"?#(?:datatype|group|default)\b/.test(firstLine)) {
    return "has InfluxDB's annotations above its header; leave them out, as grep -v '^#' does, and name the columns, such as --time _time --value _value --key _field";
  }
  if (firstLine.includes("\r")) {
    return "has lines that end with a carriage return alone; convert them to line feeds";
  }
  return undefined;
}

/**
 * Throws INPUT_COLUMN_MISSING if the first row holds a time and a number, or an epoch time and otherwise only numbers. A row
 * with the name of a column that the user chose is a header.
 */
export function assertHeader({ file, header, columns, form }: HeaderSource): void {
  const { time, key, value, features = [] } = columns;
  if (
    [time, ...(time?.split(",") ?? []), key, value, ...features].some(
      (name) => name !== undefined && header.includes(name),
    )
  )
    return;
  const valueOf = valueCellReader(form);
  const parse = form.timeFormat === undefined ? parseIsoTime : timeFormatParser(form.timeFormat);
  const cells = header.map((cell) => cell.trim());
  const isTime = (cell: string): boolean => !Number.isNaN(parse(cell));
  /** Returns whether the cell is a number or a text for a missing value. */
  const holds = (cell: string): "number" | "missing" | undefined => {
    try {
      return Number.isNaN(valueOf(cell)) ? "missing" : "number";
    } catch {
      return undefined;
    }
  };
  const times = cells.findIndex(isTime);
  const hasNumber = cells.some((cell, column) => column !== times && holds(cell) === "number");
  const isEpoch = (cell: string): boolean =>
    numericText.test(cell) && plausibleUnit(Number(cell)) !== undefined;
  const isNumbers =
    cells.length > 1 && isEpoch(cells[0]!) && cells.every((cell) => holds(cell) !== undefined);
  if (!(times >= 0 && hasNumber) && !isNumbers) return;
  throw new UndercurrentError(
    "INPUT_COLUMN_MISSING",
    `${file}: the first row is data, not the names of columns: ${cells.slice(0, 4).map(quoted).join(", ")}; write a header above it, such as time,value`,
  );
}
