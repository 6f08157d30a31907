/** An absurd value among a key's first ones decides neither what is usual nor what an alarm is. */
import { expect, test } from "vitest";
import { uniform } from "../../../src/engine/random.js";
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
