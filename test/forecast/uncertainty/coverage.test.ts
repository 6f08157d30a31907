import { describe, expect, test } from "vitest";
import { uniform } from "../../../src/engine/random.js";
import { quick, runFresh } from "../../support/streams.js";
import { drawNormal } from "../../support/random.js";

const events = 12_000;
const change = 6000;
const settled = 2000;

/** Standard normal noise. */
function normal(seed: number): () => number {
  const next = uniform(seed);
  return () => drawNormal(next);
}

/** Student's t with three degrees of freedom: one value in some hundred is an outlier. */
function heavyTailed(seed: number): () => number {
  const noise = normal(seed);
  return () => noise() / Math.sqrt((noise() ** 2 + noise() ** 2 + noise() ** 2) / 3);
}

/** Noise, which is scaled and moved from the event `change` on. */
const changing =
  (noiseOf: (seed: number) => () => number, before: number, after: number, shift = 0) =>
  (seed: number): number[] => {
    const noise = noiseOf(seed);
    return Array.from({ length: events }, (_, i) =>
      i < change ? before * noise() : after * noise() + shift,
    );
  };

function walking(before: number, after: number): (seed: number) => number[] {
  return (seed) => {
    let value = 0;
    return changing(normal, before, after)(seed).map((step) => (value += step));
  };
}

/** Whether each value of one key lay inside its interval, as sums up to each event; and the alarms behind `settled`. */
function outcome(
  values: readonly number[],
  level: number,
): { readonly hits: number[]; readonly alarms: number } {
  const stream = values.map((value, i) => ({ key: "a", time: 1e12 + i * 60_000, value }));
  const { expectedLower, expectedUpper, anomalyScore } = runFresh(
    { ...quick, intervalLevels: [level] },
    stream,
  );
  const hits = [0];
  values.forEach((value, i) => {
    hits.push(hits[i]! + (expectedLower[i]! <= value && value <= expectedUpper[i]! ? 1 : 0));
  });
  return { hits, alarms: anomalyScore.subarray(settled).filter((score) => score > 1).length };
}

const coverage = (hits: readonly number[], begin: number, count: number): number =>
  (hits[begin + count]! - hits[begin]!) / count;

describe.each([
  ["nothing changes", changing(normal, 1, 1)],
  ["the deviation grows fourfold", changing(normal, 1, 4)],
  ["the deviation grows tenfold", changing(normal, 1, 10)],
  ["the deviation falls to a tenth", changing(normal, 10, 1)],
  ["the level moves by 20 deviations", changing(normal, 1, 1, 20)],
  ["the level moves by 200 deviations", changing(normal, 1, 1, 200)],
  ["a random walk steps five times as far", walking(1, 5)],
  ["heavy-tailed noise grows fivefold", changing(heavyTailed, 1, 5)],
] as const)("where %s", (_, valuesOf) => {
  test.each([1, 2])("intervals hold their coverage, seed %i", (seed) => {
    const { hits } = outcome(valuesOf(seed), 0.9);
    expect(Math.abs(coverage(hits, settled, 10_000) - 0.9)).toBeLessThan(0.005);
    for (let begin = change; begin + 1000 <= events; begin++) {
      const above = coverage(hits, begin, 1000) - 0.9;
      // Where the noise falls, intervals are too wide until their size has followed.
      if (above < -0.02 || above > 0.026) expect.fail(`off by ${above} from event ${begin}`);
    }
  });
});

test("clean data raise an alarm about as rarely as stated, normal or heavy-tailed", () => {
  for (const noiseOf of [normal, heavyTailed]) {
    let alarms = 0;
    const seeds = Array.from({ length: 20 }, (_, i) => i + 1);
    for (const seed of seeds) alarms += outcome(changing(noiseOf, 1, 1)(seed), 0.9).alarms;
    const rate = alarms / (seeds.length * (events - settled));
    expect(rate).toBeGreaterThan(0.0005);
    expect(rate).toBeLessThan(0.0015);
  }
});
