import { describe, expect, test } from "vitest";
import { uniform } from "../../../src/engine/random.js";
import type { ForecastColumns } from "../../../src/forecast/columns.js";
import { Forecaster } from "../../../src/forecast/forecaster.js";
import { Scoreboard } from "../../../src/forecast/evaluation/scoreboard.js";
import { forecasterSettings, type ForecasterOptions } from "../../../src/forecast/settings.js";
import { columnNames, quick, run, runFresh, syntheticEvents, type Event } from "../../support/streams.js";

const hour = 3_600_000;
const monday = Date.UTC(2026, 0, 5);

/** Hourly values of one key. */
const hourly = (values: readonly number[]): Event[] =>
  values.map((value, i) => ({ key: "a", time: monday + i * hour, value }));

/** Noise of variance 1, nearly normal. */
function noise(seed: number): () => number {
  const next = uniform(seed);
  return () => 2 * (next() + next() + next() - 1.5);
}

/** The scores of each step, from 1 on, after `warmup` events. */
function stepsOf(events: readonly Event[], options: ForecasterOptions, warmup: number) {
  const horizon = options.horizon!;
  const scoreboard = new Scoreboard({ warmup, horizon, period: 24 });
  scoreboard.add(runFresh({ ...quick, ...options }, events), events.length);
  return scoreboard.keys[0]!.ahead!.steps;
}

test("intervals of a straight line hold its values at every step", () => {
  const values = Array.from({ length: 5000 }, (_, i) => 3 * i);
  const { steps } = runFresh({ ...quick, horizon: 24 }, hourly(values));
  for (let step = 2; step <= 24; step++) {
    let held = 0;
    for (let i = 1000; i < 4900; i++) {
      const at = i * 23 + step - 2;
      const value = values[i + step]!;
      if (steps.yhatLower[at]! <= value && value <= steps.yhatUpper[at]!) held++;
    }
    expect(held / 3900, `step ${step}`).toBeGreaterThan(0.88);
  }
});

describe.each(["shared", "compact", "full"] as const)("with the %s read-out", (readout) => {
  const options = { ...quick, readout, horizon: 7 };
  const events = syntheticEvents(1500, 7);

  test("changes no bit of the forecasts of next values", () => {
    const one = runFresh({ ...options, horizon: 1 }, events);
    const seven = runFresh(options, events);
    for (const name of columnNames) expect(seven[name]).toEqual(one[name]);
  });
});

test("what the forecast of the next value knows, the steps behind it know too", () => {
  // Each change is a number that comes one event before it, and that only the model of the next value sees.
  const next = noise(4);
  const numbers = Array.from({ length: 6000 }, () => next());
  let value = 0;
  const values = numbers.map((_, i) => (value += numbers[i - 1] ?? 0));
  const events = hourly(values).map((event, i) => ({ ...event, features: [numbers[i]!] }));
  const steps = stepsOf(events, { horizon: 4, featureCount: 1, readout: "full" }, 2000);
  for (const { step, score } of steps) {
    // Of `step` changes all but the first are unknown.
    const possible = Math.sqrt((step - 1) / step);
    expect(score.model.mae / score.persistence.mae, `step ${step}`).toBeLessThan(0.5 * (1 + possible));
  }
});

test("how much of a deviation lasts may depend on the hour of the day", () => {
  const next = noise(3);
  const lasts = (event: number): number => (event % 24 < 12 ? 0.98 : 0.3);
  let value = 0;
  const values = Array.from({ length: 5000 }, (_, i) => (value = lasts(i) * value + next()));
  const { steps } = runFresh({ ...quick, loss: "squared", horizon: 3 }, hourly(values));
  let squared = 0;
  let possible = 0;
  for (let i = 1000; i < values.length - 3; i++) {
    const later = values[i + 3]!;
    const best = lasts(i + 1) * lasts(i + 2) * lasts(i + 3) * values[i]!;
    squared += (steps.yhat[2 * i + 1]! - later) ** 2;
    possible += (best - later) ** 2;
  }
  // Without distances by the hour it is 1.3 times as large.
  expect(squared / possible).toBeLessThan(1.2);
});

test("what further steps need is kept only where they are asked for, in memory and in snapshots", () => {
  const events = syntheticEvents(200, 3);
  const sizes = [1, 2].map((horizon) => {
    const forecaster = new Forecaster(forecasterSettings({ ...quick, horizon }));
    const before = forecaster.bytes;
    run(forecaster, events);
    const result = { bytes: before, snapshot: forecaster.snapshot().length };
    forecaster.dispose();
    return result;
  });
  expect(sizes[1]!.bytes).toBeGreaterThan(sizes[0]!.bytes);
  // Two profiles alone take more than 1,700 bytes a key.
  expect(sizes[1]!.snapshot - sizes[0]!.snapshot).toBeGreaterThan(3 * 1700);
});

test("a snapshot of another horizon is foreign, and columns of another horizon are refused", () => {
  const five = new Forecaster(forecasterSettings({ ...quick, horizon: 5 }));
  const six = new Forecaster(forecasterSettings({ ...quick, horizon: 6 }));
  expect(() => {
    six.restore(five.snapshot());
  }).toThrow(expect.objectContaining({ code: "SNAPSHOT_FOREIGN" }) as Error);
  const columns: ForecastColumns = runFresh({ ...quick, horizon: 4 }, []);
  const observations = { count: 0, slots: new Int32Array(0), times: new Float64Array(0) };
  const none = { ...observations, values: new Float64Array(0), features: new Float64Array(0) };
  expect(() => {
    five.observe(none, columns);
  }).toThrow(RangeError);
  five.dispose();
  six.dispose();
});

test("values that follow the day and the week are forecast far better than by either baseline, at every step", () => {
  const next = noise(3);
  const values = Array.from({ length: 24 * 7 * 20 }, (_, i) => {
    const weekend = Math.floor(i / 24) % 7 >= 5 ? 0.3 : 1;
    return 50 + 20 * weekend * Math.sin((2 * Math.PI * i) / 24) + next();
  });
  for (const { score, seasonalErrors } of stepsOf(hourly(values), { horizon: 24 }, 24 * 7 * 8)) {
    expect(score.model.mae).toBeLessThan(0.5 * score.persistence.mae);
    expect(score.model.mae).toBeLessThan(0.5 * seasonalErrors.mae);
    expect(score.model.mae).toBeLessThan(1.4);
  }
});

test("every read-out forecasts the next value by the week too", () => {
  const random = noise(3);
  // Weekdays differ in level and shape from the weekend, as in traffic; 20 weeks, of which the last 12 count.
  const values = Array.from({ length: 20 * 168 }, (_, i) => {
    const weekend = i % 168 >= 120;
    const day = Math.sin((2 * Math.PI * (i % 24)) / 24);
    return (weekend ? 4 * Math.max(0, day) : 12 * day * Math.abs(day)) + random();
  });
  const errorOf = (readout: "shared" | "compact" | "full"): number => {
    const { expected } = runFresh({ ...quick, readout, loss: "squared" }, hourly(values));
    return values.reduce((sum, value, i) => sum + (i < 8 * 168 ? 0 : Math.abs(value - expected[i]!)), 0);
  };
  const errors = (["shared", "compact", "full"] as const).map(errorOf);
  for (const error of errors) expect(error).toBeLessThan(1.15 * Math.min(...errors));
});

test("a day's shape that lasts is told from the noise of single days, while the level moves", () => {
  const ratios = [1, 2, 3].map((seed) => {
    const next = noise(seed);
    const shapes = noise(seed + 10);
    const shape = Array.from({ length: 24 }, () => 3 * shapes());
    let level = 0;
    const values = Array.from(
      { length: 24 * 7 * 20 },
      (_, i) => shape[i % 24]! + (level += 0.3 * next()) + next(),
    );
    const warmup = 24 * 7 * 8;
    // Smoothing at the best rate by one who knows the shape.
    let smooth = 0;
    let error = 0;
    values.forEach((value, i) => {
      if (i >= warmup && i + 2 < values.length) {
        const rest = value - shape[i % 24]!;
        const known = smooth + 0.26 * (rest - smooth);
        error += Math.abs(values[i + 2]! - shape[(i + 2) % 24]! - known);
      }
      smooth += 0.26 * (value - shape[i % 24]! - smooth);
    });
    const second = stepsOf(hourly(values), { horizon: 8 }, warmup).find(({ step }) => step === 2);
    return second!.score.model.mae / (error / (values.length - warmup - 2));
  });
  // With a profile of the last three days alone, 1.075.
  expect(ratios.reduce((sum, ratio) => sum + ratio, 0) / 3).toBeLessThan(1.055);
});

test("a random walk is not forecast materially worse than by its last value, at any step", () => {
  const next = noise(5);
  let value = 1000;
  const walk = hourly(Array.from({ length: 6000 }, () => (value += next())));
  for (const { step, score } of stepsOf(walk, { horizon: 24 }, 300)) {
    expect(score.skill, `step ${step}`).toBeGreaterThan(-0.015);
  }
});

test("intervals of every step cover what they say, on waves, noise and walks, missing values or not", () => {
  const horizon = 16;
  const seeds = [7, 21, 3];
  const coverages = seeds.map((seed) => {
    const next = noise(seed);
    const drop = uniform(seed + 1);
    let walk = 0;
    const kinds: ((i: number) => number)[] = [
      (i) => 10 * Math.sin((2 * Math.PI * i) / 24) + next(),
      () => next() ** 3,
      () => (walk += next()),
      (i) => (drop() < 0.1 ? NaN : 5 * Math.sin(i / 9) + next()),
    ];
    return kinds.flatMap((kind) => {
      const events = hourly(Array.from({ length: 8000 }, (_, i) => kind(i)));
      const steps = stepsOf(events, { horizon, intervalLevels: [0.8] }, 500);
      return steps.map(({ score }) => score.coverage);
    });
  });
  coverages[0]!.forEach((_, i) => {
    const place = `series ${Math.floor(i / (horizon - 1))}, step ${2 + (i % (horizon - 1))}`;
    const mean = coverages.reduce((sum, each) => sum + each[i]! / seeds.length, 0);
    expect(mean, place).toBeGreaterThan(0.78);
    expect(mean, place).toBeLessThan(0.825);
  });
});

test("a sentinel disturbs no other key, leaves everything finite, and is soon forgotten", () => {
  const options = { ...quick, learningRate: 1e-30, horizon: 12 };
  const next = noise(11);
  const clean = Array.from({ length: 4000 }, (_, i): Event => {
    const key = i % 2 === 0 ? "a" : "b";
    return { key, time: monday + i * hour, value: 10 * Math.sin((2 * Math.PI * i) / 24) + next() };
  });
  const hit = clean.map((event, i) => (i === 1200 || i === 2600 ? { ...event, value: -9999 } : event));
  const one = runFresh(options, clean);
  const other = runFresh(options, hit);
  const error = (forecasts: ForecastColumns, row: number, step: number): number =>
    Math.abs(forecasts.steps.yhat[row * 11 + step - 2]! - clean[row + 2 * step]!.value);
  const sums = [0, 0];
  for (let row = 1; row < clean.length; row++) {
    for (let step = 2; step <= 12; step++) {
      const at = row * 11 + step - 2;
      expect(Number.isFinite(other.steps.yhat[at]!)).toBe(true);
      if (row % 2 === 1) expect(other.steps.yhat[at]).toBe(one.steps.yhat[at]);
      else if (row > 1200 && (row - 1200) % 1400 > 100 && row + 2 * step < clean.length) {
        sums[0]! += error(one, row, step);
        sums[1]! += error(other, row, step);
      }
    }
  }
  expect(sums[1]! / sums[0]!).toBeLessThan(1.1);
});

test("extreme values, constants, repeated times and times before 1970 keep every step finite", () => {
  const next = uniform(13);
  const kinds: ((i: number) => Partial<Event>)[] = [
    () => ({ value: (next() < 0.5 ? -1 : 1) * 1e30 * next() }),
    () => ({ value: 7 }),
    (i) => ({ value: i < 500 ? 0 : 1e-30 * next() }),
    () => ({ time: 0, value: next() }),
    (i) => ({ time: -1e14 + i * 1e9 * next(), value: next() }),
    (i) => ({ value: i % 50 === 0 ? 1e30 : 1 }),
  ];
  for (const kind of kinds) {
    const events = hourly(new Array<number>(1500).fill(0)).map((event, i) => ({ ...event, ...kind(i) }));
    const { steps } = runFresh({ ...quick, horizon: 5 }, events);
    expect(steps.yhat.every(Number.isFinite)).toBe(true);
    expect(steps.yhatUpper.subarray(4 * 20).every(Number.isFinite)).toBe(true);
  }
});

test("steps of a missing value go on from its imputation; before the first value there are none", () => {
  const next = noise(17);
  const values = Array.from({ length: 2000 }, (_, i) => 10 * Math.sin((2 * Math.PI * i) / 24) + 0.2 * next());
  const events = hourly(values.map((value, i) => (i < 2 || i % 5 === 0 ? NaN : value)));
  const { steps } = runFresh({ ...quick, horizon: 6 }, events);
  expect(steps.yhat.subarray(0, 10).every(Number.isNaN)).toBe(true);
  let error = 0;
  for (let i = 1500; i < 1990; i += 5) error += Math.abs(steps.yhat[i * 5 + 4]! - values[i + 6]!) / 98;
  expect(error).toBeLessThan(1);
});
