/** Trends and seasons are forecast at least as well as by the simple rule for them, at every step. */
import { describe, expect, test } from "vitest";
import { uniform } from "../../src/engine/random.js";
import { Forecaster } from "../../src/forecast/forecaster.js";
import { forecasterSettings } from "../../src/forecast/settings.js";
import { bitsOf, quick, run, runFresh, type Event } from "../support/streams.js";

const minute = 60_000;

const eventsOf = (values: readonly number[], gap = minute): Event[] =>
  values.map((value, i) => ({ key: "a", time: 1.7e12 + i * gap, value }));

const series = (count: number, value: (i: number) => number): number[] =>
  Array.from({ length: count }, (_, i) => value(i));

/** Noise of variance 1, nearly normal. */
function noise(seed: number): () => number {
  const next = uniform(seed);
  return () => 2 * (next() + next() + next() - 1.5);
}

/** Mean absolute errors of each step from 1 on, of forecasts made from event `from` on, and those of a simple rule. */
function errorsOf(
  values: readonly number[],
  { horizon, from }: { readonly horizon: number; readonly from: number },
  rule: (i: number, step: number) => number,
): { readonly mae: number; readonly simple: number }[] {
  const { yhat, steps } = runFresh({ ...quick, horizon }, eventsOf(values));
  return Array.from({ length: horizon }, (_, s) => {
    let mae = 0;
    let simple = 0;
    const last = values.length - horizon;
    for (let i = from; i < last; i++) {
      const forecast = s === 0 ? yhat[i]! : steps.yhat[i * (horizon - 1) + s - 1]!;
      mae += Math.abs(forecast - values[i + s + 1]!) / (last - from);
      simple += Math.abs(rule(i, s + 1) - values[i + s + 1]!) / (last - from);
    }
    return { mae, simple };
  });
}

describe("a trend", () => {
  test.each([minute, 60 * minute])("that is a straight line is continued exactly, every %d ms", (gap) => {
    const values = series(1500, (i) => 3 * i);
    const { yhat, steps } = runFresh({ ...quick, horizon: 24 }, eventsOf(values, gap));
    for (let i = 500; i < values.length; i++) {
      expect(Math.abs(yhat[i]! - 3 * (i + 1))).toBeLessThan(1e-3);
      for (let s = 2; s <= 24; s++) {
        expect(Math.abs(steps.yhat[i * 23 + s - 2]! - 3 * (i + s))).toBeLessThan(1e-3);
      }
    }
  });

  const next = noise(3);
  let walk = 0;
  let counter = 0;
  const resets = uniform(8);
  const kinds: readonly (readonly [name: string, values: number[]])[] = [
    ["with noise", series(2500, (i) => 0.5 * i + 3 * next())],
    ["of a walk", series(2500, () => (walk += 1 + 0.5 * next()))],
    ["of a counter with resets", series(2500, () => (counter = resets() < 0.005 ? 0 : counter + 5 + next()))],
    ["that is saturated", series(2500, (i) => 1000 * (1 - 1 / (1 + i / 500)) + 0.2 * next())],
  ];
  test.each(kinds)("%s is continued at least as well as by the last value and slope", (_, values) => {
    const rule = (i: number, step: number): number =>
      values[i]! + (step * (values[i]! - values[i - 50]!)) / 50;
    for (const { mae, simple } of errorsOf(values, { horizon: 12, from: 600 }, rule)) {
      expect(mae).toBeLessThan(1.02 * simple);
    }
  });
});

describe("a season", () => {
  test.each([7, 24, 60, 96, 168, 288])("of %d values is repeated exactly", (period) => {
    const next = uniform(period);
    const shape = series(period, () => 100 * next());
    const values = series(7 * period + 600, (i) => shape[i % period]!);
    const from = Math.max(6 * period, 500);
    // Between two values that are the same persistence has its share.
    for (const { mae } of errorsOf(values, { horizon: 5, from }, () => 0)) expect(mae).toBeLessThan(1e-3);
  });

  test("of 2,016 values, unknown to the calendar, is repeated within five seasons", () => {
    const next = uniform(5);
    const shape = series(2016, () => 100 * next());
    const values = series(6 * 2016, (i) => shape[i % 2016]!);
    for (const { mae } of errorsOf(values, { horizon: 2, from: 5 * 2016 }, () => 0)) {
      expect(mae).toBeLessThan(1e-3);
    }
  });

  test.each([
    ["triangle", (i: number) => Math.abs((i % 200) - 100)],
    ["trapezium", (i: number) => Math.min(60, Math.abs((i % 200) - 100))],
  ])("of straight parts, a %s, is repeated within five seasons", (_, law) => {
    const values = series(3000, law);
    for (const { mae } of errorsOf(values, { horizon: 24, from: 1100 }, () => NaN)) {
      expect(mae).toBeLessThan(0.001);
    }
  });

  test("with noise is forecast better than by the value of one season before", () => {
    const random = noise(7);
    const next = uniform(6);
    const shape = series(48, () => 40 * next());
    const values = series(48 * 30, (i) => shape[i % 48]! + 2 * random());
    const rule = (i: number, step: number): number => values[i + step - 48]!;
    for (const { mae, simple } of errorsOf(values, { horizon: 12, from: 48 * 10 }, rule)) {
      expect(mae).toBeLessThan(0.9 * simple);
    }
  });

  test("of spikes is forecast no worse than by the median: after each spike the forecast returns", () => {
    const random = noise(9);
    const values = series(4000, (i) => 10 + 0.3 * random() + (i % 60 === 0 ? 100 : 0));
    for (const { mae, simple } of errorsOf(values, { horizon: 3, from: 2000 }, () => 10)) {
      expect(mae).toBeLessThan(1.05 * simple);
    }
  });

  test("of spikes at a twentieth of the values, far above little noise, is learned", () => {
    const random = noise(13);
    const values = series(4000, (i) => 5 + 0.02 * random() + (i % 20 === 7 ? 100 : 0));
    for (const { mae } of errorsOf(values, { horizon: 3, from: 2000 }, () => NaN))
      expect(mae).toBeLessThan(1);
  });

  test("is not seen in spikes at random: the forecast after one is what the values before were", () => {
    const random = noise(11);
    const chance = uniform(12);
    const values = series(4000, () => 10 + 0.3 * random() + (chance() < 0.01 ? 100 : 0));
    const { yhat } = runFresh(quick, eventsOf(values));
    const after = values.flatMap((value, i) => (i > 2000 && value > 60 ? [yhat[i]!] : []));
    expect(after.length).toBeGreaterThan(5);
    for (const forecast of after) expect(Math.abs(forecast - 10)).toBeLessThan(2);
  });
});

describe("the pool of keys with seasons", () => {
  const next = uniform(2);
  const shapes = series(5, (k) => 12 + k).map((period) => series(period, () => 100 * next()));
  const events = series(3000, (i) => i).map((i): Event => {
    const k = i % 5;
    const t = Math.floor(i / 5);
    const value = t % 41 === 40 ? NaN : shapes[k]![t % shapes[k]!.length]!;
    return { key: `key-${k}`, time: 1.7e12 + t * minute, value };
  });
  const options = { ...quick, horizon: 4, seasonKeys: 3 };

  test("serves the first keys that ask, and the others go without", () => {
    const columns = runFresh(options, events);
    const errors = series(5, () => 0);
    for (let i = 2500; i < 3000; i++) {
      if (!Number.isNaN(events[i]!.value))
        errors[i % 5]! += Math.abs(columns.expected[i]! - events[i]!.value);
    }
    errors.forEach((error, k) => {
      if (k < 3) expect(error).toBeLessThan(1);
      else expect(error).toBeGreaterThan(10);
    });
  });

  test("gives the same bits however events are cut and wherever the state is taken over", () => {
    const whole = bitsOf(runFresh(options, events));
    for (const cut of [1, 37, 640, 1601, 2222]) {
      const first = new Forecaster(forecasterSettings(options));
      run(first, events.slice(0, cut));
      const second = new Forecaster(forecasterSettings(options));
      second.restore(first.snapshot());
      const expected = bitsOf(run(first, events.slice(cut)));
      expect(bitsOf(run(second, events.slice(cut)))).toBe(expected);
      expect(second.snapshot()).toEqual(first.snapshot());
      first.dispose();
      second.dispose();
    }
    const cut = new Forecaster(forecasterSettings(options));
    for (let from = 0; from < events.length; from += 7) run(cut, events.slice(from, from + 7));
    const whole2 = new Forecaster(forecasterSettings(options));
    run(whole2, events);
    expect(cut.snapshot()).toEqual(whole2.snapshot());
    expect(whole).toBe(bitsOf(runFresh(options, events)));
    cut.dispose();
    whole2.dispose();
  });

  test("is empty with 0 keys", () => {
    const { expected } = runFresh({ ...options, seasonKeys: 0 }, events);
    expect(expected.slice(100).every((value) => Number.isFinite(value))).toBe(true);
  });
});
