import fc from "fast-check";
import { expect, test } from "vitest";
import { uniform } from "../../../src/engine/random.js";
import { autocorrelate } from "../../../src/forecast/seasons/fourier.js";
import { searched, searchPeriods } from "../../../src/forecast/seasons/search.js";

test("autocorrelations of two series at once are the sums of their products", () => {
  const next = uniform(1);
  const count = 40;
  const first = new Float64Array(64).map((_, i) => (i < count ? next() - 0.5 : 0));
  const second = new Float64Array(64).map((_, i) => (i < count ? 10 * next() : 0));
  const plain = (series: Float64Array, lag: number): number => {
    let sum = 0;
    for (let i = lag; i < count; i++) sum += series[i]! * series[i - lag]!;
    return sum;
  };
  const lags = Array.from({ length: 24 }, (_, lag) => lag);
  const expected = lags.map((lag) => [plain(first, lag), plain(second, lag)]);
  autocorrelate(first, second, 64);
  lags.forEach((lag) => {
    expect(first[lag]).toBeCloseTo(expected[lag]![0]!, 10);
    expect(second[lag]).toBeCloseTo(expected[lag]![1]!, 8);
  });
});

/** The periods that are found in values. */
function periodsOf(values: readonly number[]): number[] {
  const into = new Float64Array(4);
  searched.set(values);
  const found = searchPeriods(values.length, into);
  return [...into.subarray(0, found)];
}

test("finds the period of any shape, also with noise, a trend and spikes", () => {
  fc.assert(
    fc.property(fc.integer({ min: 4, max: 400 }), fc.integer({ min: 1, max: 1e6 }), (period, seed) => {
      const next = uniform(seed);
      const shape = Array.from({ length: period }, () => 100 * next());
      const values = Array.from({ length: 1024 }, (_, i) => shape[i % period]! + 0.3 * i + 5 * next());
      const found = periodsOf(values)[0]!;
      // A shape whose parts happen to be alike nearly has a shorter period, too.
      const distance = (lag: number): number =>
        shape.reduce((sum, value, i) => sum + Math.abs(value - shape[(i + lag) % period]!), 0) / period;
      // Of 150,000 such shapes the furthest was 16 from itself; unlike parts are some 33 apart.
      if (found !== period) expect(distance(found)).toBeLessThan(20);
    }),
    { numRuns: 50 },
  );
  const next = uniform(9);
  const spikes = Array.from({ length: 1024 }, (_, i) => (i % 60 === 7 ? 100 : 0) + next());
  expect(periodsOf(spikes)[0]).toBe(60);
});

test("finds no period in a random walk, nor in a constant", () => {
  const next = uniform(4);
  let value = 0;
  expect(periodsOf(Array.from({ length: 2048 }, () => (value += next() - 0.5)))).toEqual([]);
  expect(periodsOf(new Array<number>(256).fill(3))).toEqual([]);
});
