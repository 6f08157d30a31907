/** States whose seasonal profiles are infinite, as earlier releases could save them: their keys begin further steps anew. */
import { expect, test, vi } from "vitest";
import { Forecaster } from "../../../src/forecast/forecaster.js";
import { Horizons } from "../../../src/forecast/horizon/horizons.js";
import { forecasterSettings } from "../../../src/forecast/settings.js";
import { drawNormal } from "../../support/random.js";
import { uniform } from "../../../src/engine/random.js";
import { run, type Event } from "../../support/streams.js";

const minutes = 60_000;

/** Of what a state holds, all is not finite, or the knots of the week alone, which have spoilt nothing yet. */
test.each([
  ["compact", "all"],
  ["compact", "week"],
  ["full", "all"],
  ["full", "week"],
] as const)("with the read-out %s, forecasts are finite after a load where not: %s", (readout, part) => {
  const settings = forecasterSettings({ initial: "random", readout, horizon: 12 });
  const next = uniform(3);
  const events = Array.from({ length: 1500 }, (_, i): Event => ({
    key: "a",
    time: i * 15 * minutes,
    value: 50 + 10 * Math.sin((2 * Math.PI * i) / 96) + drawNormal(next),
  }));
  const before = new Forecaster(settings);
  run(before, events.slice(0, 1000));
  const snapshot = before.snapshot();
  before.dispose();
  const write = Object.getOwnPropertyDescriptor(Horizons.prototype, "write")!.value as Horizons["write"];
  const spy = vi.spyOn(Horizons.prototype, "write").mockImplementation(function (
    this: Horizons,
    slot,
    state,
  ) {
    const { weekly } = this.layout.f64;
    if (part === "week") state.f64.fill(Infinity, weekly, weekly + 168);
    else for (const row of Object.values(state) as Float64Array[]) row.fill(NaN);
    write.call(this, slot, state);
  });
  const after = new Forecaster(settings);
  after.restore(snapshot);
  spy.mockRestore();
  const { yhat, yhatLower, yhatUpper, steps } = run(after, events.slice(1000));
  after.dispose();
  for (const column of [yhat, yhatLower, yhatUpper]) {
    expect([...column].findLastIndex((each) => !Number.isFinite(each))).toBeLessThan(1);
  }
  expect([...steps.yhat].findLastIndex((each) => !Number.isFinite(each))).toBe(-1);
  const errors = yhat.slice(100, 499).map((each, i) => Math.abs(each - events[1101 + i]!.value));
  expect(errors.reduce((sum, each) => sum + each) / errors.length).toBeLessThan(2);
});
