/**
 * Forecast quality on public next-value protocols, strictly prequential: a forecast is made, stored, and scored when
 * its value comes. Data: ETT (Zhou et al., 2021), NAB (Lavin and Ahmad, 2015), daily and one-minute equities.
 *
 * MSE protocols score values z-scored by rows before the targets. Skill is as in `streams.ts`.
 */
import { Forecaster } from "../../src/forecast/forecaster.js";
import {
  forecasterSettings,
  type ForecasterOptions,
  type readoutKinds,
} from "../../src/forecast/settings.js";
import { dataHere, readWide, standardise } from "../support/data.js";
import type { Figure } from "./figures.js";
import {
  costStream,
  grouped,
  merge,
  nabStream,
  run,
  runStream,
  runWith,
  tableStream,
  type Stream,
} from "./streams.js";

type Readout = (typeof readoutKinds)[number];

/**
 * Runs the benches for each read-out and seed. Figures are means over the seeds with half the range over them; names end with the read-out, but for those ahead, which are of the first read-out.
 */
export function benchQuality(
  options: ForecasterOptions,
  readouts: readonly Readout[],
  seeds: readonly number[],
): Figure[] {
  if (!dataHere) return [];
  const figures: Figure[] = [];
  for (const readout of readouts) {
    figures.push(...nextValues({ ...options, readout }, seeds));
    figures.push(...costs({ ...options, readout }));
  }
  return [...figures, ...stepsAhead({ ...options, readout: readouts[0]! }, seeds)];
}

function nextValues(options: ForecasterOptions, seeds: readonly number[]): Figure[] {
  const figures: Figure[] = [];
  for (const protocol of wideProtocols) {
    const stream = wideStream(protocol);
    const values = seeds.map((seed) => runWide(stream, { ...options, seed, loss: "squared" }));
    const figure = meanOf(`${protocol.name}_mse_${options.readout}`, "MSE", values);
    figures.push({ ...figure, peer: protocol.peer, ratio: protocol.mse / figure.value });
  }
  if (options.readout === "full") figures.push(...meansAhead(options, seeds));
  const worst: number[] = [];
  for (const { name, stream } of streamProtocols()) {
    const runs = seeds.map((seed) => runStream(stream, { ...options, seed, loss: "absolute" }));
    const skills = runs.map(({ skill }) => skill);
    figures.push(meanOf(`${name}_skill_${options.readout}`, "skill", skills));
    worst.push(...runs.map((each) => each.worst));
  }
  const value = Math.min(...worst);
  figures.push({ name: `worst_key_skill_${options.readout}`, value, unit: "skill", peer: "", ratio: NaN });
  return figures;
}

/** Mean squared errors of all steps up to a horizon, of forecasts made at every row. */
function meansAhead(options: ForecasterOptions, seeds: readonly number[]): Figure[] {
  return wideProtocols.flatMap((protocol) => {
    const stream = wideStream(protocol);
    return protocol.means.map(({ horizon, published }) => {
      const values = seeds.map((seed) => runMean(stream, { ...options, horizon, seed, loss: "squared" }));
      const figure = meanOf(`${protocol.name}_mean_of_${horizon}_mse_full`, "MSE", values);
      return { ...figure, peer: `best published ${published}`, ratio: published / figure.value };
    });
  });
}

function stepsAhead(options: ForecasterOptions, seeds: readonly number[]): Figure[] {
  const stream = wideStream(fsnet);
  const runs = seeds.map((seed) => runAhead(stream, { ...options, seed, loss: "absolute" }));
  return horizons.map(({ step, seasonal }) => {
    const maes = runs.map((each) => each.get(step)!);
    const figure = meanOf(`etth1_horizon_${step}_mae`, "MAE", maes);
    return { ...figure, peer: `seasonal naive ${seasonal}`, ratio: seasonal / figure.value };
  });
}

/** Keys of the run that is timed and weighed, and events of each. */
const costKeys = 1000;
const costEvents = 200;

/** CPU time of an event, learning included, and bytes of a key in a snapshot. */
function costs(options: ForecasterOptions): Figure[] {
  const stream = costStream(costKeys, costEvents);
  const forecaster = new Forecaster(forecasterSettings(options));
  const begin = process.cpuUsage();
  runWith(forecaster, stream);
  const { user, system } = process.cpuUsage(begin);
  const bytes = forecaster.snapshot().length / costKeys;
  forecaster.dispose();
  const figure = { peer: "", ratio: NaN };
  return [
    {
      ...figure,
      name: `cpu_us_per_event_${options.readout}`,
      value: (user + system) / stream.values.length,
      unit: "µs",
    },
    { ...figure, name: `snapshot_bytes_per_key_${options.readout}`, value: bytes, unit: "bytes" },
  ];
}

function meanOf(name: string, unit: string, values: readonly number[]): Figure {
  const value = values.reduce((sum, x) => sum + x, 0) / values.length;
  const spread = (Math.max(...values) - Math.min(...values)) / 2;
  return { name, value, spread, unit, peer: "", ratio: NaN };
}

/** A whole file, scaled by its first 60 %, scored from 96 rows behind the first 70 %. */
const adaptz = {
  rows: Infinity,
  scaledBy: (rows: number) => Math.floor(rows * 0.6),
  from: (rows: number) => Math.floor(rows * 0.7) + 96,
};

const fsnet = {
  name: "etth1_fsnet",
  file: "ett/ETTh1.csv.gz",
  rows: 14400,
  scaledBy: () => 2880,
  from: () => 3600,
  peer: "repeating the last value .3632",
  mse: 0.3632,
  means: [],
};

/** Horizons whose mean is measured, with the best that is published. */
const etth1Means = [
  { horizon: 24, published: 0.2942 },
  { horizon: 48, published: 0.3431 },
  { horizon: 96, published: 0.3745 },
];
const ettm2Means = [{ horizon: 24, published: 0.0997 }];

const wideProtocols = [
  fsnet,
  {
    ...adaptz,
    name: "etth1_adaptz",
    file: "ett/ETTh1.csv.gz",
    peer: "ADAPT-Z .1107",
    mse: 0.1107,
    means: etth1Means,
  },
  {
    ...adaptz,
    name: "ettm2_adaptz",
    file: "ett/ETTm2.csv.gz",
    peer: "ADAPT-Z .0307",
    mse: 0.0307,
    means: ettm2Means,
  },
];

/** A stream of which the values from `begin` on are scored. */
type WideStream = Stream & { readonly begin: number };

function wideStream(protocol: (typeof wideProtocols)[number]): WideStream {
  const table = readWide(protocol.file, protocol.rows);
  const rows = table.times.length;
  const values = standardise(table, protocol.scaledBy(rows));
  return { ...tableStream({ ...table, values }), begin: protocol.from(rows) * table.names.length };
}

function runWide(stream: WideStream, options: ForecasterOptions): number {
  const { values, begin } = stream;
  const forecasts = run(stream, options);
  let sum = 0;
  for (let i = begin; i < values.length; i++) sum += (forecasts.expected[i]! - values[i]!) ** 2;
  return sum / (values.length - begin);
}

function runMean(stream: WideStream, options: ForecasterOptions & { horizon: number }): number {
  const { keys, values, begin } = stream;
  const { horizon } = options;
  const { yhat, steps } = run(stream, options);
  const width = keys.length;
  let sum = 0;
  let count = 0;
  for (let event = begin - width; event + horizon * width < values.length; event++) {
    for (let step = 1; step <= horizon; step++) {
      const forecast = step === 1 ? yhat[event]! : steps.yhat[event * (horizon - 1) + step - 2]!;
      sum += (forecast - values[event + step * width]!) ** 2;
      count++;
    }
  }
  return sum / count;
}

/** Steps ahead that are scored, with the MAE of repeating the day before. */
const horizons = [
  { step: 6, seasonal: 0.57 },
  { step: 24, seasonal: 0.574 },
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
  const forecasts = run(stream, { ...options, horizon: furthest });
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

function* streamProtocols(): Generator<{ name: string; stream: Stream }> {
  yield { name: "etth1", stream: tableStream(readWide("ett/ETTh1.csv.gz")) };
  yield { name: "ettm2", stream: tableStream(readWide("ett/ETTm2.csv.gz")) };
  yield { name: "nab_aws", stream: nabStream(/realAWSCloudwatch/) };
  yield { name: "nab_taxi", stream: nabStream(/nyc_taxi/) };
  yield { name: "nab_machine_temperature", stream: nabStream(/machine_temperature/) };
  yield { name: "nab_ambient_temperature", stream: nabStream(/ambient_temperature/) };
  yield { name: "nab_ec2_latency", stream: nabStream(/ec2_request_latency/) };
  const equities = "stocks/equity-1min.csv.gz";
  const volume = (value: number): number => Math.log1p(value);
  yield {
    name: "equities_1min_log_volume",
    stream: merge(grouped(equities, "timestamp", "key", "volume", volume)),
  };
  yield {
    name: "prices_1min",
    stream: merge(grouped(equities, "timestamp", "key", "close")),
  };
  const daily = grouped("stocks/plotly_stockdata2.csv.gz", "Date", "stock", "value");
  yield { name: "prices_daily", stream: merge(daily) };
}
