/** The intervals of `tune`: the exact ones of textbooks, and what they must hold whatever the folds. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { jackknifeError, poissonInterval, studentInterval } from "../../../src/cli/tune/certainty.js";

/** Probability of at most `count` events of a Poisson mean. */
function atMost(count: number, mean: number): number {
  let [term, sum] = [Math.exp(-mean), 0];
  for (let n = 0; n <= count; n++) {
    sum += term;
    term *= mean / (n + 1);
  }
  return sum;
}

test("the interval of a count leaves out a twentieth on each side, by the exact Poisson probabilities", () => {
  const expectTwentieth = (tail: number): void => {
    expect(tail).toBeGreaterThan(0.035);
    expect(tail).toBeLessThan(0.055);
  };
  for (const count of [1, 2, 5, 10, 40, 100]) {
    const { low, high } = poissonInterval(count);
    expectTwentieth(1 - atMost(count - 1, low));
    expectTwentieth(atMost(count, high));
  }
  expect(poissonInterval(0).low).toBe(0);
  expectTwentieth(atMost(0, poissonInterval(0).high));
});

test("the standard error of a mean by leaving one fold out is that of the mean", () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: -100, max: 100, noNaN: true }), { minLength: 2, maxLength: 9 }),
      (values) => {
        const mean = (folds: readonly number[]): number =>
          folds.reduce((sum, fold) => sum + values[fold]!, 0) / folds.length;
        const folds = values.map((_, fold) => fold);
        const squares = values.reduce((sum, value) => sum + (value - mean(folds)) ** 2, 0);
        const error = Math.sqrt(squares / (values.length - 1) / values.length);
        expect(jackknifeError(folds, mean)).toBeCloseTo(error, 6);
      },
    ),
  );
});

test("an interval of five folds has the width of Student's t with 4 degrees of freedom", () => {
  expect(studentInterval(10, 1, 5)).toEqual({ low: 10 - 2.1318, high: 10 + 2.1318 });
});
