/** Seasons of rare values far from all others: spikes, and jobs of some values with long rests between. */
import { describe, expect, test } from "vitest";
import { uniform } from "../../../src/engine/random.js";
import type { ForecastColumns } from "../../../src/forecast/columns.js";
import { drawNormal } from "../../support/random.js";
import { quick, runFresh, type Event } from "../../support/streams.js";

const stepMs = 10_000;
const seeds = [1, 2, 3];

type Law = (i: number, normal: () => number) => number;

function valuesOf(seed: number, count: number, law: Law): number[] {
  const next = uniform(seed);
  return Array.from({ length: count }, (_, i) => law(i, () => drawNormal(next)));
}

function forecastsOf(values: readonly number[], options = {}): ForecastColumns {
  const events = values.map((value, i): Event => ({ key: "a", time: 1.7e12 + i * stepMs, value }));
  return runFresh({ ...quick, ...options }, events);
}

/** Mean absolute error of the next values that `counts`. */
function errorOf(
  values: readonly number[],
  { expected }: ForecastColumns,
  counts: (i: number) => boolean,
): number {
  const rows = values.map((_, i) => i).filter(counts);
  return rows.reduce((sum, i) => sum + Math.abs(expected[i]! - values[i]!), 0) / rows.length;
}

describe.each([10, 15, 20, 30])("spikes of 5,000 sizes of the noise, each %i values", (period) => {
  const noise = 0.02;
  const law: Law = (i, normal) => 10 + noise * normal() + (i % period === 7 ? 5000 * noise : 0);

  test("are forecast from the eighth on, and ever after, to within the noise", () => {
    for (const seed of seeds) {
      const values = valuesOf(seed, 4000, law);
      const forecasts = forecastsOf(values);
      const isSpike = (i: number): boolean => i % period === 7;
      expect(errorOf(values, forecasts, (i) => isSpike(i) && i >= 8 * period)).toBeLessThan(2 * noise);
      expect(errorOf(values, forecasts, (i) => !isSpike(i) && i >= 8 * period)).toBeLessThan(1.5 * noise);
    }
  });

  test("do not make the next value harder than the twelfth", () => {
    for (const seed of seeds) {
      const values = valuesOf(seed, 4000, law);
      const horizon = 12;
      const forecasts = forecastsOf(values, { horizon });
      const far = (i: number): number => forecasts.steps.yhat[(i - horizon) * (horizon - 1) + horizon - 2]!;
      const rows = values.map((_, i) => i).filter((i) => i >= 2000);
      const farError = rows.reduce((sum, i) => sum + Math.abs(far(i) - values[i]!), 0) / rows.length;
      expect(errorOf(values, forecasts, (i) => i >= 2000)).toBeLessThan(1.1 * farError);
    }
  });
});

describe.each([1, 3, 5, 12])("a job of %i values each hour, among values each ten seconds", (job) => {
  const period = 360;
  const isJob = (i: number): boolean => i % period < job;
  const afterJob = (i: number): boolean => i % period < job + 3;

  test("is forecast from the sixth on, from its first value to the one after it", () => {
    for (const seed of seeds) {
      const values = valuesOf(seed, 12 * period, (i, normal) => 5 + normal() + (isJob(i) ? 60 : 0));
      const forecasts = forecastsOf(values);
      expect(errorOf(values, forecasts, (i) => afterJob(i) && i >= 5 * period)).toBeLessThan(4);
      expect(errorOf(values, forecasts, (i) => !afterJob(i) && i >= 5 * period)).toBeLessThan(0.95);
    }
  });
});

test("a job whose height differs from hour to hour is forecast better than by its last height or by none", () => {
  const period = 360;
  for (const seed of seeds) {
    const values = valuesOf(seed, 24 * period, (i, normal) => (i % period < 3 ? 50 + 10 * normal() : 0));
    const forecasts = forecastsOf(values);
    const isJob = (i: number): boolean => i % period < 4 && i >= 12 * period;
    const rows = values.map((_, i) => i).filter(isJob);
    const naive = rows.reduce((sum, i) => sum + Math.abs(values[i - period]! - values[i]!), 0) / rows.length;
    expect(errorOf(values, forecasts, isJob)).toBeLessThan(1.2 * naive);
  }
});
