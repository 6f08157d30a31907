/** Intervals at several levels: what they are, that they nest, that they cover, and that older states go on. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import {
  appendObservation,
  copyRow,
  forecastColumns,
  observationColumns,
  type ForecastColumns,
} from "../../../src/forecast/columns.js";
import { Forecaster } from "../../../src/forecast/forecaster.js";
import { createForecaster } from "../../../src/forecast/objects.js";
import { readSettings } from "../../../src/forecast/snapshot/signature.js";
import { forecasterSettings, type ForecasterOptions } from "../../../src/forecast/settings.js";
import { bitsOf, quick, runFresh, syntheticEvents, type Event } from "../../support/streams.js";

const levels = [0.9, 0.5, 0.99, 0.8];
const horizon = 4;
const options: ForecasterOptions = { ...quick, horizon, intervalLevels: levels };
const events = syntheticEvents(12_000, 6);

/** Forecasts with the intervals of all levels, in batches of a size. */
function observe(forecaster: Forecaster, list: readonly Event[], size = 512): ForecastColumns {
  const { settings } = forecaster;
  const all = forecastColumns(list.length, settings.horizon, settings.intervalLevels);
  for (let begin = 0; begin < list.length; begin += size) {
    const batch = list.slice(begin, begin + size);
    const observations = observationColumns(batch.length);
    const forecasts = forecastColumns(batch.length, settings.horizon, settings.intervalLevels);
    forecaster.release();
    for (const { key, time, value } of batch) {
      appendObservation(observations, forecaster.slotOf(key), time, value);
    }
    forecaster.observe(observations, forecasts);
    batch.forEach((_, row) => copyRow(forecasts, row, all, begin + row));
  }
  return all;
}

const intervalNames = [
  ...(["expectedLower", "expectedUpper", "yhatLower", "yhatUpper", "stepLower", "stepUpper"] as const),
];
const textOf = ({ intervals }: ForecastColumns): string =>
  intervalNames.map((name) => intervals[name].join()).join("|");

describe("intervals of several levels", () => {
  const forecaster = new Forecaster(forecasterSettings(options));
  const columns = observe(forecaster, events);
  const { intervals, steps } = columns;
  const width = levels.length;

  test("begin with the first level's own columns, and change no other bit", () => {
    for (const name of ["expectedLower", "expectedUpper", "yhatLower", "yhatUpper"] as const) {
      expect(intervals[name].filter((_, i) => i % width === 0)).toEqual(columns[name]);
    }
    expect(intervals.stepLower.filter((_, i) => i % width === 0)).toEqual(steps.yhatLower);
    expect(intervals.stepUpper.filter((_, i) => i % width === 0)).toEqual(steps.yhatUpper);
    expect(bitsOf(columns)).toBe(bitsOf(runFresh({ ...options, intervalLevels: [0.9] }, events)));
  });

  test("lie inside one another, and are NaN together", () => {
    const rising = levels.map((_, i) => i).sort((a, b) => levels[a]! - levels[b]!);
    let known = 0;
    const nested = (lower: Float64Array, upper: Float64Array): void => {
      for (let at = 0; at < lower.length; at += width) {
        if (Number.isNaN(lower[at]!)) {
          expect(lower.subarray(at, at + width).every(Number.isNaN)).toBe(true);
          continue;
        }
        known++;
        for (let i = 1; i < width; i++) {
          const [inner, outer] = [at + rising[i - 1]!, at + rising[i]!];
          if (!(lower[outer]! <= lower[inner]! && upper[inner]! <= upper[outer]!)) {
            expect.fail(`level ${levels[rising[i]!]} does not hold the one below, row ${at / width}`);
          }
        }
      }
    };
    nested(intervals.expectedLower, intervals.expectedUpper);
    nested(intervals.yhatLower, intervals.yhatUpper);
    nested(intervals.stepLower, intervals.stepUpper);
    expect(known).toBeGreaterThan(5 * 11_000);
  });

  test.each(levels.map((level, i) => [level, i] as const))("cover what they say: %f", (level, i) => {
    let [scored, held] = [0, 0];
    const ahead = new Map<number, number[]>();
    const stepsHeld = Array.from({ length: horizon - 1 }, () => [0, 0]);
    for (let row = 0; row < events.length; row++) {
      const value = columns.values[row]!;
      const slot = columns.slots[row]!;
      const rows = ahead.get(slot) ?? [];
      ahead.set(slot, rows);
      rows.push(row);
      // Intervals may cover more where values repeat: those always hold the value that most are.
      if (row < 3000 || Number.isNaN(value) || Number(events[row]!.key.slice(4)) % 3 === 2) continue;
      scored++;
      if (
        intervals.expectedLower[row * width + i]! <= value &&
        value <= intervals.expectedUpper[row * width + i]!
      )
        held++;
      for (let step = 2; step <= horizon; step++) {
        const from = rows.at(-1 - step);
        if (from === undefined) continue;
        const at = (from * (horizon - 1) + step - 2) * width + i;
        const counts = stepsHeld[step - 2]!;
        counts[0]!++;
        if (intervals.stepLower[at]! <= value && value <= intervals.stepUpper[at]!) counts[1]!++;
      }
    }
    expect(held / scored).toBeGreaterThan(level - 0.04);
    expect(held / scored).toBeLessThan(level + 0.04);
    for (const [count, inside] of stepsHeld) {
      expect(inside! / count!).toBeGreaterThan(level - 0.06);
      expect(inside! / count!).toBeLessThan(level + 0.06);
    }
  });

  test("are the same however events are batched, and after a restore", () => {
    const other = new Forecaster(forecasterSettings(options));
    const first = observe(other, events.slice(0, 5000), 77);
    const restored = new Forecaster(forecasterSettings(options));
    restored.restore(other.snapshot());
    const rest = observe(restored, events.slice(5000), 1000);
    for (const name of intervalNames) {
      expect([...first.intervals[name], ...rest.intervals[name]], name).toEqual([...intervals[name]]);
    }
    other.dispose();
    restored.dispose();
    forecaster.dispose();
  });
});

test("columns without levels take no intervals, and columns of other levels are refused", () => {
  const forecaster = new Forecaster(forecasterSettings({ ...quick, intervalLevels: [0.9, 0.5] }));
  const observations = observationColumns(1);
  appendObservation(observations, forecaster.slotOf("a"), 0, 1);
  const columns = forecastColumns(1);
  forecaster.observe(observations, columns);
  expect(columns.intervals).toMatchObject({ levels: [], yhatLower: new Float64Array(0) });
  expect(() => forecaster.observe(observations, forecastColumns(1, 1, [0.5, 0.9]))).toThrow(
    new RangeError("the columns are for intervals of 0.5, 0.9, not 0.9, 0.5"),
  );
  forecaster.dispose();
});

test("forecasts as objects have the intervals of every level, in their order, in steps too", () => {
  const two = createForecaster({ ...quick, horizon: 2, intervalLevels: [0.9, 0.5] });
  const one = createForecaster({ ...quick, horizon: 2, intervalLevels: [0.9] });
  const list = Array.from({ length: 40 }, (_, i) => ({ key: "a", time: i * 1000, value: Math.sin(i) }));
  const last = two.observe(list).at(-1)!;
  for (const forecast of [last, ...last.horizon]) {
    const [first, second] = forecast.intervals;
    expect(first).toEqual({ level: 0.9, lower: forecast.yhatLower, upper: forecast.yhatUpper });
    expect(second!.level).toBe(0.5);
    expect(second!.upper - second!.lower).toBeGreaterThan(0);
    expect(second!.upper - second!.lower).toBeLessThan(first!.upper - first!.lower);
  }
  const single = one.observe(list).at(-1)!;
  for (const { intervals, yhatLower, yhatUpper } of [single, single.horizon[0]!]) {
    expect(intervals).toEqual([{ level: 0.9, lower: yhatLower, upper: yhatUpper }]);
  }
  expect(single.yhat).toBe(last.yhat);
  two.dispose();
  one.dispose();
});

test("a state of release 0.1 goes on, and its steps begin anew within the sizes that they had", () => {
  const saved = JSON.parse(
    readFileSync(new URL("../../fixtures/levels-0.1.json", import.meta.url), "utf8"),
  ) as {
    options: object;
    snapshot: string;
    events: { key: string; time: number; value: number | null }[];
    yhat: (number | null)[];
    yhatLower: (number | null)[];
    steps: Record<"yhat" | "yhatLower" | "yhatUpper", (number | null)[]>;
  };
  const forecaster = new Forecaster(forecasterSettings(readSettings(JSON.stringify(saved.options))));
  forecaster.restore(Buffer.from(saved.snapshot, "base64"));
  const list = saved.events.map(({ value, ...event }) => ({ ...event, value: value ?? NaN }));
  const columns = observe(forecaster, list);
  // The method has changed since: forecasts stay within the release's interval, and bounds near its own.
  const agree = (now: Float64Array, then: readonly (number | null)[], like: typeof saved.steps): void => {
    expect(now).toHaveLength(then.length);
    then.forEach((value, i) => {
      expect(Number.isNaN(now[i]!)).toBe(value === null);
      if (value === null) return;
      const width = like.yhatUpper[i]! - like.yhatLower[i]!;
      expect(Math.abs(now[i]! - value)).toBeLessThan(0.6 * width);
    });
  };
  const next = {
    yhat: saved.yhat,
    yhatLower: saved.yhatLower,
    yhatUpper: saved.yhat.map((yhat, i) => 2 * yhat! - saved.yhatLower[i]!),
  };
  agree(columns.yhat, saved.yhat, next);
  agree(columns.yhatLower, saved.yhatLower, next);
  // The models of further steps begin anew, within the sizes of errors that they had.
  const { yhat, yhatLower, yhatUpper } = columns.steps;
  saved.steps.yhat.forEach((value, i) => {
    expect(Number.isNaN(yhat[i]!)).toBe(value === null);
    if (value === null) return;
    const width = saved.steps.yhatUpper[i]! - saved.steps.yhatLower[i]!;
    expect(Math.abs(yhat[i]! - value)).toBeLessThan(width);
    expect(yhatUpper[i]! - yhatLower[i]!).toBeGreaterThan(width / 2);
    expect(yhatUpper[i]! - yhatLower[i]!).toBeLessThan(2 * width);
  });
  expect(columns.intervals.stepLower.every((bound) => !Number.isNaN(bound))).toBe(true);
  const again = new Forecaster(forecasterSettings(readSettings(JSON.stringify(saved.options))));
  again.restore(forecaster.snapshot());
  const more = list.map((event) => ({ ...event, time: event.time + 1e8 }));
  expect(textOf(observe(again, more))).toBe(textOf(observe(forecaster, more)));
  forecaster.dispose();
  again.dispose();
});
