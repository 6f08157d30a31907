/** Finds the column that holds the time of day beside a column of dates. */
import { isDay, isTimeOfDay, likelyFormat } from "../../../pipeline/times/guess.js";
import type { CsvRow } from "./csv-records.js";

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
  const isClock = (column: number): boolean => rows.every((row) => isTimeOfDay(cellOf(row, column)));
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
