/** The detector as part of a forecaster: its settings, its state in snapshots, and why a value has its score. */
import { expect, test } from "vitest";
import { Forecaster } from "../../../src/forecast/forecaster.js";
import { forecasterSettings, type ForecasterOptions } from "../../../src/forecast/settings.js";
import { noiseOf, ordinaryKinds } from "../../bench/detection/ordinary.js";
import { quick, run, runFresh, type Event } from "../../support/streams.js";

const process = ordinaryKinds["daily wave and noise"]!(noiseOf(1));
const values = Array.from({ length: 1500 }, (_, t) => process(t) + (t === 1200 ? 15 : 0));
const regular = (series: readonly number[]): Event[] =>
  series.map((value, t) => ({ key: "key", time: t * 300_000, value }));
const create = (options: ForecasterOptions = {}): Forecaster =>
  new Forecaster(forecasterSettings({ ...quick, ...options }));

test("without detection every score is NaN and the forecasts are the same", () => {
  const off = runFresh({ ...quick, detection: { enabled: false, recurring: false } }, regular(values));
  const on = runFresh(quick, regular(values));
  expect(off.anomalyScore.every(Number.isNaN)).toBe(true);
  expect(off.yhat).toEqual(on.yhat);
  expect(on.anomalyScore[1200]).toBeGreaterThan(1);
});

test("without detection a key takes less memory", () => {
  const [on, off] = [create(), create({ detection: { enabled: false, recurring: false } })];
  expect(on.bytesPerKey - off.bytesPerKey).toBeLessThan(864);
  expect(on.bytesPerKey).toBeGreaterThan(off.bytesPerKey);
  on.dispose();
  off.dispose();
});

test("a restored forecaster gives the same scores", () => {
  const events = regular(values);
  const whole = runFresh(quick, events);
  const first = create();
  run(first, events.slice(0, 700));
  const second = create();
  second.restore(first.snapshot());
  const rest = run(second, events.slice(700));
  expect(Array.from(rest.anomalyScore)).toEqual(Array.from(whole.anomalyScore.subarray(700)));
  first.dispose();
  second.dispose();
});

test("detection may be turned off, on and to recurring faults between a snapshot and its restore", () => {
  const events = regular(values);
  const kinds = [
    { enabled: true, recurring: false },
    { enabled: true, recurring: true },
    { enabled: false, recurring: false },
  ];
  for (const before of kinds) {
    const first = create({ detection: before });
    run(first, events.slice(0, 700));
    for (const after of kinds) {
      const second = create({ detection: after });
      second.restore(first.snapshot(), { anyTuning: true });
      const { anomalyScore, yhat } = run(second, events.slice(700));
      expect(yhat[500]).toBe(runFresh(quick, events).yhat[1200]);
      if (after.enabled) expect(anomalyScore[500]).toBeGreaterThan(1);
      else expect(anomalyScore[500]).toBeNaN();
      second.dispose();
    }
    first.dispose();
  }
});

test("a score is explained by the rarest magnitude, its share and the values that it was estimated from", () => {
  const forecaster = create();
  const events = regular(values);
  run(forecaster, events.slice(0, 50));
  expect(forecaster.explainScore(0)).toBeUndefined();
  run(forecaster, events.slice(50, 1201));
  expect(forecaster.explainScore(0)).toMatchObject({
    of: 1200,
    alarm: { kind: "spike", direction: "above" },
  });
  expect(forecaster.explainScore(0)!.share).toBeLessThan(0.001);
  forecaster.dispose();
});

test("a row of absurd values raises no alarm at the same hour of the next days", () => {
  const next = noiseOf(3);
  let level = 0;
  const absurd = [997, 998, 999];
  const series = Array.from({ length: 5000 }, (_, i) => {
    level = 0.95 * level + next.normal();
    return absurd.includes(i) ? 1e9 : level;
  });
  const events = series.map((value, i): Event => ({ key: "key", time: i * 60_000, value }));
  const { anomalyScore } = runFresh(quick, events);
  const alarms = series.flatMap((_, i) => (i > 1000 && anomalyScore[i]! > 1 ? [i] : []));
  expect(alarms.length).toBeLessThan(8);
});
