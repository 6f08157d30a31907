/** A model that does not learn: its weights stay, and its state can learn again. */
import { expect, test } from "vitest";
import { Forecaster } from "../../../src/forecast/forecaster.js";
import { forecasterSettings } from "../../../src/forecast/settings.js";
import { bitsOf, quick, run, runFresh, syntheticEvents } from "../../support/streams.js";

const events = syntheticEvents(1200, 4);

test("without learning the weights stay as they were, and forecasts do not depend on batches", () => {
  const options = { ...quick, learning: "off" } as const;
  const forecaster = new Forecaster(forecasterSettings(options));
  const forecasts = run(forecaster, events);
  expect(forecaster.version).toBe(0);
  expect(bitsOf(runFresh(options, events, [1, 7, 64]))).toBe(bitsOf(forecasts));
  forecaster.dispose();
});

test("a state goes on without learning, and then with it", () => {
  const learning = new Forecaster(forecasterSettings(quick));
  run(learning, events.slice(0, 500));
  const frozen = new Forecaster(forecasterSettings({ ...quick, learning: "off" }));
  frozen.restore(learning.snapshot(), { anyTuning: true });
  const { version } = frozen;
  expect(version).toBeGreaterThan(0);
  run(frozen, events.slice(500, 900));
  frozen.forget(events[0]!.key);
  expect(frozen.version).toBe(version);
  const again = new Forecaster(forecasterSettings(quick));
  again.restore(frozen.snapshot(), { anyTuning: true });
  run(again, events.slice(900));
  expect(again.version).toBeGreaterThan(version);
  for (const forecaster of [learning, frozen, again]) forecaster.dispose();
});
