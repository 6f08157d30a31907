/** Series of daily work: sparse counts, constants, rests, skewed errors, quiet nights, and any unit. */
import { describe, expect, test } from "vitest";
import { uniform } from "../../../src/engine/random.js";
import { quick, runFresh, type Event } from "../../support/streams.js";
import type { ForecastColumns } from "../../../src/forecast/columns.js";
import { drawNormal } from "../../support/random.js";

const minute = 60_000;
const settled = 1000;

const next = uniform(3);
const normal = (): number => drawNormal(next);

function poisson(rate: number): number {
  let count = 0;
  for (let left = next(); left > Math.exp(-rate); left *= next()) count++;
  return count;
}

function forecastsOf(values: readonly number[], options = {}, step = minute): ForecastColumns {
  const events = values.map((value, i): Event => ({ key: "a", time: 1.7e12 + i * step, value }));
  return runFresh({ ...quick, ...options }, events);
}

const series = (length: number, valueOf: (i: number) => number): number[] =>
  Array.from({ length }, (_, i) => valueOf(i));

/** Shares of the values below and above their interval, of those that `counts`. */
function misses(
  values: readonly number[],
  forecasts: ForecastColumns,
  counts: (i: number) => boolean = () => true,
): number[] {
  const { expectedLower, expectedUpper } = forecasts;
  const rows = values.map((_, i) => i).filter((i) => i >= settled && counts(i));
  const below = rows.filter((i) => values[i]! < expectedLower[i]!).length;
  const above = rows.filter((i) => values[i]! > expectedUpper[i]!).length;
  return [below / rows.length, above / rows.length];
}

describe("sparse counts", () => {
  test.each([0.001, 0.02, 0.2])(
    "of rate %f have the most frequent value as forecast, inside every interval",
    (rate) => {
      const values = series(10_000, () => poisson(rate));
      const forecasts = forecastsOf(values);
      const rows = values.map((_, i) => i).filter((i) => i >= settled);
      const zeros = rows.filter((i) => forecasts.expected[i] === 0).length;
      expect(zeros / rows.length).toBeGreaterThan(0.9);
      expect(rows.every((i) => forecasts.expectedLower[i]! <= 0 && forecasts.expectedUpper[i]! >= 0)).toBe(
        true,
      );
      expect(misses(values, forecasts)[1]!).toBeLessThan(0.12);
    },
  );
});

test("a constant with one other value is forecast to the last digit ever after, without an alarm", () => {
  for (const constant of [42, 0.1, -1e-9, 123_456_789.123]) {
    const { yhat, yhatLower, yhatUpper, anomalyScore } = forecastsOf(
      series(5000, (i) => (i === 500 ? constant * 1.5 : constant)),
    );
    for (let i = 501; i < 5000; i++) {
      expect(yhat[i]).toBe(constant);
      expect(yhatLower[i]).toBeLessThanOrEqual(constant);
      expect(yhatUpper[i]).toBeGreaterThanOrEqual(constant);
      expect(anomalyScore[i]).toBeLessThan(1);
    }
  }
});

test("a key that rested for long moves again in the width that it had", () => {
  let value = 50;
  const values = series(4000, (i) => {
    if (i < 1500 || i >= 3500) value = 50 + 0.8 * (value - 50) + normal();
    return value;
  });
  const { yhatUpper, yhatLower, anomalyScore } = forecastsOf(values);
  const width = (i: number): number => yhatUpper[i]! - yhatLower[i]!;
  expect(width(3400)).toBe(0);
  expect(width(3510) / width(1499)).toBeGreaterThan(0.6);
  expect(width(3510) / width(1499)).toBeLessThan(1.6);
  // Alarms close together are one episode: a larger jump soon after the first one alarms again.
  const alarms = series(100, (i) => 3500 + i).filter((i) => anomalyScore[i]! > 1);
  const episodes = alarms.filter((at, i) => i === 0 || at - alarms[i - 1]! > 20);
  expect(episodes.length).toBeLessThanOrEqual(2);
});

test.each([
  ["log-normal", () => Math.exp(normal())],
  ["exponential", () => -Math.log(1 - next())],
  ["normal", normal],
])("%s values miss their interval below and above alike", (_, draw) => {
  const values = series(10_000, draw);
  const [below, above] = misses(values, forecastsOf(values));
  expect(Math.abs(below! - 0.05)).toBeLessThan(0.012);
  expect(Math.abs(above! - 0.05)).toBeLessThan(0.012);
});

test("intervals hold their coverage by night and by day where the spread depends on the hour", () => {
  const isNight = (i: number): boolean => (i * 10) % 1440 < 480;
  const values = series(12_000, (i) => 20 + (isNight(i) ? 0.2 : 2) * normal());
  // The errors of the level itself are the same at every hour: it is followed with noise of the day.
  const forecasts = forecastsOf(values, {}, 10 * minute);
  const late = (night: boolean) => (i: number) => i > 4000 && isNight(i) === night;
  for (const night of [true, false]) {
    const [below, above] = misses(values, forecasts, late(night));
    expect(Math.abs(1 - below! - above! - 0.9)).toBeLessThan(0.02);
  }
});

test.each([
  ["in units of 1e-30", 1e-30, 0],
  ["in units of 1e25", 1e25, 0],
  ["above 1e13", 1, 2 ** 43],
])("forecasts %s are the same in the key's scale", (_, unit, offset) => {
  let level = 0;
  const plain = series(2000, (i) => {
    level = 0.9 * level + Math.round(1024 * normal()) / 1024;
    return level + 5 * Math.round(8 * Math.sin(i / 7)) * 0.125;
  }).map((value) => Math.round(value * 1024) / 1024);
  const error = (forecasts: ForecastColumns, values: readonly number[]): number =>
    values.reduce((sum, value, i) => sum + (i < 500 ? 0 : Math.abs(forecasts.expected[i]! - value)), 0);
  const moved = plain.map((value) => value * unit + offset);
  const ratio = error(forecastsOf(moved), moved) / unit / error(forecastsOf(plain), plain);
  expect(ratio).toBeGreaterThan(0.99);
  expect(ratio).toBeLessThan(1.01);
});

test("25 deviations of a quiet night are an alarm each time, though usual by day", () => {
  const isNight = (i: number): boolean => (i * 10) % 1440 < 480;
  const faults = [6000, 8016, 10_032].map((i) => i - (((i * 10) % 1440) - 180) / 10);
  const values = series(12_000, (i) => 20 + (isNight(i) ? 0.2 : 2) * normal() + (faults.includes(i) ? 5 : 0));
  const { anomalyScore } = forecastsOf(values, {}, 10 * minute);
  expect(anomalyScore[faults[0]!]).toBeGreaterThan(1.5);
  for (const at of faults) expect(anomalyScore[at], `value ${at}`).toBeGreaterThan(1.2);
});

test("the widths of intervals follow the clock on the wall", () => {
  // From 25 January on, with quiet nights from midnight to six in Berlin, where the clocks change on 29 March.
  const begin = Date.UTC(2026, 0, 25);
  const change = (Date.UTC(2026, 2, 29, 1) - begin) / (10 * minute);
  const isNight = (i: number): boolean => ((i * 10) / 60 + (i < change ? 1 : 2)) % 24 < 6;
  const values = series(Math.ceil(change) + 3 * 144, (i) => 20 + (isNight(i) ? 0.2 : 2) * normal());
  const events = values.map((value, i) => ({ key: "a", time: begin + i * 10 * minute, value }));
  const { expectedLower, expectedUpper } = runFresh({ ...quick, timeZone: "Europe/Berlin" }, events);
  for (let i = Math.ceil(change) + 1; i < values.length; i++) {
    const width = expectedUpper[i]! - expectedLower[i]!;
    if (isNight(i)) expect(width, `value ${i}`).toBeLessThan(3);
    else expect(width, `value ${i}`).toBeGreaterThan(3);
  }
});

test.each([
  ["30 among zeros", (i: number) => (i % 60 === 0 ? 30 : 0), 0.001],
  ["110 among noise around 10", (i: number) => 10 + 0.3 * normal() + (i % 60 === 0 ? 100 : 0), 10],
])("a spike at each 60th value, %s, is forecast from the sixth on", (_, valueAt, most) => {
  const values = series(6000, valueAt);
  const { expected } = forecastsOf(values);
  for (let i = 300; i < values.length; i += 60)
    expect(Math.abs(expected[i]! - values[i]!), `value ${i}`).toBeLessThan(most);
});
