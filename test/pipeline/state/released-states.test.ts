import { expect, test } from "vitest";
import { Forecaster } from "../../../src/forecast/forecaster.js";
import { forecasterSettings } from "../../../src/forecast/settings.js";
import { readState } from "../../../src/pipeline/state/state-records.js";
import { forecastsOf, stateFixtures, type StateFixture } from "../../fixtures/states.js";

const fixtures = [...stateFixtures()].flatMap(([name, states]) =>
  states.map((state): [name: string, state: StateFixture] => [
    `${name}, ${String(state.settings.cell)} with ${String(state.settings.readout)}`,
    state,
  ]),
);

test("there is a state of the first release", () => {
  expect([...stateFixtures().keys()]).toContain("state-0.1.json");
});

/** Forecasts lie this close to those of the release, in the width of its interval: at most, and in the mean. */
const farthest = 0.5;
const mean = 0.1;

test.each(fixtures)(
  "a state that was released is taken over, and forecasts on from there: %s",
  (_, fixture) => {
    const forecaster = new Forecaster(forecasterSettings(fixture.settings));
    const records = Object.entries(fixture.records).map(([key, value]) => ({
      key,
      value: Buffer.from(value, "base64"),
    }));
    const state = readState(records);
    expect(state.offset).toBe(300);
    forecaster.restore(state.snapshot);
    const forecasts = forecastsOf(forecaster, fixture.events);
    // The method has changed since: bits differ, and nothing else.
    const isNull = (rows: readonly (readonly (number | null)[])[]): boolean[] =>
      rows.flatMap((row) => row.slice(0, 3)).map((value) => value === null);
    expect(isNull(forecasts)).toEqual(isNull(fixture.forecasts));
    // The release had no detector: it begins with the first value after the restore.
    expect(forecasts.every((row) => row[3] === null)).toBe(true);
    const distances = forecasts.map(([yhat, lower, upper], i) => {
      const [yhatThen, lowerThen, upperThen] = fixture.forecasts[i]!;
      const width = upperThen! - lowerThen!;
      expect((upper! - lower!) / width).toBeGreaterThan(0.5);
      expect((upper! - lower!) / width).toBeLessThan(2);
      return Math.abs(yhat! - yhatThen!) / width;
    });
    expect(Math.max(...distances)).toBeLessThan(farthest);
    expect(distances.reduce((sum, distance) => sum + distance, 0) / distances.length).toBeLessThan(mean);
    const again = new Forecaster(forecasterSettings(fixture.settings));
    again.restore(forecaster.snapshot());
    const later = fixture.events.map((event) => ({ ...event, time: event.time + 1e8 }));
    expect(forecastsOf(again, later)).toEqual(forecastsOf(forecaster, later));
  },
);
