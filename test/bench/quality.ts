/**
 * Forecast quality on public next-value protocols, strictly prequential: a forecast is made, stored, and scored when
 * its value comes. Data: ETT (Zhou et al., 2021), NAB (Lavin and Ahmad, 2015), daily and one-minute equities.
 *
 * MSE protocols score values z-scored by rows before the targets. Skill is as in `streams.ts`.
 */
import type { ForecasterOptions } from "../../src/forecast/settings.js";
import { dataHere, readWide, standardise } from "../support/data.js";
import type { Figure } from "./figures.js";
import { grouped, merge, nabStream, run, runStream, tableStream, type Stream } from "./streams.js";

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
  const ahead = wideStream(fsnet);
  const runs = seeds.map((seed) => runAhead(ahead, { ...options, seed, loss: "absolute" }));
  for (const { step, target, seasonal } of horizons) {
    add(
      `etth1_horizon_${step}_mae`,
      "MAE",
      runs.map((maes) => maes.get(step)!),
      `at most ${target}; seasonal naive ${seasonal}`,
      target,
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

const fsnet = {
  name: "etth1_fsnet",
  file: "ett/ETTh1.csv.gz",
  rows: 14400,
  scaledBy: () => 2880,
  from: () => 3600,
  peer: "at most",
  mse: 0.2042,
  /** What the shared read-out alone has to reach. */
  shared: 0.2144,
};

const wideProtocols = [
  fsnet,
  { ...adaptz, name: "etth1_adaptz", file: "ett/ETTh1.csv.gz", mse: 0.1107 },
  { ...adaptz, name: "ettm2_adaptz", file: "ett/ETTm2.csv.gz", mse: 0.0307 },
];

/** A stream of which the values from `begin` on are scored. */
type WideStream = Stream & { readonly begin: number };

function wideStream(protocol: (typeof wideProtocols)[number]): WideStream {
  const table = readWide(protocol.file, protocol.rows);
  const rows = table.times.length;
  const values = standardise(table, protocol.scaledBy(rows));
  return { ...tableStream({ ...table, values }), begin: protocol.from(rows) * table.names.length };
}

function runWide(stream: WideStream, options: ForecasterOptions): { mse: number; microseconds: number } {
  const { values, begin } = stream;
  const { forecasts, microseconds } = run(stream, options);
  let sum = 0;
  for (let i = begin; i < values.length; i++) sum += (forecasts.expected[i]! - values[i]!) ** 2;
  return { mse: sum / (values.length - begin), microseconds };
}

/** Steps ahead that are scored, with what they have to reach and the MAE of repeating the day before. */
const horizons = [
  { step: 6, target: 0.519, seasonal: 0.57 },
  { step: 24, target: 0.553, seasonal: 0.574 },
];
const furthest = 24;
/** Every fifth row makes a forecast that is scored. */
const every = 5;

/**
 * MAE of the steps ahead: of forecasts made at every fifth row, from the one before the first that is scored one step
 * ahead to the last whose furthest step lies in the file; all steps are scored on the same rows of origin.
 */
function runAhead(stream: WideStream, options: ForecasterOptions): ReadonlyMap<number, number> {
  const { keys, values, begin } = stream;
  const { forecasts } = run(stream, { ...options, horizon: furthest });
  const width = keys.length;
  const maes = horizons.map(({ step }): [number, number] => {
    let sum = 0;
    let count = 0;
    for (let row = begin / width - 1; row < values.length / width - furthest; row++) {
      if ((row + 1) % every !== 0) continue;
      for (let key = 0; key < width; key++) {
        const event = row * width + key;
        const yhat = forecasts.steps.yhat[event * (furthest - 1) + step - 2]!;
        sum += Math.abs(yhat - values[event + step * width]!);
        count++;
      }
    }
    return [step, sum / count];
  });
  return new Map(maes);
}

function* streamProtocols(): Generator<{ name: string; stream: Stream; target: string }> {
  yield { name: "nab_aws", stream: nabStream(/realAWSCloudwatch/), target: "" };
  yield { name: "nab_taxi", stream: nabStream(/nyc_taxi/), target: "" };
  yield { name: "nab_machine_temperature", stream: nabStream(/machine_temperature/), target: "" };
  yield { name: "nab_ambient_temperature", stream: nabStream(/ambient_temperature/), target: "" };
  yield { name: "nab_ec2_latency", stream: nabStream(/ec2_request_latency/), target: "" };
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
