/** Synthetic streams and runs of a forecaster over them, for tests. */
import { uniform } from "../../src/engine/random.js";
import {
  appendObservation,
  setFeatures,
  forecastColumns,
  observationColumns,
  type ForecastColumns,
} from "../../src/forecast/columns.js";
import { Forecaster } from "../../src/forecast/forecaster.js";
import { forecasterSettings, type ForecasterOptions } from "../../src/forecast/settings.js";

export interface Event {
  readonly key: string;
  readonly time: number;
  readonly value: number;
  readonly features?: readonly number[];
}

/** A small model that learns often: quick to run, and every part of it is at work within a few hundred events. */
export const quick = {
  hidden: 8,
  bpttSteps: 4,
  stride: 2,
  bpttWindows: 4,
  harmonics: 2,
} satisfies ForecasterOptions;

/**
 * `count` events of `keys` keys in a seeded order: a daily wave with noise, a random walk, or a constant with rare
 * jumps, at irregular times, with one value in twenty missing.
 */
export function syntheticEvents(count: number, keys: number, seed = 1): Event[] {
  const next = uniform(seed);
  const noise = (): number => next() + next() + next() - 1.5;
  const times = Array.from({ length: keys }, () => 1_700_000_000_000 + Math.floor(next() * 1e6));
  const walks = Array.from({ length: keys }, () => 100 * noise());
  return Array.from({ length: count }, () => {
    const k = Math.floor(next() * keys);
    times[k]! += 60_000 + Math.floor(30_000 * noise());
    if (k % 3 === 0) walks[k] = 10 * Math.sin(times[k]! / 3e6) + noise();
    else if (k % 3 === 1) walks[k]! += noise();
    else if (next() < 0.01) walks[k]! += 100 * noise();
    return { key: `key-${k}`, time: times[k]!, value: next() < 0.05 ? NaN : walks[k]! };
  });
}

/** The events with `count` seeded numbers each: slow and fast ones by turns, with one in ten missing. */
export function withFeatures(events: readonly Event[], count: number, seed = 1): Event[] {
  const next = uniform(seed);
  const numbers = new Array<number>(count).fill(0);
  return events.map((event) => {
    numbers.forEach((number, i) => (numbers[i] = (i % 2 === 0 ? number : 0) + 100 * (next() - 0.5)));
    return { ...event, features: numbers.map((number) => (next() < 0.1 ? NaN : number)) };
  });
}

/** Forecasts of all events, taken in batches of the given sizes (the last repeats). */
export function run(
  forecaster: Forecaster,
  events: readonly Event[],
  batches: readonly number[] = [4096],
): ForecastColumns {
  const { horizon } = forecaster.settings;
  const all = forecastColumns(events.length, horizon);
  for (let begin = 0, batch = 0; begin < events.length; batch++) {
    const size = Math.min(batches[Math.min(batch, batches.length - 1)]!, events.length - begin);
    const observations = observationColumns(size, forecaster.settings.featureCount);
    const forecasts = forecastColumns(size, horizon);
    forecaster.release();
    for (const { key, time, value, features } of events.slice(begin, begin + size)) {
      appendObservation(observations, forecaster.slotOf(key), time, value);
      if (features !== undefined) setFeatures(observations, features);
    }
    forecaster.observe(observations, forecasts);
    for (const name of columnNames) all[name].set(forecasts[name], begin);
    for (const name of stepNames) all.steps[name].set(forecasts.steps[name], begin * (horizon - 1));
    begin += size;
  }
  return all;
}

/** Forecasts of all events by a fresh forecaster. */
export function runFresh(
  options: ForecasterOptions,
  events: readonly Event[],
  batches?: readonly number[],
): ForecastColumns {
  const forecaster = new Forecaster(forecasterSettings(options));
  try {
    return run(forecaster, events, batches);
  } finally {
    forecaster.dispose();
  }
}

/** Every column of forecasts but the slots, which may be given in any order. */
export const columnNames = [
  "times",
  "values",
  "expected",
  "expectedLower",
  "expectedUpper",
  "previous",
  "anomalyScore",
  "yhat",
  "yhatLower",
  "yhatUpper",
  "yhatTime",
  "version",
] as const satisfies readonly (keyof ForecastColumns)[];

/** Every column of the steps after the next value. */
export const stepNames = ["yhat", "yhatLower", "yhatUpper"] as const;

/** The bits of the rows from `begin` to `end`: equal exactly where the forecasts are the same. One NaN is like another. */
export function bitsOf(forecasts: ForecastColumns, begin = 0, end = Infinity): string {
  const last = Math.min(end, forecasts.times.length);
  const width = forecasts.steps.horizon - 1;
  const rows = [
    ...columnNames.map((name) => forecasts[name].slice(begin, last)),
    ...stepNames.map((name) => forecasts.steps[name].slice(begin * width, last * width)),
  ];
  const oneNaN = (value: number): number => (Number.isNaN(value) ? NaN : value);
  return rows.map((column) => Buffer.from(column.map(oneNaN).buffer).toString("base64")).join("|");
}

/** Rows of the forecasts for which `keep` is true, in order. */
export function rowsWhere(forecasts: ForecastColumns, keep: (row: number) => boolean): ForecastColumns {
  const rows = Array.from(forecasts.times.keys()).filter(keep);
  const { horizon } = forecasts.steps;
  const width = horizon - 1;
  const picked = forecastColumns(rows.length, horizon);
  rows.forEach((row, i) => {
    for (const name of columnNames) picked[name][i] = forecasts[name][row]!;
    for (const name of stepNames) {
      picked.steps[name].set(forecasts.steps[name].subarray(row * width, (row + 1) * width), i * width);
    }
  });
  return picked;
}
