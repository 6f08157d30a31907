/**
 * What further steps cost and how well they forecast, by horizon: bytes of a key, CPU time of an event against a horizon of 1
 * in turns, and the errors and coverage of every step on ETTh1 and ETTm2 (Zhou et al., 2021), strictly prequential.
 */
import { forecastColumns, observationColumns, type ObservationColumns } from "../../src/forecast/columns.js";
import { Scoreboard } from "../../src/forecast/evaluation/scoreboard.js";
import { Forecaster } from "../../src/forecast/forecaster.js";
import { forecasterSettings, type ForecasterOptions } from "../../src/forecast/settings.js";
import { dataHere, readWide, standardise } from "../support/data.js";
import { median, spread, type Figure } from "./figures.js";
import { costStream, tableStream, type Stream } from "./streams.js";

const horizons = [24, 96];
const none = { peer: "", ratio: NaN };
/** Events of a key before its forecasts are scored. */
const warmup = 3600;
/** Events at a time. */
const batch = 1000;
/** Rounds of the timing, after one that does not count. */
const rounds = 7;

export function benchHorizons(options: ForecasterOptions): Figure[] {
  return [...sizes(options), ...times(options), ...errors(options)];
}

function sizes(options: ForecasterOptions): Figure[] {
  return [1, ...horizons].map((horizon) => {
    const forecaster = new Forecaster(
      forecasterSettings({ ...options, horizon, detection: { enabled: false } }),
    );
    const value = forecaster.bytesPerKey;
    forecaster.dispose();
    return { ...none, name: `horizon_${horizon}_bytes_per_key`, value, unit: "bytes, detection off" };
  });
}

/** Forecasters of the same keys, each with another horizon, take their turns on the same events. */
function times(options: ForecasterOptions): Figure[] {
  const all = [1, ...horizons];
  const forecasters = all.map((horizon) => new Forecaster(forecasterSettings({ ...options, horizon })));
  const stream = costStream(100, 200 * (rounds + 1));
  const share = stream.values.length / (rounds + 1);
  const spent = all.map(() => [] as number[]);
  const parts = forecasters.map((forecaster) => batchesOf(forecaster, stream));
  const columns = all.map((horizon) => forecastColumns(batch, horizon));
  for (let round = 0; round <= rounds; round++) {
    forecasters.forEach((forecaster, i) => {
      const begin = process.cpuUsage();
      for (let count = 0; count < share;) {
        const { value: observations } = parts[i]!.next() as IteratorYieldResult<ObservationColumns>;
        forecaster.observe(observations, columns[i]!);
        count += observations.count;
      }
      const { user, system } = process.cpuUsage(begin);
      if (round > 0) spent[i]!.push((user + system) / share);
    });
  }
  for (const forecaster of forecasters) forecaster.dispose();
  return all.map((horizon, i) => ({
    name: `horizon_${horizon}_us_per_event`,
    value: median(spent[i]!),
    spread: spread(spent[i]!),
    unit: "µs of CPU",
    peer: `times a horizon of 1`,
    ratio: median(spent[i]!.map((time, round) => time / spent[0]![round]!)),
  }));
}

/** The events of a stream, some at a time; the same arrays each time. */
function* batchesOf(
  forecaster: Forecaster,
  { keys, slots, times, values }: Stream,
): Generator<ObservationColumns> {
  const own = keys.map((key) => forecaster.slotOf(key));
  for (let from = 0; from < values.length; from += batch) {
    const to = Math.min(from + batch, values.length);
    yield {
      ...observationColumns(0),
      count: to - from,
      slots: slots.slice(from, to).map((k) => own[k]!),
      times: times.subarray(from, to),
      values: values.subarray(from, to),
    };
  }
}

function errors(options: ForecasterOptions): Figure[] {
  if (!dataHere) return [];
  return ["ETTh1", "ETTm2"].flatMap((name) => {
    const table = readWide(`ett/${name}.csv.gz`);
    const values = standardise(table, Math.floor(table.times.length * 0.6));
    const stream = tableStream({ ...table, values });
    return horizons.flatMap((horizon) =>
      errorsOf(`${name.toLowerCase()}_horizon_${horizon}`, stream, { ...options, horizon }),
    );
  });
}

function errorsOf(name: string, stream: Stream, options: ForecasterOptions & { horizon: number }): Figure[] {
  const { horizon } = options;
  const forecaster = new Forecaster(forecasterSettings(options));
  const scoreboard = new Scoreboard({ warmup, horizon, period: 24 });
  const columns = forecastColumns(batch, horizon);
  for (const observations of batchesOf(forecaster, stream)) {
    forecaster.observe(observations, columns);
    scoreboard.add(columns, observations.count);
  }
  forecaster.dispose();
  const steps = Array.from({ length: horizon - 1 }, (_, i) => {
    const scores = scoreboard.keys.map((key) => key!.ahead!.steps[i]!.score);
    const mean = (of: (score: (typeof scores)[number]) => number): number =>
      scores.reduce((sum, score) => sum + of(score), 0) / scores.length;
    return {
      mae: mean(({ model }) => model.mae),
      persistence: mean(({ persistence }) => persistence.mae),
      coverage: mean(({ coverage }) => coverage),
    };
  });
  const meanOf = (of: (step: (typeof steps)[number]) => number): number =>
    steps.reduce((sum, step) => sum + of(step), 0) / steps.length;
  const against = (value: number, persistence: number): Pick<Figure, "value" | "peer" | "ratio"> => ({
    value,
    peer: `repeating the last value ${persistence.toPrecision(4)}`,
    ratio: persistence / value,
  });
  const last = steps.at(-1)!;
  const coverages = steps.map(({ coverage }) => coverage);
  return [
    {
      name: `${name}_mean_mae`,
      unit: "MAE",
      ...against(
        meanOf(({ mae }) => mae),
        meanOf(({ persistence }) => persistence),
      ),
    },
    { name: `${name}_last_mae`, unit: "MAE", ...against(last.mae, last.persistence) },
    { ...none, name: `${name}_least_coverage`, value: Math.min(...coverages), unit: "share, of .9" },
    { ...none, name: `${name}_greatest_coverage`, value: Math.max(...coverages), unit: "share, of .9" },
  ];
}
