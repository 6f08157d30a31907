/**
 * How good forecasts are by the number of events that a key has had: each key is a stream of its own, with a model of its own.
 * Figures are MAE by MAE of repeating the last value, as geometric means over keys, then over sets: of the next value or, with a
 * horizon, of steps 2 to the last. Two rows are of short series: trained weights that do not learn, against random ones that do.
 */
import type { ForecasterOptions } from "../../src/forecast/settings.js";
import type { ForecastColumns } from "../../src/forecast/columns.js";
import { dataHere, readWide } from "../support/data.js";
import { grouped, merge, nabStream, run, tableStream, type Stream } from "./streams.js";

/** The first events that a key's bucket ends before; the last has no end. */
export const buckets = [
  { name: "2-30", end: 31 },
  { name: "31-100", end: 101 },
  { name: "101-300", end: 301 },
  { name: "301-1000", end: 1001 },
  { name: "rest", end: Infinity },
] as const;

/** Scored values that a key's bucket needs to count. */
const leastScored = 10;
/** A ratio counts from a hundredth to a hundred: one key must not decide. */
const largestRatio = 100;

/** A line of the table: a set, the mean of all, or the worst key of all; one ratio for each bucket, NaN without keys. */
export interface ColdRow {
  readonly name: string;
  readonly ratios: readonly number[];
}

/** Runs every key by itself, with each seed. */
export function benchCold(options: ForecasterOptions, seeds: readonly number[]): ColdRow[] {
  if (!dataHere) return [];
  const worst = buckets.map(() => -Infinity);
  const rows = developmentSets().map(({ name, stream }): ColdRow => {
    const keys = seeds.flatMap((seed) => keysOf(stream).map((key) => ratiosOf(key, { ...options, seed })));
    for (const ratios of keys) ratios.forEach((ratio, b) => (worst[b] = Math.max(worst[b]!, defined(ratio))));
    return { name, ratios: buckets.map((_, b) => geometricMean(keys.map((ratios) => ratios[b]!))) };
  });
  const mean = buckets.map((_, b) => geometricMean(rows.map(({ ratios }) => ratios[b]!)));
  return [
    ...rows,
    { name: "all sets", ratios: mean },
    { name: "worst key", ratios: worst },
    shortRow("short, trained, frozen", { ...options, initial: "pretrained", learning: "off" }, seeds),
    shortRow("short, random, learning", { ...options, initial: "random", learning: "on" }, seeds),
  ];
}

/** Events of a short series. */
const shortLength = 100;

function shortRow(name: string, options: ForecasterOptions, seeds: readonly number[]): ColdRow {
  const sets = shortSets().map((pieces) => {
    const ratios = seeds.flatMap((seed) => pieces.map((piece) => ratiosOf(piece, { ...options, seed })));
    return buckets.map((_, b) => geometricMean(ratios.map((each) => each[b]!)));
  });
  return { name, ratios: buckets.map((_, b) => geometricMean(sets.map((each) => each[b]!))) };
}

/** Hourly, daily, weekly and monthly means of the sets, in pieces of 100 values. */
function shortSets(): Stream[][] {
  const stocks = grouped("stocks/plotly_stockdata2.csv.gz", "Date", "stock", "value");
  const steps = [
    { stream: tableStream(readWide("ett/ETTh1.csv.gz")), means: [1, 24, 168] },
    { stream: tableStream(readWide("ett/ETTm2.csv.gz")), means: [4, 96, 672] },
    { stream: nabStream(/realAWSCloudwatch/), means: [12] },
    { stream: nabStream(/nyc_taxi/), means: [2, 48] },
    { stream: nabStream(/machine_temperature/), means: [12, 288] },
    { stream: merge(stocks), means: [1, 5, 21] },
  ];
  return steps.flatMap(({ stream, means }) => {
    const keys = keysOf(stream);
    return means.map((size) => keys.flatMap((key) => pieces(meansOf(key, size))));
  });
}

/** Means of so many values each. */
function meansOf({ keys, times, values }: Stream, size: number): Stream {
  const count = Math.floor(values.length / size);
  const means = Float64Array.from({ length: count }, (_, i) => {
    const some = values.subarray(i * size, (i + 1) * size);
    return some.reduce((sum, value) => sum + value, 0) / size;
  });
  return {
    keys,
    slots: new Int32Array(count),
    times: Float64Array.from(means, (_, i) => times[i * size]!),
    values: means,
  };
}

/** Most pieces of a series: its length must not decide. */
const mostPieces = 5;

function pieces({ keys, slots, times, values }: Stream): Stream[] {
  const count = Math.min(mostPieces, Math.floor(values.length / shortLength));
  return Array.from({ length: count }, (_, i) => {
    const [from, to] = [i * shortLength, (i + 1) * shortLength];
    return {
      keys,
      slots: slots.subarray(from, to),
      times: times.subarray(from, to),
      values: values.subarray(from, to),
    };
  });
}

/** Prints the table, or one JSON object. */
export function printCold(rows: readonly ColdRow[], json: boolean): void {
  if (json) {
    process.stdout.write(
      `${JSON.stringify({ buckets: buckets.map(({ name }) => name), rows }, undefined, 2)}\n`,
    );
    return;
  }
  const lines = [
    ["events of the key", ...buckets.map(({ name }) => name)],
    ...rows.map(({ name, ratios }) => [name, ...ratios.map((ratio) => ratio.toFixed(4))]),
  ];
  const width = Math.max(...lines.map(([name]) => name!.length));
  for (const [name, ...cells] of lines) {
    process.stdout.write(`${name!.padEnd(width)}${cells.map((cell) => cell.padStart(10)).join("")}\n`);
  }
}

/** Rows of the long table that are read: as many as the short one has. */
const rowsOfEttm2 = 17_000;

function developmentSets(): { readonly name: string; readonly stream: Stream }[] {
  return [
    { name: "ETTh1", stream: tableStream(readWide("ett/ETTh1.csv.gz")) },
    { name: "ETTm2", stream: tableStream(readWide("ett/ETTm2.csv.gz", rowsOfEttm2)) },
    { name: "AWS", stream: nabStream(/realAWSCloudwatch/) },
    { name: "taxi", stream: nabStream(/nyc_taxi/) },
    { name: "machine temperature", stream: nabStream(/machine_temperature/) },
    { name: "ambient temperature", stream: nabStream(/ambient_temperature/) },
    { name: "EC2 latency", stream: nabStream(/ec2_request_latency/) },
  ];
}

/** The events of each key, as a stream of its own. */
function keysOf({ keys, slots, times, values }: Stream): Stream[] {
  return keys.map((key, k) => {
    const isOfKey = (_: number, i: number): boolean => slots[i] === k;
    const own = values.filter(isOfKey);
    return { keys: [key], slots: new Int32Array(own.length), times: times.filter(isOfKey), values: own };
  });
}

/** Scored forecasts of a bucket, and the sums of their errors. */
interface Sums {
  scored: number;
  model: number;
  persistence: number;
}

/** MAE by that of persistence for each bucket; NaN where too few values were scored or none of them moved. */
function ratiosOf(stream: Stream, options: ForecasterOptions): number[] {
  const forecasts = run(stream, { ...options, loss: "absolute" });
  const sums = buckets.map((): Sums => ({ scored: 0, model: 0, persistence: 0 }));
  const { horizon } = forecasts.steps;
  if (horizon === 1) scoreNext(stream, forecasts, sums);
  else scoreFurther(stream, forecasts, sums);
  return sums.map(({ scored, model, persistence }) =>
    scored < leastScored || persistence === 0
      ? NaN
      : Math.min(Math.max(model / persistence, 1 / largestRatio), largestRatio),
  );
}

/** By the number of the event whose value was forecast. */
function scoreNext({ values }: Stream, { expected, previous }: ForecastColumns, sums: readonly Sums[]): void {
  values.forEach((value, i) => {
    if (i === 0 || Number.isNaN(value)) return;
    const sum = bucketOf(sums, i + 1);
    sum.scored++;
    sum.model += Math.abs(expected[i]! - value);
    sum.persistence += Math.abs(previous[i]! - value);
  });
}

/** By the number of the event that the steps were forecast from. */
function scoreFurther({ values }: Stream, { steps }: ForecastColumns, sums: readonly Sums[]): void {
  const { horizon, yhat } = steps;
  let last = NaN;
  values.forEach((value, i) => {
    if (!Number.isNaN(value)) last = value;
    if (i === 0 || Number.isNaN(last)) return;
    const sum = bucketOf(sums, i + 1);
    for (let step = 2; step <= horizon && i + step < values.length; step++) {
      const later = values[i + step]!;
      if (Number.isNaN(later)) continue;
      sum.scored++;
      sum.model += Math.abs(yhat[i * (horizon - 1) + step - 2]! - later);
      sum.persistence += Math.abs(last - later);
    }
  });
}

function bucketOf(sums: readonly Sums[], event: number): Sums {
  return sums[buckets.findIndex(({ end }) => event < end)]!;
}

function geometricMean(ratios: readonly number[]): number {
  const known = ratios.filter((ratio) => !Number.isNaN(ratio));
  return Math.exp(known.reduce((sum, ratio) => sum + Math.log(ratio), 0) / known.length);
}

function defined(ratio: number): number {
  return Number.isNaN(ratio) ? -Infinity : ratio;
}
