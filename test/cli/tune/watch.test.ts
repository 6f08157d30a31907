/** A detector of another alarm rate beside a forecaster finds what a forecaster with that rate finds. */
import { expect, test } from "vitest";
import { gateChoices } from "../../../src/cli/tune/grid.js";
import { RateWatch, watchForecaster } from "../../../src/cli/tune/watch.js";
import {
  appendObservation,
  forecastColumns,
  numberRows,
  observationColumns,
} from "../../../src/forecast/columns.js";
import { Forecaster } from "../../../src/forecast/forecaster.js";
import { forecasterSettings, type ForecasterOptions } from "../../../src/forecast/settings.js";
import { noiseOf } from "../../bench/detection/ordinary.js";

const minute = 60_000;

/** Values of 20 keys by turns: waves with spikes, gaps, absurd values in young keys, and a key that begins late. */
function observationsOf(count: number): ReturnType<typeof observationColumns> {
  const noise = noiseOf(7);
  const columns = observationColumns(count);
  for (let i = 0; i < count; i++) {
    const ofKey = Math.floor(i / 20);
    let value = 10 + (i % 20) + Math.sin(ofKey / 20) + 0.1 * noise.normal();
    if (noise.uniform() < 0.01) value += 5 * noise.normal();
    if (noise.uniform() < 0.002) value = 1e12;
    if (noise.uniform() < 0.02) value = NaN;
    const slot = i % 20 === 19 && ofKey < 300 ? 0 : i % 20;
    appendObservation(columns, slot, ofKey * minute + (i % 20), value);
  }
  return columns;
}

function scoresOf(options: ForecasterOptions): Float64Array {
  const observations = observationsOf(10_000);
  const forecaster = new Forecaster(forecasterSettings(options));
  for (let slot = 0; slot < 20; slot++) forecaster.slotOf(`key-${slot}`);
  const columns = forecastColumns(observations.count);
  forecaster.observe(observations, columns);
  forecaster.dispose();
  return columns.anomalyScore;
}

test.each([
  { alarmRate: 0.00001, recurring: false },
  { alarmRate: 0.01, recurring: false },
  { alarmRate: 0.001, recurring: true },
])("its scores are those of a forecaster with its settings, to the bit: %j", ({ alarmRate, recurring }) => {
  const observations = observationsOf(10_000);
  const forecaster = new Forecaster(forecasterSettings());
  for (let slot = 0; slot < 20; slot++) forecaster.slotOf(`key-${slot}`);
  const watch = new RateWatch({ alarmRate, recurring, timeZone: "UTC" }, []);
  const scores = new Float64Array(observations.count).fill(NaN);
  forecaster.watch((slot, event) => {
    scores[event.row] = watch.observe(slot, event, event.row);
  });
  forecaster.observe(observations, forecastColumns(observations.count));
  forecaster.dispose();
  expect(scores).toEqual(scoresOf({ alarmRate, detection: { recurring } }));
  expect(scores.filter((score) => score > 1).length).toBeGreaterThan(0);
});

test.each(gateChoices)(
  "its incidents are those of a forecaster with its rate and gates: $name",
  ({ changed }) => {
    const alarmRate = 0.005;
    const settings = forecasterSettings({ alarmRate, detection: changed });
    const observations = observationsOf(10_000);
    numberRows(observations, 0);
    const known = new Forecaster(settings);
    const forecaster = new Forecaster(forecasterSettings());
    for (let slot = 0; slot < 20; slot++) {
      known.slotOf(`key-${slot}`);
      forecaster.slotOf(`key-${slot}`);
    }
    const watch = new RateWatch({ alarmRate, recurring: false, timeZone: "UTC" }, [settings.detection]);
    watchForecaster(forecaster, [watch])(0);
    forecaster.observe(observations, forecastColumns(observations.count));
    known.observe(observations, forecastColumns(observations.count));
    const last = new Map(
      known.incidentChanges.map(({ slot, incident }) => [`${slot} ${incident.position}`, incident]),
    );
    const opened = known.incidentChanges.filter(({ change }) => change === "opened");
    const [found] = watch.finish();
    expect(opened.length).toBeGreaterThan(0);
    expect(found!.map(({ slot, toldAt }) => [slot, toldAt])).toEqual(
      opened.map(({ slot, time }) => [slot, time]),
    );
    for (const { slot, incident } of found!) {
      // An open incident may have gone on since it was last told.
      if (incident.state === "open") expect(known.incidentOf(slot)).toEqual(incident);
      else expect(last.get(`${slot} ${incident.position}`)).toEqual(incident);
    }
    known.dispose();
    forecaster.dispose();
  },
);

test("its incidents do not depend on batches, and gates only leave incidents out or tell them later", () => {
  const foundIn = (batch: number): ReturnType<RateWatch["finish"]> => {
    const all = observationsOf(10_000);
    const forecaster = new Forecaster(forecasterSettings());
    for (let slot = 0; slot < 20; slot++) forecaster.slotOf(`key-${slot}`);
    const gates = gateChoices.map(({ changed }) => ({ ...forecaster.settings.detection, ...changed }));
    const watch = new RateWatch({ alarmRate: 0.005, recurring: false, timeZone: "UTC" }, gates);
    const setPosition = watchForecaster(forecaster, [watch]);
    const columns = forecastColumns(batch);
    for (let first = 0; first < all.count; first += batch) {
      const part = {
        count: Math.min(batch, all.count - first),
        slots: all.slots.subarray(first, first + batch),
        times: all.times.subarray(first, first + batch),
        values: all.values.subarray(first, first + batch),
        features: all.features,
      };
      setPosition(first);
      forecaster.observe(part, columns);
    }
    forecaster.dispose();
    return watch.finish();
  };
  const found = foundIn(10_000);
  expect(foundIn(7)).toEqual(found);
  expect(found[0]!.length).toBeGreaterThan(10);
  for (const { slot, incident, toldAt } of found.flat()) {
    expect(toldAt).toBeGreaterThanOrEqual(incident.begin);
    expect(incident.position % 20 === slot || (slot === 0 && incident.position % 20 === 19)).toBe(true);
  }
  const above = gateChoices.findIndex(({ name }) => name === "above");
  expect(found[above]!.every(({ incident }) => incident.peak.score > 1)).toBe(true);
  expect(found[above]!.length).toBeLessThan(found[0]!.length);
});
