/** Finds the column that holds the time of day beside a column of dates. */
import { likelyFormat } from "../../../pipeline/times/guess.js";
import type { CsvRow } from "./csv-records.js";

const timeOfDay = /^\d{1,2}:\d\d(:\d\d(\.\d{1,3})?)?( ?[AaPp][Mm])?$/;
const isoDay = /^\d{4}-\d\d-\d\d$/;

/**
 * Returns what to do about a time of day in a column next to that of the dates; undefined if there is none. `isRead` says that the
 * dates are read, without their time of day.
 *
 * @param rows the first rows of the file
 * @param format the format of the times that the user names
 */
export function clockColumn(
  header: readonly string[],
  timeColumns: readonly number[],
  rows: readonly CsvRow[],
  format: string | undefined,
): { readonly text: string; readonly isRead: boolean } | undefined {
  const [date, second] = timeColumns;
  if (date === undefined || second !== undefined || rows.length === 0) return undefined;
  const cellOf = ({ cells }: CsvRow, column: number): string => cells[column]?.trim() ?? "";
  const isClock = (column: number): boolean => rows.every((row) => timeOfDay.test(cellOf(row, column)));
  const clock = [date + 1, date - 1].find((column) => column >= 0 && isClock(column));
  if (clock === undefined || !rows.every((row) => isDay(cellOf(row, date)))) return undefined;
  const [day, time] = [header[date]!, header[clock]!];
  if (`${day}${time}`.includes(",") || time === "") return undefined;
  const columns = `--time ${/[^\p{L}\d_-]/u.test(`${day}${time}`) ? JSON.stringify(`${day},${time}`) : `${day},${time}`}`;
  const first = `${cellOf(rows[0]!, date)} ${cellOf(rows[0]!, clock)}`;
  const joined = likelyFormat(first);
  const isIso = isoDay.test(cellOf(rows[0]!, date)) && !/[AaPp][Mm]$/.test(first);
  const how = isIso || joined === undefined ? columns : `${columns} --time-format ${JSON.stringify(joined)}`;
  return isIso || format !== undefined
    ? { text: `the time of day in the column next to the date is not read: ${how} reads both`, isRead: true }
    : { text: `; the time of day is in the column next to it: ${how} reads both`, isRead: false };
}

/** Whether a text is a date without a time of day. */
function isDay(text: string): boolean {
  const format = likelyFormat(text);
  return format !== undefined && !/[Hh]/.test(format);
}
