/** Far steps of a key that has had few events: they believe what nearer steps have learned. */
import { expect, test } from "vitest";
import { uniform } from "../../../src/engine/random.js";
import { quick, runFresh, type Event } from "../../support/streams.js";

const horizon = 24;

/** Mean error of steps 2 to the last of the forecasts from `from` to `to`, as a share of the mean error of the last value. */
function shareOfError(values: readonly number[], [from, to]: readonly [number, number]): number {
  const events = values.map((value, i): Event => ({ key: "a", time: 1.7e12 + i * 60_000, value }));
  const { steps } = runFresh({ ...quick, horizon }, events);
  let model = 0;
  let last = 0;
  for (let i = from; i < to; i++) {
    for (let step = 2; step <= horizon; step++) {
      model += Math.abs(steps.yhat[i * (horizon - 1) + step - 2]! - values[i + step]!);
      last += Math.abs(values[i]! - values[i + step]!);
    }
  }
  return model / last;
}

/** Values of numbers that are drawn from 0 to 1. */
function series(valueOf: (i: number, next: () => number) => number, seed = 1): number[] {
  const next = uniform(seed);
  return Array.from({ length: 120 }, (_, i) => valueOf(i, next));
}

test.each([
  ["a line", 0, 0.01],
  ["a line with noise of its slope", 6, 0.35],
])("%s is continued at every step from the 20th value on", (_, noise, most) => {
  const values = series((i, next) => 100 + 3 * i + noise * (next() - 0.5));
  expect(shareOfError(values, [20, 60])).toBeLessThan(most);
});

test("growth that slows down is followed from the 20th value on", () => {
  const values = series((i) => 100 * (1 - Math.exp(-i / 40)));
  expect(shareOfError(values, [20, 60])).toBeLessThan(0.5);
});

test.each([1, 2, 3, 4])("noise around a level is not taken for a trend, seed %i", (seed) => {
  const values = series((_, next) => 50 + next(), seed);
  expect(shareOfError(values, [5, 60])).toBeLessThan(1);
});
