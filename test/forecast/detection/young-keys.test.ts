/** An absurd value among a key's first ones decides neither what is usual nor what an alarm is. */
import { expect, test } from "vitest";
import { uniform } from "../../../src/engine/random.js";
import { appendObservation, forecastColumns, observationColumns } from "../../../src/forecast/columns.js";
import { Forecaster } from "../../../src/forecast/forecaster.js";
import { forecasterSettings } from "../../../src/forecast/settings.js";
import { quick, runFresh, type Event } from "../../support/streams.js";
import { drawNormal } from "../../support/random.js";

const hour = 3_600_000;
const normals = (seed: number): (() => number) => {
  const next = uniform(seed);
  return () => drawNormal(next);
};

test.each([
  [-9999, 0],
  [2 ** 32 - 1, 0],
  [-9999, 1],
  [1e9, 9],
])("a reading of %d as value %i leaves the alarms as they are without it", (absurd, at) => {
  const normal = normals(5);
  const values = Array.from({ length: 4000 }, () => 100 + 2 * normal());
  const fault = 3500;
  values[fault] = 140;
  const alarmsOf = (series: readonly number[]): number[] => {
    const events = series.map((value, i): Event => ({ key: "a", time: 1.7e12 + i * 60_000, value }));
    const { anomalyScore } = runFresh(quick, events);
    return series.map((_, i) => i).filter((i) => i >= 300 && anomalyScore[i]! > 1);
  };
  const clean = alarmsOf(values);
  const hit = alarmsOf(values.with(at, absurd));
  expect(clean).toContain(fault);
  expect(hit).toContain(fault);
  expect(Math.abs(hit.length - clean.length)).toBeLessThanOrEqual(3);
});

test("the hours of alarms are those of the key's zone", () => {
  // Nights are quiet by local time: a jump that is usual by day is an alarm at night, in winter and in summer.
  const berlin = new Intl.DateTimeFormat("en-GB", {
    timeZone: "Europe/Berlin",
    hour: "2-digit",
    hour12: false,
  });
  const begin = Date.UTC(2026, 1, 1);
  const times = Array.from({ length: 24 * 4 * 90 }, (_, i) => begin + i * (hour / 4));
  const localHours = times.map((time) => Number(berlin.format(time)) % 24);
  const normal = normals(8);
  const values = localHours.map((at) => 20 + (at < 6 ? 0.05 : 2) * normal());
  const events = values.map((value, i): Event => ({ key: "a", time: times[i]!, value }));
  const zoned = runFresh({ ...quick, timeZone: "Europe/Berlin" }, events).anomalyScore;
  const utc = runFresh(quick, events).anomalyScore;
  const change = times.findIndex((time) => time >= Date.UTC(2026, 2, 29, 1));
  const alarms = (scores: Float64Array): number =>
    scores.subarray(change, change + 24 * 4 * 3).filter((score) => score > 1).length;
  expect(alarms(zoned)).toBeLessThanOrEqual(2);
  expect(alarms(utc)).toBeGreaterThan(alarms(zoned));
});

test("of a young key that rests and has jobs, at most five values are not seen", () => {
  // Other seeds have keys that begin anew, or set less aside.
  for (const seed of [4, 5, 10, 19, 20]) {
    const next = uniform(seed);
    const normal = normals(seed + 100);
    const forecaster = new Forecaster(forecasterSettings(quick));
    const observations = observationColumns(150);
    const slot = forecaster.slotOf("a");
    let left = 0;
    for (let i = 0; i < 150; i++) {
      if (left > 0) left--;
      else if (next() < 0.02) left = Math.ceil(6 * next());
      const value = left > 0 ? 85 * (0.8 + 0.2 * next()) : 0.1 + 0.02 * normal();
      appendObservation(observations, slot, 1.7e12 + i * 60_000, value);
    }
    forecaster.observe(observations, forecastColumns(150));
    expect(forecaster.explainScore(slot)!.of).toBe(150 - 1 - 5);
    forecaster.dispose();
  }
});
