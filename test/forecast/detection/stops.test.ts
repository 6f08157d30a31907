/** Keys that stop: what has moved regularly and does not any more is an alarm, what has rested irregularly is none. */
import { expect, test } from "vitest";
import { noiseOf, ordinaryKinds } from "../../bench/detection/ordinary.js";
import { stops } from "../../bench/detection/stops.js";
import { Forecaster } from "../../../src/forecast/forecaster.js";
import { forecasterSettings } from "../../../src/forecast/settings.js";
import { OneKeyDetector, scoresOf } from "../../support/detection.js";
import { run } from "../../support/streams.js";

const end = 3000;

test.each(Object.entries(stops))("a key that stops is an alarm: %s", (_, { make, within }) => {
  for (const seed of [1, 2, 3]) {
    const value = make(noiseOf(seed), end);
    const forecaster = new Forecaster(forecasterSettings({ initial: "random" }));
    const events = Array.from({ length: end + 400 }, (_, t) => ({
      key: "a",
      time: t * 300_000,
      value: value(t),
    }));
    const { anomalyScore } = run(forecaster, events);
    forecaster.dispose();
    const first = anomalyScore.findIndex((score, t) => t >= end && score > 1);
    expect(first - end).toBeGreaterThanOrEqual(0);
    expect(first - end).toBeLessThan(within);
  }
});

test("a stop is one alarm, whatever the unit and the offset", () => {
  for (const unit of [1, -1e-20, 1e20]) {
    for (const offset of [0, 7]) {
      const scores = scoresOf(
        Array.from({ length: 5000 }, (_, t) => unit * (offset + (t < end && t % 20 < 10 ? 1 : 0))),
      );
      expect(scores.filter((score) => score > 1)).toHaveLength(1);
      expect(scores.findIndex((score) => score > 1) - end).toBeLessThan(40);
    }
  }
});

test.each([24, 60, 100, 288])("a wave of %i values without noise does not stop at its peaks", (period) => {
  const scores = scoresOf(Array.from({ length: 6000 }, (_, t) => 10 * Math.sin((2 * Math.PI * t) / period)));
  expect(scores.filter((score) => score > 1)).toHaveLength(0);
});

test("the least changes that there are leave the key finite", () => {
  const detector = new OneKeyDetector();
  for (let t = 0; t < 2000; t++) detector.score(t * 300_000, t % 7 === 0 ? 5e-324 : 0);
  expect([...detector.read().f32].every(Number.isFinite)).toBe(true);
});

test("a key that goes on as before alarms on its first move at most, and again when it stops again", () => {
  const stopped = (t: number): boolean => (t >= 3000 && t < 3300) || t >= 12_000;
  const scores = scoresOf(Array.from({ length: 12_400 }, (_, t) => (!stopped(t) && t % 20 < 10 ? 1 : 0)));
  const alarms = [...scores.keys()].filter((t) => scores[t]! > 1);
  expect(alarms.filter((t) => t >= 3000 && t < 3040)).toHaveLength(1);
  expect(alarms.filter((t) => t > 3300 && t < 12_000)).toHaveLength(0);
  expect(alarms.filter((t) => t >= 12_000)).toHaveLength(1);
});

test.each(["on and off machine", "machine of skewed rests", "works by day", "poisson 0.02", "set-points"])(
  "no rest of an irregular key is a stop: %s",
  (kind) => {
    let stopped = 0;
    for (let seed = 1; seed <= 8; seed++) {
      const detector = new OneKeyDetector();
      const value = ordinaryKinds[kind]!(noiseOf(seed));
      for (let t = 0; t < 20_000; t++) {
        if (detector.score(t * 300_000, value(t)) > 1 && detector.rarest === "rest since the last move")
          stopped++;
      }
    }
    expect(stopped).toBeLessThanOrEqual(1);
  },
);
