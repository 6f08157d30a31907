/**
 * Detection of anomalies on the files of the Numenta Anomaly Benchmark whose causes are known, scored as it scores, with
 * `anomaly_score > 1` as shipped. The benchmark itself takes the one threshold that is best for a profile over its files;
 * the score with that is beside ours.
 */
import { forecastColumns, observationColumns } from "../../src/forecast/columns.js";
import { Forecaster } from "../../src/forecast/forecaster.js";
import { readTime } from "../../src/forecast/input.js";
import { forecasterSettings, type ForecasterOptions } from "../../src/forecast/settings.js";
import { dataHere, readSeries } from "../support/data.js";
import type { Figure } from "./figures.js";
import {
  falseAlarmsOf,
  normalisedScore,
  probation,
  profiles,
  scoredWindows,
  type Detections,
  type Window,
} from "./nab-score.js";

/** From numenta/NAB, `labels/combined_windows.json`, at ea702d7. */
const labels: Readonly<Record<string, readonly (readonly [string, string])[]>> = {
  ambient_temperature_system_failure: [
    ["2013-12-15 07:00:00", "2013-12-30 09:00:00"],
    ["2014-03-29 15:00:00", "2014-04-20 22:00:00"],
  ],
  ec2_request_latency_system_failure: [
    ["2014-03-14 03:31:00", "2014-03-14 14:41:00"],
    ["2014-03-18 17:06:00", "2014-03-19 04:16:00"],
    ["2014-03-20 21:26:00", "2014-03-21 03:41:00"],
  ],
  machine_temperature_system_failure: [
    ["2013-12-10 06:25:00", "2013-12-12 05:35:00"],
    ["2013-12-15 17:50:00", "2013-12-17 17:00:00"],
    ["2014-01-27 14:20:00", "2014-01-29 13:30:00"],
    ["2014-02-07 14:55:00", "2014-02-09 14:05:00"],
  ],
  nyc_taxi: [
    ["2014-10-30 15:30:00", "2014-11-03 22:30:00"],
    ["2014-11-25 12:00:00", "2014-11-29 19:00:00"],
    ["2014-12-23 11:30:00", "2014-12-27 18:30:00"],
    ["2014-12-29 21:30:00", "2015-01-03 04:30:00"],
    ["2015-01-24 20:30:00", "2015-01-29 03:30:00"],
  ],
};

interface ScoredFile {
  readonly name: string;
  readonly windows: readonly Window[];
  readonly scores: Float64Array;
}

export function benchDetection(options: ForecasterOptions): Figure[] {
  if (!dataHere) return [];
  const files = Object.entries(labels).map(([name, windows]) => scoreFile(name, windows, options));
  const shipped = files.map((file) => detections(file, 1));
  const figures: Figure[] = [];
  const add = (name: string, value: number, unit: string, peer: string): void => {
    figures.push({ name, value, unit, peer, ratio: NaN });
  };
  for (const profile of profiles) {
    const best = bestThreshold(files, (found) => normalisedScore(found, profile));
    const peer = `${best.score.toFixed(1)} at the best threshold, ${best.threshold.toFixed(2)}`;
    add(`nab_${profile.name}`, normalisedScore(shipped, profile), "of 100", peer);
  }
  files.forEach((file, i) => {
    const found = shipped[i]!;
    const windows = scoredWindows(found);
    const hit = windows.filter(([first, last]) => found.alarms.some((row) => row >= first && row <= last));
    const rows = found.rows - probation(found.rows);
    add(`${file.name}_windows`, hit.length, "found", `of ${windows.length}`);
    add(`${file.name}_false_alarms`, (1000 * falseAlarmsOf(found).length) / rows, "in 1,000", "");
  });
  return figures;
}

function scoreFile(
  name: string,
  windows: readonly (readonly [string, string])[],
  options: ForecasterOptions,
): ScoredFile {
  const { times, values } = readSeries(`nab/realKnownCause/${name}.csv.gz`, "timestamp", "value");
  const forecaster = new Forecaster(forecasterSettings(options));
  const observations = observationColumns(times.length);
  observations.slots.fill(forecaster.slotOf(name));
  observations.times.set(times);
  observations.values.set(values);
  observations.count = times.length;
  const forecasts = forecastColumns(times.length);
  forecaster.observe(observations, forecasts);
  forecaster.dispose();
  const rowAt = (time: string): number => times.indexOf(readTime(time));
  return {
    name,
    windows: windows.map(([first, last]) => [rowAt(first), rowAt(last)]),
    scores: forecasts.anomalyScore,
  };
}

function detections({ windows, scores }: ScoredFile, threshold: number): Detections {
  const alarms = [...scores.keys()].filter((row) => scores[row]! > threshold);
  return { rows: scores.length, windows, alarms };
}

/** The one threshold for all files that scores best, as the benchmark looks for it. */
function bestThreshold(
  files: readonly ScoredFile[],
  scoreOf: (found: readonly Detections[]) => number,
): { readonly threshold: number; readonly score: number } {
  const candidates = Array.from({ length: 120 }, (_, i) => 0.3 * 1.03 ** i);
  return candidates
    .map((threshold) => ({ threshold, score: scoreOf(files.map((file) => detections(file, threshold))) }))
    .reduce((best, candidate) => (candidate.score > best.score ? candidate : best));
}
