import { expect, test } from "vitest";
import { uniform } from "../../../src/engine/random.js";
import { trend, trendSlope } from "../../../src/forecast/experts/trend.js";

const input = { scale: 1, held: 0, readout: 0, keyReadout: 0, seasonal: 0 };

/** The state after changes, with a scale of 1. */
function after(changes: readonly number[]): Float32Array {
  const state = new Float32Array(trend.stateSize);
  for (const change of changes) trend.learn(state, 0, change, { scale: 1, spread: 1, weight: 1 });
  return state;
}

test("continues a straight line to the last digit", () => {
  const state = after(new Array<number>(50).fill(3));
  expect(trend.forecast(state, 0, input)).toBe(3);
});

test("neither the reset of a counter nor an outlier and its return enter the slope", () => {
  for (const odd of [[-600], [1e6, -1e6], [50, -50]]) {
    const state = after([...new Array<number>(100).fill(6), ...odd.map((change) => change + 6)]);
    for (let i = 0; i < 3; i++) expect(trendSlope(state, 0, i)).toBeCloseTo(6, 0);
  }
});

test("follows a new slope within a few values", () => {
  const state = after([...new Array<number>(200).fill(3), ...new Array<number>(20).fill(-2)]);
  expect(trend.forecast(state, 0, input)).toBeCloseTo(-2, 0);
});

test("keeps the mean of skewed changes", () => {
  const next = uniform(3);
  const state = after(Array.from({ length: 3000 }, () => -Math.log(1 - next())));
  expect(trendSlope(state, 0, 2)).toBeGreaterThan(0.85);
  expect(trendSlope(state, 0, 2)).toBeLessThan(1.15);
});

test("goes on through missing values that were bridged", () => {
  const state = after(new Array<number>(50).fill(2));
  for (let i = 0; i < 5; i++) trend.skip(state, 0, 2);
  expect(trend.forecast(state, 0, input)).toBeCloseTo(2, 5);
});

test("has nothing to say of a key that has hardly begun, nor where the last value does as well", () => {
  const losses = { ofMixture: 1, ofLast: 1 };
  expect(trend.relativeLoss(after([3, 3, 3]), 0, losses)).toBe(Infinity);
  expect(trend.relativeLoss(after(new Array<number>(50).fill(0)), 0, { ofMixture: 1, ofLast: 0 })).not.toBe(
    Infinity,
  );
  const next = uniform(5);
  const noise = after(Array.from({ length: 500 }, () => 20 * next() - 10));
  expect(trend.relativeLoss(noise, 0, losses)).toBe(Infinity);
});
