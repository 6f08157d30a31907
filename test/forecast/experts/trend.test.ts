import { expect, test } from "vitest";
import { uniform } from "../../../src/engine/random.js";
import { discountedLoss } from "../../../src/forecast/experts/losses.js";
import { trend, trendLevel, trendSlope } from "../../../src/forecast/experts/trend.js";

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

test("goes on from its own line where something else stood in for missing values", () => {
  const state = after(new Array<number>(50).fill(2));
  for (let i = 0; i < 5; i++) trend.skip(state, 0, 0);
  expect(trend.forecast(state, 0, input)).toBeCloseTo(12, 5);
  expect(trendLevel(state, 0)).toBeCloseTo(10, 5);
});

test("a value after missing ones is a test: noise is no trend where most values are missing, a line is one", () => {
  const next = uniform(9);
  const noise = new Float32Array(trend.stateSize);
  const line = new Float32Array(trend.stateSize);
  const sizes = { scale: 1, spread: 1, weight: 1 };
  let lossOfLast = 0;
  let before = 0;
  for (let i = 0; i < 200; i++) {
    for (let missing = 0; missing < 9; missing++) {
      trend.skip(noise, 0, 0);
      trend.skip(line, 0, 0);
    }
    const value = 4 * next();
    trend.learn(noise, 0, value - before, sizes);
    trend.learn(line, 0, 20, sizes);
    lossOfLast = discountedLoss(lossOfLast, value - before);
    before = value;
  }
  expect(trend.relativeLoss(noise, 0, { ofMixture: lossOfLast, ofLast: lossOfLast })).toBeGreaterThan(0.7);
  expect(trend.relativeLoss(line, 0, { ofMixture: 1000, ofLast: 1000 })).toBeLessThan(0.3);
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
