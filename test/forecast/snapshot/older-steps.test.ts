import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { forecastColumns } from "../../../src/forecast/columns.js";
import { Forecaster } from "../../../src/forecast/forecaster.js";
import { forecasterSettings } from "../../../src/forecast/settings.js";
import { readSettings } from "../../../src/forecast/snapshot/signature.js";
import { readState } from "../../../src/pipeline/state/state-records.js";
import { forecastsOf, type StateFixture } from "../../fixtures/states.js";

/** A state of three keys with the read-out `full` and a horizon of 3, as format 2 had it. */
const fixture = JSON.parse(
  readFileSync(new URL("../../fixtures/steps-format-2.json", import.meta.url), "utf8"),
) as StateFixture;
const settings = forecasterSettings(readSettings(JSON.stringify(fixture.settings)));

function restored(): Forecaster {
  const records = Object.entries(fixture.records).map(([key, value]) => ({
    key,
    value: Buffer.from(value, "base64"),
  }));
  const forecaster = new Forecaster(settings);
  forecaster.restore(readState(records).snapshot);
  return forecaster;
}

test("next values are forecast from a state of format 2 as before, the seasonal model among the experts", () => {
  const forecaster = restored();
  const forecasts = forecastsOf(forecaster, fixture.events);
  forecaster.dispose();
  forecasts.forEach(([yhat, lower, upper], i) => {
    const [then, lowerThen, upperThen] = fixture.forecasts[i]!;
    // With the other kernel the last bits differ.
    const width = upperThen! - lowerThen!;
    expect(Math.abs(yhat! - then!)).toBeLessThan(1e-3 * width);
    expect(Math.abs(lower! - lowerThen!)).toBeLessThan(1e-2 * width);
    expect(Math.abs(upper! - upperThen!)).toBeLessThan(1e-2 * width);
  });
});

test("further steps of a state of format 2 begin anew within the sizes that it had", () => {
  const forecaster = restored();
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
  const again = new Forecaster(settings);
  again.restore(forecaster.snapshot());
  expect(forecastsOf(again, fixture.events)).toEqual(forecastsOf(forecaster, fixture.events));
  again.dispose();
  forecaster.dispose();
});
