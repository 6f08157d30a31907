import { expect, test } from "vitest";
import { allowedGrowth, growthOf } from "./growth.js";

const wave = (minute: number): number => 100 + 40 * (minute % 5);

test("memory that comes and goes does not grow, whatever its peaks are", () => {
  expect(growthOf(Array.from({ length: 60 }, (_, minute) => wave(minute)))).toBe(1);
});

test("a floor that rises by a twentieth within the last third is growth; what the beginning takes is not", () => {
  const leak = (minute: number): number => wave(minute) + 0.3 * minute;
  expect(growthOf(Array.from({ length: 60 }, (_, minute) => leak(minute)))).toBeGreaterThan(allowedGrowth);
  const beginning = (minute: number): number => wave(minute) - Math.max(0, 20 - minute);
  expect(growthOf(Array.from({ length: 60 }, (_, minute) => beginning(minute)))).toBe(1);
});
