/**
 * Jobs that come on time but are of another size each time: the last value tells the next one, and the season alone tells the
 * steps far ahead.
 */
import { expect, test } from "vitest";
import { uniform } from "../../../src/engine/random.js";
import { drawNormal } from "../../support/random.js";
import { quick, runFresh, type Event } from "../../support/streams.js";

const horizon = 24;
const seeds = [1, 2];

interface Jobs {
  readonly period: number;
  readonly length: number;
  readonly heights: readonly [least: number, most: number];
  readonly stepMs: number;
}

function valuesOf({ period, length, heights: [least, most] }: Jobs, seed: number): number[] {
  const next = uniform(seed);
  let height = 0;
  return Array.from({ length: 33 * period }, (_, i) => {
    if (i % period === 0) height = least + (most - least) * next();
    return 5 + drawNormal(next) + (i % period < length ? height : 0);
  });
}

test.each<Jobs>([
  { period: 360, length: 20, heights: [30, 90], stepMs: 10_000 },
  { period: 180, length: 20, heights: [30, 90], stepMs: 60_000 },
  { period: 60, length: 6, heights: [20, 100], stepMs: 60_000 },
])("$length of $period values, 24 steps ahead, better than the season before", (jobs) => {
  const errors = { model: 0, naive: 0 };
  for (const seed of seeds) {
    const values = valuesOf(jobs, seed);
    const events = values.map((value, i): Event => ({ key: "a", time: 1.7e12 + i * jobs.stepMs, value }));
    const { steps } = runFresh({ ...quick, horizon }, events);
    for (let i = 5 * jobs.period + horizon; i < values.length; i++) {
      const yhat = steps.yhat[(i - horizon) * (horizon - 1) + horizon - 2]!;
      errors.model += Math.abs(yhat - values[i]!);
      errors.naive += Math.abs(values[i - jobs.period]! - values[i]!);
    }
  }
  expect(errors.model / errors.naive).toBeLessThan(0.98);
});
