import { expect, test } from "vitest";
import { uniform } from "../../../src/engine/random.js";
import { median } from "../../../src/forecast/experts/median.js";
import { runFresh } from "../../support/streams.js";

const input = { held: 0, readout: 0, keyReadout: 0, seasonal: 0 };

test("settles on the median of values, not on their mean, wherever they lie", () => {
  for (const offset of [0, 1e9]) {
    const next = uniform(5);
    const state = new Float32Array(1);
    let base = offset;
    for (let i = 0; i < 5000; i++) {
      // One in five is far above.
      const value = offset + (next() < 0.2 ? 100 : next());
      median.learn(state, 0, value - base, { scale: 0.5, spread: 1, weight: 1 });
      base = value;
    }
    const forecast = base + 0.5 * median.forecast(state, 0, { ...input, scale: 0.5 }) - offset;
    expect(forecast).toBeGreaterThan(0.3);
    expect(forecast).toBeLessThan(1);
  }
});

test("stays where it is when a missing value is bridged", () => {
  const state = Float32Array.of(-3);
  median.skip(state, 0, 2);
  expect(median.forecast(state, 0, { ...input, scale: 1 })).toBe(-5);
});

test("a key that rests between bursts is forecast far better than by its last value", () => {
  const next = uniform(9);
  const values = Array.from({ length: 4000 }, () => (next() < 0.15 ? 50 + 50 * next() : 0.1 * next()));
  const events = values.map((value, i) => ({ key: "a", time: 1e12 + i * 60_000, value }));
  const { expected, previous } = runFresh({ hidden: 8 }, events);
  let model = 0;
  let persistence = 0;
  for (let i = 1000; i < values.length; i++) {
    model += Math.abs(expected[i]! - values[i]!);
    persistence += Math.abs(previous[i]! - values[i]!);
  }
  // The median itself would have .41.
  expect(1 - model / persistence).toBeGreaterThan(0.35);
});
