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

const watched = (forecaster: Forecaster) => ({
  ...{ recurring: false, timeZone: "UTC" },
  keyOf: (slot: number) => forecaster.keyOf(slot),
  featureOf: (slot: number, feature: number) => forecaster.featureOf(slot, feature),
});

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
  const watch = new RateWatch({ ...watched(forecaster), alarmRate, recurring }, []);
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
    const watch = new RateWatch({ ...watched(forecaster), alarmRate }, [settings.detection]);
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

test.each([false, true])(
  "with silences and groups, they are those of a forecaster with its rate: one of the group's incidents at a time %s",
  (overlapping) => {
    const detection = { silence: true, group: "^(north|south)/" } as const;
    const settings = forecasterSettings({ alarmRate: 0.01, detection });
    const known = new Forecaster(settings);
    const forecaster = new Forecaster(forecasterSettings({ detection }));
    const slots = Array.from({ length: 12 }, (_, i) => {
      const key = `${i % 2 === 0 ? "north" : "south"}/${i}`;
      known.slotOf(key);
      return forecaster.slotOf(key);
    });
    const noise = noiseOf(3);
    const count = 24_000;
    const observations = observationColumns(count);
    for (let i = 0; i < count; i++) {
      const round = Math.floor(i / slots.length);
      const at = i % slots.length;
      // Two keys stop for a while, and twice all of one group, or of both, deviate a little.
      if (at < 2 && round % 900 > 800) continue;
      const weak = round % 700 > 690 && (overlapping || at % 2 === 0) ? 3 : 0;
      appendObservation(observations, slots[at]!, round * minute + at, 10 + weak + noise.normal());
    }
    numberRows(observations, 0);
    const watch = new RateWatch({ ...watched(forecaster), alarmRate: 0.01 }, [settings.detection]);
    watchForecaster(forecaster, [watch])(0);
    forecaster.observe(observations, forecastColumns(count));
    known.observe(observations, forecastColumns(count));
    const [found] = watch.finish();
    const keys = found!.filter(({ group }) => group === undefined);
    const groups = found!.filter(({ group }) => group !== undefined);
    expect(keys.map(({ slot, toldAt, incident }) => [slot, toldAt, incident.position])).toEqual(
      known.incidentChanges
        .filter(({ change }) => change === "opened")
        .map(({ slot, time, incident }) => [slot, time, incident.position]),
    );
    expect(groups.map(({ group, toldAt, incident }) => [group!.name, toldAt, incident.position])).toEqual(
      known.groupChanges
        .filter(({ change }) => change === "opened")
        .map(({ group, time, incident }) => [group, time, incident.position]),
    );
    expect(keys.some(({ incident }) => incident.kind === "silence")).toBe(true);
    expect(groups.length).toBeGreaterThan(0);
    expect(groups.every(({ group }) => group!.members.size > 1)).toBe(true);
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
    const watch = new RateWatch({ ...watched(forecaster), alarmRate: 0.005 }, gates);
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
