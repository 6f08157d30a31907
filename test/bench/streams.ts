/**
 * Streams of real series and runs of a forecaster over them, strictly prequential: a forecast is made, stored, and
 * scored when its value comes.
 *
 * Skill is 1 - MAE / MAE(persistence) per key after 300 messages, as a geometric mean over keys; `worst` is the lowest
 * skill of a key.
 */
import { Forecaster } from "../../src/forecast/forecaster.js";
import { forecastColumns, observationColumns, type ForecastColumns } from "../../src/forecast/columns.js";
import { forecasterSettings, type ForecasterOptions } from "../../src/forecast/settings.js";
import { listSeries, readSeries, type WideTable } from "../support/data.js";

/** Events of several keys in the order of arrival; an event's slot is the index of its key. */
export interface Stream {
  readonly keys: readonly string[];
  readonly slots: Int32Array;
  readonly times: Float64Array;
  readonly values: Float64Array;
}

/** Messages of a key before its forecasts are scored. */
const warmUp = 300;

/** Skill of a key, by its name. */
export type Skills = ReadonlyMap<string, number>;

/** The skill of each key that persistence does not forecast without an error; missing values are not scored. */
export function skillsOf(stream: Stream, forecasts: ForecastColumns): Skills {
  const seen = new Int32Array(stream.keys.length);
  const model = new Float64Array(stream.keys.length);
  const persistence = new Float64Array(stream.keys.length);
  stream.values.forEach((value, i) => {
    const slot = stream.slots[i]!;
    if (++seen[slot]! <= warmUp + 1 || Number.isNaN(value)) return;
    model[slot]! += Math.abs(forecasts.expected[i]! - value);
    persistence[slot]! += Math.abs(forecasts.previous[i]! - value);
  });
  const skills = stream.keys.map((key, k): [string, number] => [key, 1 - model[k]! / persistence[k]!]);
  return new Map(skills.filter(([, skill]) => skill < 1 && skill > -Infinity));
}

/** 1 - the geometric mean of what is left of the error of persistence. */
export function meanSkill(skills: Skills): number {
  const logarithms = [...skills.values()].map((skill) => Math.log(Math.max(1 - skill, 1e-6)));
  return 1 - Math.exp(logarithms.reduce((sum, logarithm) => sum + logarithm, 0) / logarithms.length);
}

export function runStream(stream: Stream, options: ForecasterOptions): { skill: number; worst: number } {
  const skills = skillsOf(stream, run(stream, options));
  return { skill: meanSkill(skills), worst: Math.min(...skills.values()) };
}

/** A fresh forecaster's forecasts of a stream. */
export function run(stream: Stream, options: ForecasterOptions): ForecastColumns {
  const forecaster = new Forecaster(forecasterSettings(options));
  const forecasts = runWith(forecaster, stream);
  forecaster.dispose();
  return forecasts;
}

export function runWith(forecaster: Forecaster, stream: Stream): ForecastColumns {
  const forecasts = forecastColumns(stream.values.length, forecaster.settings.horizon);
  const slots = stream.keys.map((key) => forecaster.slotOf(key));
  const observations = {
    ...observationColumns(0),
    ...stream,
    slots: stream.slots.map((k) => slots[k]!),
    count: stream.values.length,
  };
  forecaster.observe(observations, forecasts);
  return forecasts;
}

/** A table's columns, each a key, row by row. */
export function tableStream({ names, times, values }: WideTable): Stream {
  const width = names.length;
  return {
    keys: names,
    slots: Int32Array.from(values, (_, i) => i % width),
    times: Float64Array.from(values, (_, i) => times[Math.floor(i / width)]!),
    values,
  };
}

/** NAB's series whose paths match, each a key. */
export function nabStream(pattern: RegExp): Stream {
  return merge(
    listSeries("nab")
      .filter((path) => pattern.test(path))
      .map((path) => ({ key: path, ...readSeries(path, "timestamp", "value") })),
  );
}

/** A stream to time and weigh with: every key has one of AWS' metrics, each from another place of it. */
export function costStream(keys: number, events: number): Stream {
  const source = nabStream(/realAWSCloudwatch/);
  const series = source.keys.map((_, k) => source.values.filter((_value, i) => source.slots[i] === k));
  const rows = Array.from({ length: keys * events }, (_, i) => i);
  return {
    keys: Array.from({ length: keys }, (_, k) => `key ${k}`),
    slots: Int32Array.from(rows, (i) => i % keys),
    times: Float64Array.from(rows, (i) => 1e12 + Math.floor(i / keys) * 300_000),
    values: Float64Array.from(rows, (i) => {
      const k = i % keys;
      const values = series[k % series.length]!;
      return values[(Math.floor(i / keys) + 7 * k) % values.length]!;
    }),
  };
}

export interface Series {
  readonly key: string;
  readonly times: readonly number[];
  readonly values: readonly number[];
}

export function grouped(
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
export function merge(series: readonly Series[]): Stream {
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
