/** Baselines against their definitions over whole series, and the period that is found in known ones. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { uniform } from "../../../src/engine/random.js";
import {
  ExponentialSmoothing,
  SeasonalNaive,
  type Baseline,
} from "../../../src/forecast/evaluation/baselines.js";
import { forecastColumns, type StepColumns } from "../../../src/forecast/columns.js";
import { Scoreboard } from "../../../src/forecast/evaluation/scoreboard.js";
import { detectPeriod } from "../../../src/forecast/evaluation/season.js";

const values = fc.array(
  fc.oneof(
    { weight: 9, arbitrary: fc.integer({ min: -99, max: 99 }) },
    { weight: 1, arbitrary: fc.constant(NaN) },
  ),
);

/** Forecasts made before each value. */
function forecastsOf(baseline: Baseline, series: Iterable<number>): number[] {
  const forecasts: number[] = [];
  for (const value of series) {
    forecasts.push(baseline.forecast);
    baseline.observe(value);
  }
  return forecasts;
}

function wave(count: number, period: number, noise: number, seed = 1): Float64Array {
  const next = uniform(seed);
  return Float64Array.from(
    { length: count },
    (_, t) => Math.sin((2 * Math.PI * t) / period) + noise * (next() - 0.5),
  );
}

function randomWalk(count: number, seed: number): Float64Array {
  const next = uniform(seed);
  let level = 0;
  return Float64Array.from({ length: count }, () => (level += next() + next() - 1));
}

describe("seasonal naive", () => {
  it("repeats the value of one given period before, and the last known one while there is none", () => {
    fc.assert(
      fc.property(values, fc.integer({ min: 1, max: 12 }), (series, period) => {
        const expected = series.map((_, t) => {
          const seasonal = t >= period ? series[t - period]! : NaN;
          if (!Number.isNaN(seasonal)) return seasonal;
          return series.slice(0, t).findLast((value) => !Number.isNaN(value)) ?? NaN;
        });
        expect(forecastsOf(new SeasonalNaive(period), series)).toEqual(expected);
      }),
    );
  });

  it("finds the period of a series by itself, and from then on repeats it", () => {
    for (const period of [5, 24, 96, 288]) {
      const baseline = new SeasonalNaive();
      const series = wave(4320 + 2 * period, period, 0.3 / period);
      const forecasts = forecastsOf(baseline, series);
      expect(baseline.period).toBe(period);
      for (let t = 4320; t < series.length; t++) expect(forecasts[t]).toBe(series[t - period]);
    }
  });

  it("is persistence on what has no season", () => {
    for (let seed = 1; seed <= 20; seed++) {
      const series = randomWalk(5000, seed);
      const baseline = new SeasonalNaive();
      const forecasts = forecastsOf(baseline, series);
      expect(baseline.period).toBe(0);
      expect(forecasts.slice(4320)).toEqual([...series.slice(4319, -1)]);
    }
  });

  it("never looks ahead: the future changes no forecast made before it", () => {
    const series = wave(2000, 24, 0.1);
    const changed = series.map((value, t) => (t < 1100 ? value : -7 * value));
    expect(forecastsOf(new SeasonalNaive(), series).slice(0, 1101)).toEqual(
      forecastsOf(new SeasonalNaive(), changed).slice(0, 1101),
    );
  });
});

describe("detectPeriod", () => {
  it("bridges missing values and survives an outlier", () => {
    const series = wave(540, 24, 0.2).map((value, t) => (t % 17 === 3 ? NaN : t === 200 ? -9999 : value));
    expect(detectPeriod(series)).toBe(24);
  });

  it("finds the period also where the level wanders", () => {
    for (let seed = 1; seed <= 20; seed++) {
      const period = 5 + seed;
      const walk = randomWalk(2000, seed);
      const series = wave(2000, period, 0).map((value, t) => value + 0.2 * walk[t]!);
      // Several seasons repeat as well as one does.
      expect(detectPeriod(series)! % period).toBe(0);
    }
  });

  it("finds the period that repeats best, where a part of it almost repeats too, and where it repeats exactly", () => {
    const eight = wave(600, 8, 0);
    const day = wave(600, 24, 0).map((value, t) => 0.5 * value + eight[t]!);
    expect(detectPeriod(day)).toBe(24);
    const exact = Float64Array.from({ length: 300 }, (_, t) => [3, 1, 4, 1, 5, 9, 2][t % 7]!);
    expect(detectPeriod(exact)).toBe(7);
  });

  it("finds none in constants, in nothing, and in values that are all missing", () => {
    expect(detectPeriod(new Float64Array(300))).toBeUndefined();
    expect(detectPeriod(new Float64Array(0))).toBeUndefined();
    expect(detectPeriod(new Float64Array(300).fill(NaN))).toBeUndefined();
    expect(detectPeriod(Float64Array.from({ length: 300 }, (_, t) => t))).toBeUndefined();
  });
});

describe("exponential smoothing", () => {
  it("forecasts with the factor whose errors so far are the smallest", () => {
    fc.assert(
      fc.property(values, (series) => {
        const runs = [0.1, 0.3, 0.5, 0.7, 0.9].map((alpha) => ({ alpha, level: NaN, error: 0 }));
        const expected = series.map((value) => {
          const forecast = runs.reduce((best, run) => (run.error < best.error ? run : best)).level;
          for (const run of runs) {
            if (Number.isNaN(value)) continue;
            if (Number.isNaN(run.level)) run.level = value;
            run.error += Math.abs(value - run.level);
            run.level += run.alpha * (value - run.level);
          }
          return forecast;
        });
        expect(forecastsOf(new ExponentialSmoothing(), series)).toEqual(expected);
      }),
    );
  });

  it("chooses a small factor for noise and a large one for a random walk", () => {
    const next = uniform(3);
    const noise = new ExponentialSmoothing();
    forecastsOf(noise, Array.from({ length: 500 }, next));
    expect(noise.alpha).toBe(0.1);
    const walk = new ExponentialSmoothing();
    forecastsOf(walk, randomWalk(500, 1));
    expect(walk.alpha).toBe(0.9);
  });
});

describe("SeasonalNaive, several values ahead", () => {
  it("repeats the last whole season, however many values ahead", () => {
    const seasonal = new SeasonalNaive(4);
    for (const value of [1, 2, 3]) seasonal.observe(value);
    expect(seasonal.ahead(3)).toBe(3);
    for (const value of [4, 5, 6]) seasonal.observe(value);
    expect([1, 2, 3, 4, 5, 8, 9].map((step) => seasonal.ahead(step))).toEqual([3, 4, 5, 6, 3, 6, 3]);
  });

  it("repeats the value of the season before whatever the period, also while the period is being looked for", () => {
    const seasonal = new SeasonalNaive();
    const values = Array.from({ length: 5000 }, (_, i) => Math.sin((2 * Math.PI * i) / 24));
    values.forEach((value, i) => {
      seasonal.observe(value);
      const { period } = seasonal;
      if (period === 0) return;
      for (const step of [1, 6, 24, 30]) {
        expect(seasonal.ahead(step)).toBe(values[i + step - period * Math.ceil(step / period)]);
      }
    });
    expect(seasonal.period % 24).toBe(0);
  });
});

describe("Scoreboard", () => {
  it("scores model and baselines on the same values, after the warm-up of each key", () => {
    const columns = forecastColumns(12);
    for (let row = 0; row < 12; row++) {
      columns.slots[row] = row % 2;
      columns.values[row] = row === 8 ? NaN : row;
      columns.expected[row] = row < 2 ? NaN : row - 1;
      columns.previous[row] = row < 2 ? NaN : row - 2;
      columns.expectedLower[row] = NaN;
      columns.expectedUpper[row] = NaN;
    }
    const scoreboard = new Scoreboard({ warmup: 2 });
    scoreboard.add(columns, 12);
    const [even, odd] = scoreboard.keys;
    expect([even!.events, even!.missing, even!.score.count]).toEqual([6, 1, 3]);
    expect([odd!.events, odd!.missing, odd!.score.count]).toEqual([6, 0, 4]);
    expect(odd!.score.skill).toBe(0.5);
    expect(odd!.seasonalErrors.count).toBe(odd!.score.count);
    expect(odd!.smoothingErrors.count).toBe(odd!.score.count);
    expect(odd!.ahead).toBeUndefined();
    // Without a season the seasonal naive forecast is that of persistence.
    expect(odd!.seasonalErrors.mae).toBe(odd!.score.persistence.mae);
  });

  it("scores each step by what was forecast that many events before, where the value and the forecast are there", () => {
    const columns = forecastColumns(8, 3);
    for (let row = 0; row < 8; row++) {
      columns.values[row] = row === 4 ? NaN : 10 * row;
      columns.previous[row] = row === 5 ? 30 : row < 1 ? NaN : 10 * (row - 1);
      // Step 2 is forecast 1 too high, step 3 is 5 too low; both without an interval at first.
      columns.steps.yhat.set([10 * (row + 2) + 1, 10 * (row + 3) - 5], 2 * row);
      columns.steps.yhatLower.set(row < 2 ? [NaN, NaN] : [10 * (row + 2), 0], 2 * row);
      columns.steps.yhatUpper.set(row < 2 ? [NaN, NaN] : [10 * (row + 2) + 2, 1], 2 * row);
    }
    const scoreboard = new Scoreboard({ horizon: 3, warmup: 1, period: 2 });
    scoreboard.add(columns, 3);
    scoreboard.add(
      {
        ...columns,
        values: columns.values.subarray(3),
        steps: shifted(columns.steps, 3),
        previous: columns.previous.subarray(3),
      },
      5,
    );
    expect(scoreboard.keys[0]!.ahead!.steps).toHaveLength(2);
    const [second, third] = scoreboard.keys[0]!.ahead!.steps;
    expect([second!.step, second!.score.count, second!.score.model.mae]).toEqual([2, 5, 1]);
    expect([third!.step, third!.score.count, third!.score.model.mae]).toEqual([3, 4, 5]);
    // Of step 2 the forecasts made at events 2 and later have intervals, of which all hold their values.
    expect([second!.score.intervals, second!.score.coverage]).toEqual([3, 1]);
    expect([third!.score.intervals, third!.score.coverage]).toEqual([3, 0]);
    // Persistence at event 4, which is missing, repeats event 3: 30 at event 6.
    expect(second!.score.persistence.mae).toBeCloseTo((20 + 20 + 20 + 30 + 20) / 5);
    expect(second!.seasonalErrors.count).toBe(5);
  });
});

function shifted(steps: StepColumns, rows: number): StepColumns {
  const from = rows * (steps.horizon - 1);
  return {
    horizon: steps.horizon,
    yhat: steps.yhat.subarray(from),
    yhatLower: steps.yhatLower.subarray(from),
    yhatUpper: steps.yhatUpper.subarray(from),
  };
}
