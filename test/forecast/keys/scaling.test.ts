/** What a squared change counts for in a key's scale: outliers little, and a first movement after rest never nothing. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { robustSquare } from "../../../src/forecast/keys/scaling.js";

test.each([
  ["in full for the first 20 observations", 1e9, 1, 1, 20, 1e9],
  ["at most 25 times the mean from then on", 1e9, 1, 1, 21, 25],
  ["in full where it is less", 24, 1, 1, 21, 24],
  ["by a millionth of the variance where the mean is smaller", 1e9, 0.5, 1e6, 21, 25],
])("a square counts %s", (_, square, mean, variance, count, counted) => {
  expect(robustSquare(square, mean, variance, count)).toBeCloseTo(counted, 9);
});

test("what moves after any length of rest has a scale: no square above zero counts as nothing", () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 1e60, noNaN: true }), fc.nat(), (square, count) => {
      expect(robustSquare(square, 0, 0, count)).toBe(square);
    }),
    { examples: [[4, 1000]] },
  );
});
