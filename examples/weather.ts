/**
 * Tomorrow's weather in Seattle and New York, from four years of days: each day's forecast was made the evening before,
 * from the days before it and nothing else. One network learns from all eight series at once.
 */
import { parse } from "csv-parse/sync";
import { readFileSync } from "node:fs";
import { from, toArray } from "rxjs";
import { forecast } from "undercurrent-forecast";

type Column = "location" | "date" | "temp_max" | "temp_min" | "wind" | "precipitation";
const columns = ["temp_max", "temp_min", "wind", "precipitation"] as const;
const file = new URL("../node_modules/vega-datasets/data/weather.csv", import.meta.url);
const days: Record<Column, string>[] = parse(readFileSync(file), { columns: true });
const readings = days
  .flatMap((day) =>
    columns.map((name) => ({ key: `${day.location} ${name}`, at: day.date, value: Number(day[name]) })),
  )
  .sort((a, b) => a.at.localeCompare(b.at));

from(readings)
  .pipe(forecast({ key: (r) => r.key, time: (r) => r.at, value: (r) => r.value }), toArray())
  .subscribe((forecasts) => {
    console.log(
      "series                    last   tomorrow  90 % interval   mean error in the last year, of today's value",
    );
    for (const key of new Set(forecasts.map((each) => each.key))) {
      const own = forecasts.filter((each) => each.key === key);
      const last = own.at(-1)!;
      const year = own.slice(-365);
      const error = year.reduce((sum, each) => sum + Math.abs(each.value - each.expected), 0) / year.length;
      const before = own.slice(-366, -1);
      const errorOfLast =
        year.reduce((sum, each, i) => sum + Math.abs(each.value - before[i]!.value), 0) / year.length;
      console.log(
        key.padEnd(24),
        last.value.toFixed(1).padStart(5),
        last.yhat.toFixed(1).padStart(10),
        `${last.yhatLower.toFixed(1)} to ${last.yhatUpper.toFixed(1)}`.padStart(14),
        error.toFixed(2).padStart(8),
        errorOfLast.toFixed(2).padStart(8),
      );
    }
  });
