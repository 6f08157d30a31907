/** Real series for tests and benches, where they are beside the checkout. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { parse } from "csv-parse/sync";
import { gunzipSync } from "node:zlib";
import { readTime } from "../../src/forecast/input.js";

const folder = new URL("../../../shared/data/", import.meta.url);

/** Whether the real series are here; says loudly, once, when they are not. */
export const dataHere = ((): boolean => {
  const here = existsSync(folder);
  if (!here) console.warn("SKIPPED: tests on real series need ../shared/data beside the checkout.");
  return here;
})();

export interface WideTable {
  /** Names of the columns but the first. */
  readonly names: readonly string[];
  /** Epoch milliseconds of each row. */
  readonly times: Float64Array;
  /** Row-major values. */
  readonly values: Float64Array;
}

/** Reads a packed CSV whose first column is the time (UTC) and whose others are numbers. */
export function readWide(path: string, rows = Infinity): WideTable {
  const lines = gunzipSync(readFileSync(new URL(path, folder)))
    .toString()
    .trim()
    .split("\n");
  const names = lines[0]!.trim().split(",").slice(1);
  const count = Math.min(rows, lines.length - 1);
  const times = new Float64Array(count);
  const values = new Float64Array(count * names.length);
  for (let i = 0; i < count; i++) {
    const cells = lines[i + 1]!.trim().split(",");
    times[i] = readTime(cells[0]);
    for (let c = 0; c < names.length; c++) values[i * names.length + c] = Number(cells[c + 1]);
  }
  return { names, times, values };
}

/** Packed CSV files under a folder of the data, in order of their names. */
export function listSeries(under: string): string[] {
  return readdirSync(new URL(`${under}/`, folder), { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".csv.gz"))
    .map((path) => `${under}/${path}`)
    .sort();
}

/** Reads the named columns of a packed CSV in long form; without a key column all keys are "". */
export function readSeries(
  path: string,
  time: string,
  value: string,
  key?: string,
): { times: number[]; values: number[]; keys: string[] } {
  const rows = parse<Record<string, string>>(gunzipSync(readFileSync(new URL(path, folder))), {
    columns: true,
  });
  return {
    times: rows.map((row) => readTime(row[time])),
    values: rows.map((row) => Number(row[value])),
    keys: rows.map((row) => (key === undefined ? "" : row[key]!)),
  };
}

/** Columns z-scored by their first `rows` rows. */
export function standardise(table: WideTable, rows: number): Float64Array {
  const width = table.names.length;
  const scaled = new Float64Array(table.values.length);
  for (let c = 0; c < width; c++) {
    let sum = 0;
    let squares = 0;
    for (let i = 0; i < rows; i++) sum += table.values[i * width + c]!;
    const mean = sum / rows;
    for (let i = 0; i < rows; i++) squares += (table.values[i * width + c]! - mean) ** 2;
    const deviation = Math.sqrt(squares / rows);
    for (let i = 0; i < scaled.length / width; i++)
      scaled[i * width + c] = (table.values[i * width + c]! - mean) / deviation;
  }
  return scaled;
}

/** Reads a JSON file of the data. */
export function readJson(path: string): unknown {
  return JSON.parse(readFileSync(new URL(path, folder), "utf8"));
}
