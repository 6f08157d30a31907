/** Runs the forecaster and its detector over labelled series, and reads those of the Numenta Anomaly Benchmark. */
import { uniform } from "../../../src/engine/random.js";
import { forecastColumns, observationColumns } from "../../../src/forecast/columns.js";
import { Forecaster } from "../../../src/forecast/forecaster.js";
import { readTime } from "../../../src/forecast/input.js";
import { forecasterSettings, type ForecasterOptions } from "../../../src/forecast/settings.js";
import { listSeries, readJson, readSeries } from "../../support/data.js";
import { OneKeyDetector } from "../../support/detection.js";
import type { Figure } from "../figures.js";
import type { LabelledSeries } from "./injections.js";
import { noiseOf, ordinaryKinds } from "./ordinary.js";

export interface ScoredFile {
  readonly name: string;
  readonly group: string;
  readonly windows: readonly (readonly [number, number])[];
  readonly scores: Float64Array;
  /** The settled kind of the last alarm at each row; empty while there is none. */
  readonly kinds: readonly string[];
}

/** The files that are here, of labels as in numenta/NAB, `labels/combined_windows.json`, at ea702d7. */
export function nabFiles(
  options: ForecasterOptions,
  { share, seed }: { readonly share: number; readonly seed: number } = { share: 0, seed: 0 },
): ScoredFile[] {
  const labels = readJson("nab/windows.json") as Record<string, readonly (readonly [string, string])[]>;
  return listSeries("nab").map((path) => {
    const { times, values } = readSeries(path, "timestamp", "value");
    const name = path.replace("nab/", "").replace(".gz", "");
    const rowAt = (time: string): number => times.indexOf(readTime(time.replace(".000000", "")));
    const next = uniform(seed);
    const series = {
      name,
      times: Float64Array.from(times),
      values: Float64Array.from(values, (value) => (next() < share ? NaN : value)),
      windows: labels[name]!.map(([first, last]) => [rowAt(first), rowAt(last)] as const),
    };
    return { ...detectedSeries(series, options), group: name.split("/")[0]! };
  });
}

export function detectedSeries(
  { name, times, values, windows }: LabelledSeries,
  options: ForecasterOptions,
): ScoredFile {
  const forecaster = new Forecaster(forecasterSettings(options));
  const observations = observationColumns(times.length);
  observations.slots.fill(forecaster.slotOf(name));
  observations.times.set(times);
  observations.values.set(values);
  observations.count = times.length;
  const forecasts = forecastColumns(times.length);
  forecaster.observe(observations, forecasts);
  const { alarmRate, detection } = forecaster.settings;
  forecaster.dispose();
  // The same detector by itself tells the kinds at each row.
  const detector = new OneKeyDetector({ alarmRate, recurring: detection.recurring });
  const kinds = [...values].map((value, t) => {
    detector.score(times[t]!, value, forecasts.expected[t]);
    return detector.kind?.settled === true ? detector.kind.kind : "";
  });
  return { name, group: "", windows, scores: forecasts.anomalyScore, kinds };
}

/** Bytes of a key's detector, and time of an event by itself. */
export function detectionCost(): Figure[] {
  const detector = new OneKeyDetector();
  const process = ordinaryKinds["daily wave and noise"]!(noiseOf(1));
  const values = Float64Array.from({ length: 300_000 }, (_, t) => process(t));
  let best = Infinity;
  for (let round = 0; round < 5; round++) {
    const begin = performance.now();
    values.forEach((value, t) => detector.score(t * 300_000, value, 20));
    best = Math.min(best, (1000 * (performance.now() - begin)) / values.length);
  }
  const figure = { peer: "", ratio: NaN };
  return [
    { ...figure, name: "bytes_per_key", value: detector.rows.bytesPerKey, unit: "bytes" },
    { ...figure, name: "time_per_event", value: best, unit: "us" },
  ];
}
