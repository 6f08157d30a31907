/**
 * Forecast quality on public next-value protocols, strictly prequential: a forecast is made, stored, and scored when
 * its value comes. Data: ETT (Zhou et al., 2021), NAB (Lavin and Ahmad, 2015), daily and one-minute equities.
 *
 * MSE protocols score values z-scored by rows before the targets. Skill is 1 - MAE / MAE(persistence) per key after
 * 300 messages, as a geometric mean over keys; `worst` is the lowest skill of a key.
 */
import { Forecaster } from "../../src/forecast/forecaster.js";
import { forecastColumns, observationColumns, type ForecastColumns } from "../../src/forecast/columns.js";
import { forecasterSettings, type ForecasterOptions } from "../../src/forecast/settings.js";
import { dataHere, listSeries, readSeries, readWide, standardise } from "../support/data.js";
import type { Figure } from "./figures.js";

interface Stream {
  readonly keys: readonly string[];
  readonly slots: Int32Array;
  readonly times: Float64Array;
  readonly values: Float64Array;
}

const warmUp = 300;

/** Runs the benches for each seed. Figures are means over the seeds; `±` in a name's unit is their spread. */
export function benchQuality(options: ForecasterOptions, seeds: readonly number[]): Figure[] {
  if (!dataHere) return [];
  const figures: Figure[] = [];
  const add = (name: string, unit: string, values: readonly number[], peer: string, target: number): void => {
    const value = values.reduce((sum, x) => sum + x, 0) / values.length;
    const spread = Math.max(...values) - Math.min(...values);
    const ratio = unit === "MSE" || unit === "MAE" ? target / value : NaN;
    figures.push({ name, value, unit: `${unit} ±${(spread / 2).toFixed(4)}`, peer, ratio });
  };
  for (const protocol of wideProtocols) {
    const stream = wideStream(protocol);
    const score = (model: ForecasterOptions): ReturnType<typeof runWide>[] =>
      seeds.map((seed) => runWide(stream, { ...options, ...model, seed, loss: "squared" }));
    const runs = score({});
    add(
      `${protocol.name}_mse`,
      "MSE",
      runs.map(({ mse }) => mse),
      `${protocol.peer} ${protocol.mse}`,
      protocol.mse,
    );
    add(
      `${protocol.name}_us_per_event`,
      "µs",
      runs.map(({ microseconds }) => microseconds),
      "",
      NaN,
    );
    if (protocol.shared === undefined) continue;
    add(
      `${protocol.name}_shared_mse`,
      "MSE",
      score({ readout: "shared" }).map(({ mse }) => mse),
      `${protocol.peer} ${protocol.shared}`,
      protocol.shared,
    );
  }
  for (const { name, stream, target } of streamProtocols()) {
    const runs = seeds.map((seed) => runStream(stream, { ...options, seed, loss: "absolute" }));
    add(
      `${name}_skill`,
      "skill",
      runs.map(({ skill }) => skill),
      target,
      NaN,
    );
    add(
      `${name}_worst_key`,
      "skill",
      runs.map(({ worst }) => worst),
      "at least -.01",
      NaN,
    );
  }
  return figures;
}

/** A whole file, scaled by its first 60 %, scored from 96 rows behind the first 70 %. */
const adaptz = {
  rows: Infinity,
  scaledBy: (rows: number) => Math.floor(rows * 0.6),
  from: (rows: number) => Math.floor(rows * 0.7) + 96,
  peer: "ADAPT-Z",
  shared: undefined,
};

const wideProtocols = [
  {
    name: "etth1_fsnet",
    file: "ett/ETTh1.csv.gz",
    rows: 14400,
    scaledBy: () => 2880,
    from: () => 3600,
    peer: "at most",
    mse: 0.2042,
    /** What the shared read-out alone has to reach. */
    shared: 0.2144,
  },
  { ...adaptz, name: "etth1_adaptz", file: "ett/ETTh1.csv.gz", mse: 0.1107 },
  { ...adaptz, name: "ettm2_adaptz", file: "ett/ETTm2.csv.gz", mse: 0.0307 },
];

/** A stream of which the values from `begin` on are scored. */
type WideStream = Stream & { readonly begin: number };

function wideStream(protocol: (typeof wideProtocols)[number]): WideStream {
  const table = readWide(protocol.file, protocol.rows);
  const rows = table.times.length;
  const width = table.names.length;
  const values = standardise(table, protocol.scaledBy(rows));
  return {
    keys: table.names,
    slots: Int32Array.from(values, (_, i) => i % width),
    times: Float64Array.from(values, (_, i) => table.times[Math.floor(i / width)]!),
    values,
    begin: protocol.from(rows) * width,
  };
}

function runWide(stream: WideStream, options: ForecasterOptions): { mse: number; microseconds: number } {
  const { values, begin } = stream;
  const { forecasts, microseconds } = run(stream, options);
  let sum = 0;
  for (let i = begin; i < values.length; i++) sum += (forecasts.expected[i]! - values[i]!) ** 2;
  return { mse: sum / (values.length - begin), microseconds };
}

function runStream(stream: Stream, options: ForecasterOptions): { skill: number; worst: number } {
  const { forecasts } = run(stream, options);
  const seen = new Int32Array(stream.keys.length);
  const model = new Float64Array(stream.keys.length);
  const persistence = new Float64Array(stream.keys.length);
  stream.values.forEach((value, i) => {
    const slot = stream.slots[i]!;
    if (++seen[slot]! <= warmUp + 1) return;
    model[slot]! += Math.abs(forecasts.expected[i]! - value);
    persistence[slot]! += Math.abs(forecasts.previous[i]! - value);
  });
  const ratios = stream.keys
    .map((_, k) => model[k]! / persistence[k]!)
    .filter((ratio) => ratio > 0 && ratio < Infinity);
  const mean = ratios.reduce((sum, ratio) => sum + Math.log(Math.max(ratio, 1e-6)), 0) / ratios.length;
  return { skill: 1 - Math.exp(mean), worst: 1 - Math.max(...ratios) };
}

function run(
  stream: Stream,
  options: ForecasterOptions,
): { forecasts: ForecastColumns; microseconds: number } {
  const forecaster = new Forecaster(forecasterSettings(options));
  const forecasts = forecastColumns(stream.values.length);
  const slots = stream.keys.map((key) => forecaster.slotOf(key));
  const observations = {
    ...observationColumns(0),
    ...stream,
    slots: stream.slots.map((k) => slots[k]!),
    count: stream.values.length,
  };
  const begin = performance.now();
  forecaster.observe(observations, forecasts);
  const microseconds = ((performance.now() - begin) * 1000) / stream.values.length;
  forecaster.dispose();
  return { forecasts, microseconds };
}

function* streamProtocols(): Generator<{ name: string; stream: Stream; target: string }> {
  const nab = (pattern: RegExp): Stream =>
    merge(
      listSeries("nab")
        .filter((path) => pattern.test(path))
        .map((path) => ({ key: path, ...readSeries(path, "timestamp", "value") })),
    );
  yield { name: "nab_aws", stream: nab(/realAWSCloudwatch/), target: "" };
  yield { name: "nab_taxi", stream: nab(/nyc_taxi/), target: "" };
  yield { name: "nab_machine_temperature", stream: nab(/machine_temperature/), target: "" };
  const equities = "stocks/equity-1min.csv.gz";
  const volume = (value: number): number => Math.log1p(value);
  yield {
    name: "equities_1min_log_volume",
    stream: merge(grouped(equities, "timestamp", "key", "volume", volume)),
    target: "",
  };
  yield {
    name: "prices_1min",
    stream: merge(grouped(equities, "timestamp", "key", "close")),
    target: "within ±.01 of 0",
  };
  const daily = grouped("stocks/plotly_stockdata2.csv.gz", "Date", "stock", "value");
  yield { name: "prices_daily", stream: merge(daily), target: "within ±.01 of 0" };
}

interface Series {
  readonly key: string;
  readonly times: readonly number[];
  readonly values: readonly number[];
}

function grouped(
  path: string,
  time: string,
  key: string,
  value: string,
  map = (x: number): number => x,
): Series[] {
  const { times, values, keys } = readSeries(path, time, value, key);
  return [...new Set(keys)].map((name) => {
    const rows = [...keys.keys()].filter((row) => keys[row] === name);
    return { key: name, times: rows.map((row) => times[row]!), values: rows.map((row) => map(values[row]!)) };
  });
}

/** Merges series by time; those of the same time come in the order of the series. */
function merge(series: readonly Series[]): Stream {
  const events = series.flatMap(({ times, values }, slot) =>
    times.map((time, i) => ({ slot, time, value: values[i]! })),
  );
  events.sort((a, b) => a.time - b.time || a.slot - b.slot);
  return {
    keys: series.map(({ key }) => key),
    slots: Int32Array.from(events, ({ slot }) => slot),
    times: Float64Array.from(events, ({ time }) => time),
    values: Float64Array.from(events, ({ value }) => value),
  };
}
