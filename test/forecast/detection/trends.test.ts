/** Keys that move one way: what they do beside that is judged by its own size, and not by how far they have come. */
import { expect, test } from "vitest";
import { noiseOf, type Noise, type Process } from "../../bench/detection/ordinary.js";
import { DetectionRows } from "../../../src/forecast/detection/rows.js";
import { addedSingles, detectionLayout } from "../../../src/forecast/detection/layout.js";
import { Forecaster } from "../../../src/forecast/forecaster.js";
import { forecasterSettings } from "../../../src/forecast/settings.js";
import { run } from "../../support/streams.js";

const settings = { initial: "random" } as const;
const fault = 3000;

/** Scores of a key whose values come each five minutes. */
function scoresOf(value: Process, length: number): Float64Array {
  const forecaster = new Forecaster(forecasterSettings(settings));
  const events = Array.from({ length }, (_, t) => ({ key: "a", time: t * 300_000, value: value(t) }));
  const { anomalyScore } = run(forecaster, events);
  forecaster.dispose();
  return anomalyScore;
}

const sumOf = (change: Process): Process => {
  let sum = 1e4;
  return (t) => (sum += change(t));
};

test.each<[string, (noise: Noise) => Process, within: number]>([
  ["a counter that stops", (n) => sumOf((t) => (t < fault ? n.poisson(5) : 0)), 30],
  ["a counter that grows ten times as fast", (n) => sumOf((t) => n.poisson(t < fault ? 5 : 50)), 5],
  ["a line with noise that jumps", (n) => (t) => t + 2 * n.normal() + (t < fault ? 0 : 40), 2],
  ["a value off a line with noise", (n) => (t) => t + 2 * n.normal() + (t === fault ? 30 : 0), 2],
  ["an exact line that stops", () => sumOf((t) => (t < fault ? 1 : 0)), 30],
])("%s is an alarm", (_, make, within) => {
  for (const seed of [1, 2, 3]) {
    const scores = scoresOf(make(noiseOf(seed)), fault + 200);
    const first = scores.findIndex((score, t) => t >= fault && score > 1);
    expect(first).toBeGreaterThanOrEqual(fault);
    expect(first).toBeLessThan(fault + within);
  }
});

test("a line without noise never alarms, whatever its slope and however far it has come", () => {
  for (const slope of [1, -1e-6, 3e9, 0.1]) {
    const scores = scoresOf((t) => slope * (t - 1000), 6000);
    expect(scores.filter((score) => score > 1)).toHaveLength(0);
  }
});

test("the first hour that comes again is no news of a key that moves one way", () => {
  const kinds: readonly ((noise: Noise) => Process)[] = [
    (n) => sumOf(() => n.poisson(5)),
    (n) => (t) => t + 2 * n.normal(),
    (n) => (t) => 1e4 - 0.5 * t + n.normal(),
    () => (t) => 1 - Math.exp(-t / 1500),
  ];
  for (const make of kinds) {
    for (const seed of [1, 2, 3]) {
      const scores = scoresOf(make(noiseOf(seed)), 300);
      expect(scores.filter((score, t) => score > 1 && t >= 280)).toHaveLength(0);
    }
  }
});

test("rows of a record that lacks the last singles are read, and those of one that has them", () => {
  const rows = new DetectionRows(detectionLayout({ recurring: false }));
  rows.reserve(1);
  const { f64, f32: whole, u16 } = rows.sizes;
  const f32 = whole - addedSingles;
  const former = {
    f64: new Float64Array(f64).fill(3),
    f32: new Float32Array(f32).fill(2),
    u16: new Uint16Array(u16).fill(1),
  };
  rows.write(0, former);
  const read = rows.read(0);
  expect(read).toEqual({ ...former, f32: new Float32Array(whole).fill(2, 0, f32) });
  rows.write(0, { ...read, f32: read.f32.fill(5) });
  expect(rows.read(0).f32).toEqual(new Float32Array(whole).fill(5));
});
