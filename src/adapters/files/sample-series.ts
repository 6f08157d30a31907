/** The series of the demo: columns of CSV files of vega-datasets, where that package is installed. */
import { parse } from "csv-parse/sync";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { readTimeCell, readValueCell } from "./csv/cells.js";

/** One series in the order of its times. */
export interface SampleSeries {
  readonly key: string;
  /** Epoch milliseconds. */
  readonly times: Float64Array;
  /** NaN where a value is missing. */
  readonly values: Float64Array;
}

interface SampleColumn {
  readonly file: string;
  readonly column: string;
  readonly key: string;
  readonly location?: string;
}

const daily = ["Seattle", "New York"].flatMap((location): SampleColumn[] => [
  { file: "weather.csv", location, column: "temp_max", key: `${location} daily maximum (°C)` },
  { file: "weather.csv", location, column: "temp_min", key: `${location} daily minimum (°C)` },
  { file: "weather.csv", location, column: "wind", key: `${location} daily wind (m/s)` },
]);
const columns: readonly SampleColumn[] = [
  {
    file: "seattle-weather-hourly-normals.csv",
    column: "temperature",
    key: "Seattle hourly temperature (°C)",
  },
  ...daily,
  { file: "sp500-2000.csv", column: "close", key: "S&P 500 daily close" },
  { file: "sp500-2000.csv", column: "volume", key: "S&P 500 daily volume" },
];

/** The series, or undefined where vega-datasets is not installed. */
export function sampleSeries(): readonly SampleSeries[] | undefined {
  let folder: string;
  try {
    folder = join(dirname(createRequire(import.meta.url).resolve("vega-datasets")), "..", "data");
  } catch {
    return undefined;
  }
  const rowsOf = new Map<string, Record<string, string>[]>();
  for (const { file } of columns) {
    if (!rowsOf.has(file)) rowsOf.set(file, parse(readFileSync(join(folder, file)), { columns: true }));
  }
  return columns.map(({ file, column, key, location }) => {
    const rows = rowsOf.get(file)!.filter((row) => location === undefined || row["location"] === location);
    return {
      key,
      times: Float64Array.from(rows, (row) => readTimeCell(row["date"]!)),
      values: Float64Array.from(rows, (row) => readValueCell(row[column]!)),
    };
  });
}
