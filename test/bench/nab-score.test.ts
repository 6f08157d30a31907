/** The Numenta score by its own landmarks. */
import { expect, test } from "vitest";
import { falseAlarmsOf, normalisedScore, probation, profiles, rawScore, sigmoid } from "./nab-score.js";

const file = { rows: 1000, windows: [[400, 499] as const, [800, 849] as const], alarms: [] as number[] };
const [standard, lowFalsePositives, lowFalseNegatives] = profiles;

test("the sigmoid has the values that the benchmark states", () => {
  expect(sigmoid(-1)).toBeCloseTo(0.98661, 5);
  expect(sigmoid(-0.5)).toBeCloseTo(0.84828, 5);
  expect(sigmoid(0)).toBe(0);
  expect(sigmoid(1)).toBeCloseTo(-0.98661, 5);
  expect(sigmoid(3)).toBe(-1);
});

test("silence scores 0, all windows at their first rows 100, in every profile", () => {
  for (const profile of profiles) {
    expect(normalisedScore([file], profile)).toBeCloseTo(0, 9);
    expect(normalisedScore([{ ...file, alarms: [400, 800] }], profile)).toBeCloseTo(100, 9);
  }
});

test("only the earliest alarm of a window counts, and an earlier one counts more", () => {
  const score = (alarms: number[]): number => rawScore({ ...file, alarms }, standard!);
  expect(score([420])).toBe(score([420, 421, 480]));
  expect(score([420])).toBeGreaterThan(score([450]));
});

test("a false alarm costs less right behind a window than far from one, and nothing in the probation", () => {
  const cost = (row: number): number => rawScore({ ...file, alarms: [row] }, standard!) + 2;
  expect(probation(1000)).toBe(150);
  expect(probation(22_695)).toBe(750);
  expect(cost(149)).toBeCloseTo(0, 9);
  expect(cost(300)).toBeCloseTo(-0.11, 9);
  expect(cost(505)).toBeGreaterThan(cost(600));
  expect(falseAlarmsOf({ ...file, alarms: [10, 300, 420, 505] })).toEqual([300, 505]);
});

test("profiles weigh false alarms and misses as they say", () => {
  const noisy = { ...file, alarms: [200, 300, 400, 800] };
  expect(normalisedScore([noisy], lowFalsePositives!)).toBeLessThan(normalisedScore([noisy], standard!));
  const half = { ...file, alarms: [400] };
  expect(rawScore(half, standard!)).toBeCloseTo(0, 9);
  expect(rawScore(half, lowFalseNegatives!)).toBeCloseTo(-1, 9);
});
