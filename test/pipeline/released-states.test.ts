import { expect, test } from "vitest";
import { Forecaster } from "../../src/forecast/forecaster.js";
import { forecasterSettings } from "../../src/forecast/settings.js";
import { readState } from "../../src/pipeline/state/state-records.js";
import { forecastsOf, stateFixtures, type StateFixture } from "../fixtures/states.js";

const fixtures = [...stateFixtures()].flatMap(([name, states]) =>
  states.map((state): [name: string, state: StateFixture] => [
    `${name}, ${String(state.settings.cell)} with ${String(state.settings.readout)}`,
    state,
  ]),
);

test("there is a state of the first release", () => {
  expect([...stateFixtures().keys()]).toContain("state-0.1.json");
});

test.each(fixtures)(
  "a state that was released is taken over, and goes on as it did then: %s",
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
    if (forecaster.kernel === fixture.kernel) {
      expect(forecasts).toEqual(fixture.forecasts);
      return;
    }
    expect(forecasts.flat().map((value) => value === null)).toEqual(
      fixture.forecasts.flat().map((value) => value === null),
    );
    const then = fixture.forecasts.flat();
    forecasts.flat().forEach((value, i) => {
      expect(Math.abs((value ?? 0) - (then[i] ?? 0))).toBeLessThan(
        1e-3 * Math.max(1, Math.abs(then[i] ?? 0)),
      );
    });
  },
);
