import { expect, test } from "vitest";
import { fuzz } from "./fuzz.js";

test.each([1, 2])(
  "hostile messages are refused one by one with a reason, and leave no trace in the forecasts of the others (seed %i)",
  (seed) => {
    const report = fuzz(20_000, seed);
    expect(report.details).toEqual([]);
    expect(report).toMatchObject({ crashes: 0, lost: 0, wrong: 0, differing: 0 });
    expect(report.forecasts + report.deadLetters).toBe(20_000);
    expect(report.deadLetters).toBeGreaterThan(3000);
    expect(Object.keys(report.byCode).length).toBeGreaterThan(3);
  },
);
