import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { forecastColumns } from "../../../src/forecast/columns.js";
import { Forecaster } from "../../../src/forecast/forecaster.js";
import { forecasterSettings } from "../../../src/forecast/settings.js";
import { readSettings } from "../../../src/forecast/snapshot/signature.js";
import { readState } from "../../../src/pipeline/state/state-records.js";
import { forecastsOf, observed, type StateFixture } from "../../fixtures/states.js";

/** States of three keys with the read-out `full`: with a horizon of 3 as format 2 had it, of 9 as format 3, of 20 as formats 4 to 6. */
const formats = [2, 3, 4, 5, 6] as const;
type StepsFixture = StateFixture & { readonly steps: readonly (readonly number[])[] };
const [ofFormat2, ofFormat3, ofFormat4, ofFormat5, ofFormat6] = formats.map(
  (format) =>
    JSON.parse(
      readFileSync(new URL(`../../fixtures/steps-format-${format}.json`, import.meta.url), "utf8"),
    ) as StateFixture,
) as [StateFixture, StepsFixture, StepsFixture, StepsFixture, StepsFixture];
/** The same of formats 5 and 6 with a horizon of 1. */
const [nextOfFormat5, nextOfFormat6] = [5, 6].map(
  (format) =>
    JSON.parse(
      readFileSync(new URL(`../../fixtures/next-format-${format}.json`, import.meta.url), "utf8"),
    ) as StateFixture,
) as [StateFixture, StateFixture];

function restored(fixture: StateFixture): Forecaster {
  const records = Object.entries(fixture.records).map(([key, value]) => ({
    key,
    value: Buffer.from(value, "base64"),
  }));
  const forecaster = new Forecaster(forecasterSettings(readSettings(JSON.stringify(fixture.settings))));
  forecaster.restore(readState(records).snapshot);
  return forecaster;
}

test.each([
  [2, ofFormat2],
  [3, ofFormat3],
  [4, ofFormat4],
  [5, ofFormat5],
  [5, nextOfFormat5],
  [6, ofFormat6],
  [6, nextOfFormat6],
])(
  "next values are forecast from a state of format %i almost as before, the seasonal model among the experts",
  (_, fixture) => {
    const forecaster = restored(fixture);
    const forecasts = forecastsOf(forecaster, fixture.events);
    forecaster.dispose();
    forecasts.forEach(([yhat, lower, upper], i) => {
      const [then, lowerThen, upperThen] = fixture.forecasts[i]!;
      // With the other kernel the last bits differ, and since then the first values of an hour are averaged, one more profile learns,
      // and distances from levels count by the hour.
      const width = upperThen! - lowerThen!;
      expect(Math.abs(yhat! - then!)).toBeLessThan(0.07 * width);
      expect(Math.abs(lower! - lowerThen!)).toBeLessThan(0.07 * width);
      expect(Math.abs(upper! - upperThen!)).toBeLessThan(0.07 * width);
    });
  },
);

test.each([
  [3, ofFormat3],
  [4, ofFormat4],
  [5, ofFormat5],
  [6, ofFormat6],
])("further steps of a state of format %i go on almost as they were", (_, { events, steps, ...fixture }) => {
  const forecaster = restored({ ...fixture, events });
  const columns = observed(forecaster, events);
  forecaster.dispose();
  const { yhat, yhatLower, yhatUpper } = columns.steps;
  steps.flat().forEach((then, i) => {
    const width = yhatUpper[i]! - yhatLower[i]!;
    // Far steps of such young keys have believed less of their own few losses since then.
    expect(Math.abs(yhat[i]! - then)).toBeLessThan(0.25 * width);
    // Values are a wave between 15 and 26.
    expect(width).toBeLessThan(20);
  });
});

test("further steps of a state of format 2 begin anew within the sizes that it had", () => {
  const forecaster = restored(ofFormat2);
  const columns = forecastColumns(3, 3);
  for (let slot = 0; slot < 3; slot++) forecaster.forecast(slot, columns, slot);
  const { yhat, yhatLower, yhatUpper } = columns.steps;
  for (let i = 0; i < 6; i++) {
    // Values are a wave between 15 and 26.
    expect(yhat[i]).toBeGreaterThan(10);
    expect(yhat[i]).toBeLessThan(31);
    expect(yhatUpper[i]! - yhatLower[i]!).toBeGreaterThan(0.5);
    expect(yhatUpper[i]! - yhatLower[i]!).toBeLessThan(40);
  }
  forecaster.dispose();
});

test.each([
  [2, ofFormat2],
  [3, ofFormat3],
  [4, ofFormat4],
  [5, ofFormat5],
  [5, nextOfFormat5],
  [6, ofFormat6],
  [6, nextOfFormat6],
])("a state of format %i that was restored is kept by the next snapshot", (_, fixture) => {
  const forecaster = restored(fixture);
  const again = new Forecaster(forecaster.settings);
  again.restore(forecaster.snapshot());
  expect(forecastsOf(again, fixture.events)).toEqual(forecastsOf(forecaster, fixture.events));
  expect(again.snapshot()).toEqual(forecaster.snapshot());
  again.dispose();
  forecaster.dispose();
});
