/** Scores against the formulas written out, and what they do at their edges. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ErrorTotals, overallSkill, RunningScore, Score } from "../../../src/forecast/evaluation/score.js";

const number = fc.double({ min: -1e6, max: 1e6, noNaN: true });
const forecastOf = (expected: number, previous: number, lower: number, upper: number) => ({
  expected,
  previous,
  lower,
  upper,
});
const row = fc.tuple(number, number, number, fc.oneof(number, fc.constant(NaN)));

describe("RunningScore", () => {
  it("weighs the n-th last value by the n-th power of its decay", () => {
    fc.assert(
      fc.property(
        fc.array(row, { minLength: 1, maxLength: 50 }),
        fc.double({ min: 0.5, max: 1, noNaN: true }),
        (rows, decay) => {
          const score = new RunningScore(decay);
          for (const [value, expected, previous] of rows)
            score.add(value, forecastOf(expected, previous, NaN, NaN));
          const weights = rows.map((_, i) => decay ** (rows.length - 1 - i));
          const mean = (error: (r: (typeof rows)[number]) => number): number =>
            rows.reduce((sum, r, i) => sum + weights[i]! * error(r), 0) / weights.reduce((a, b) => a + b, 0);
          const mae = mean(([value, expected]) => Math.abs(value - expected));
          const persistenceMae = mean(([value, , previous]) => Math.abs(value - previous));
          expect(score.count).toBe(rows.length);
          expect(score.mae).toBeCloseTo(mae, 5);
          expect(score.persistenceMae).toBeCloseTo(persistenceMae, 5);
          expect(score.coverage).toBeNaN();
        },
      ),
    );
  });

  it("scores nothing without a value, a forecast or a previous value", () => {
    const score = new RunningScore(0.9);
    score.add(NaN, forecastOf(1, 1, 0, 2));
    score.add(1, forecastOf(NaN, 1, 0, 2));
    score.add(1, forecastOf(1, NaN, 0, 2));
    expect(score.count).toBe(0);
    expect(score.mae).toBeNaN();
    expect(score.skill).toBeNaN();
  });

  it("counts the bounds of an interval as inside it, and leaves coverage alone without an interval", () => {
    const score = new RunningScore(1);
    score.add(1, forecastOf(0, 0, 1, 2));
    score.add(2, forecastOf(0, 0, 1, 2));
    score.add(2.1, forecastOf(0, 0, 1, 2));
    score.add(5, forecastOf(0, 0, NaN, NaN));
    expect(score.coverage).toBeCloseTo(2 / 3);
    expect(score.count).toBe(4);
  });

  it("forgets", () => {
    const score = new RunningScore(0.9);
    score.add(100, forecastOf(0, 0, NaN, NaN));
    for (let i = 0; i < 500; i++) score.add(1, forecastOf(0, 0, NaN, NaN));
    expect(score.mae).toBeCloseTo(1, 9);
  });
});

describe("Score", () => {
  it("gives mean absolute error, root mean squared error and skill of what it was told", () => {
    const score = new Score();
    expect(score.add(10, forecastOf(9, 8, 7, 11))).toBe(true);
    expect(score.add(10, forecastOf(13, 8, 11, 15))).toBe(true);
    expect(score.add(NaN, forecastOf(13, 8, 11, 15))).toBe(false);
    expect(score.model.mae).toBe(2);
    expect(score.model.rmse).toBeCloseTo(Math.sqrt(5));
    expect(score.persistence.mae).toBe(2);
    expect(score.skill).toBe(0);
    expect(score.coverage).toBe(0.5);
    expect([score.count, score.intervals, score.hits]).toEqual([2, 2, 1]);
  });

  it("gives a series that never changes a skill of 0 if it is forecast so, else none", () => {
    const right = new Score();
    right.add(5, forecastOf(5, 5, NaN, NaN));
    expect(right.skill).toBe(0);
    const wrong = new Score();
    wrong.add(5, forecastOf(6, 5, NaN, NaN));
    expect(wrong.skill).toBeNaN();
  });

  it("stays finite at the largest values that are taken", () => {
    const score = new Score();
    score.add(1e30, forecastOf(-1e30, -1e30, NaN, NaN));
    expect(score.model.rmse).toBe(2e30);
    expect(score.skill).toBe(0);
  });
});

it("totals that are added are as if their errors had been", () => {
  fc.assert(
    fc.property(fc.array(number), fc.array(number), (a, b) => {
      const totals = (errors: number[]): ErrorTotals => {
        const result = new ErrorTotals();
        errors.forEach((error) => result.add(error));
        return result;
      };
      const sum = totals(a);
      sum.addAll(totals(b));
      const all = totals([...a, ...b]);
      expect(sum.count).toBe(all.count);
      if (all.count > 0) expect(sum.mae).toBeCloseTo(all.mae, 5);
    }),
  );
});

describe("overallSkill", () => {
  it("is one minus the geometric mean of the ratios, whatever the scale of a key", () => {
    expect(
      overallSkill([
        [1, 2],
        [4000, 2000],
      ]).skill,
    ).toBeCloseTo(0);
    expect(
      overallSkill([
        [1, 4],
        [1, 1],
      ]).skill,
    ).toBeCloseTo(0.5);
  });

  it("leaves out keys without a logarithm and says so", () => {
    expect(
      overallSkill([
        [1, 2],
        [0, 2],
        [1, 0],
        [NaN, NaN],
      ]),
    ).toEqual({ skill: 0.5, keys: 1 });
    expect(overallSkill([])).toEqual({ skill: NaN, keys: 0 });
  });
});
