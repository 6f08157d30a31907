import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { uniform } from "../../../src/engine/random.js";
import {
  appendObservation,
  forecastColumns,
  observationColumns,
  type ForecastColumns,
} from "../../../src/forecast/columns.js";
import { Forecaster } from "../../../src/forecast/forecaster.js";
import { createForecaster } from "../../../src/forecast/objects.js";
import { forecasterSettings, readoutKinds, type ForecasterOptions } from "../../../src/forecast/settings.js";
import { bitsOf, quick, run, runFresh, syntheticEvents, withFeatures } from "../../support/streams.js";

const several = [0.9, 0.5];

/** Forecasts of one key's values by the minute. */
function observe(options: ForecasterOptions, values: readonly number[]): ForecastColumns {
  const forecaster = new Forecaster(forecasterSettings(options));
  const { horizon, intervalLevels } = forecaster.settings;
  const observations = observationColumns(values.length, forecaster.settings.featureCount);
  const forecasts = forecastColumns(values.length, horizon, intervalLevels);
  const slot = forecaster.slotOf("key");
  values.forEach((value, i) => appendObservation(observations, slot, 60_000 * i, value));
  forecaster.observe(observations, forecasts);
  forecaster.dispose();
  return forecasts;
}

/** Everything that is written of forecasts. */
function written({ expected, expectedLower, expectedUpper, ...others }: ForecastColumns): Float64Array[] {
  const { yhat, yhatLower, yhatUpper, steps, intervals } = others;
  const { levels, ...columns } = intervals;
  expect(levels.length).not.toBe(1);
  const { horizon: _, ...further } = steps;
  const next = [expected, expectedLower, expectedUpper, yhat, yhatLower, yhatUpper];
  return [...next, ...Object.values(further), ...Object.values(columns)];
}

describe("bounds of the values", () => {
  test("hold every forecast and interval of every step and level, for any values", () => {
    const value = fc.oneof(
      fc.double({ min: -20, max: 20, noNaN: true }),
      fc.constantFrom(NaN, 0, 1e6, -1e6, 1e30),
    );
    const bounds = fc
      .tuple(fc.double({ min: -30, max: 30, noNaN: true }), fc.double({ min: 0.001, max: 30, noNaN: true }))
      .map(([min, width]) => ({ min, max: min + width }));
    const either = fc.tuple(bounds, fc.constantFrom("min", "max", "both")).map(([both, side]) => {
      if (side === "both") return both;
      return side === "min" ? { min: both.min } : { max: both.max };
    });
    fc.assert(
      fc.property(
        fc.array(value, { minLength: 5, maxLength: 150 }),
        either,
        fc.constantFrom(...readoutKinds),
        (values, given, readout) => {
          const options = { ...quick, readout, horizon: 3, intervalLevels: several, bounds: given };
          const { min = -Infinity, max = Infinity }: { min?: number; max?: number } = given;
          for (const column of written(observe(options, values))) {
            for (const number of column) expect(number < min || number > max).toBe(false);
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  test("of counts and rates begin at 0; a level has none", () => {
    const next = uniform(1);
    const values = Array.from({ length: 600 }, () => (next() < 0.1 ? 1 : 0));
    const least = (options: ForecasterOptions): number =>
      Math.min(...observe({ ...quick, ...options }, values).yhatLower.subarray(5));
    expect(least({ kind: "level" })).toBeLessThan(0);
    expect(least({ kind: "count" })).toBe(0);
    expect(least({ kind: "rate", bounds: { min: -5 } })).toBe(0);
    expect(least({ kind: "rate", bounds: { min: 0.25 } })).toBe(0.25);
  });

  test("let a value outside be observed as it is", () => {
    const values = Array.from({ length: 300 }, (_, i) => (i === 200 ? 140 : 90 + (i % 7)));
    const {
      values: seen,
      anomalyScore,
      previous,
    } = observe({ ...quick, bounds: { min: 0, max: 100 } }, values);
    expect(seen[200]).toBe(140);
    expect(anomalyScore[200]).toBeGreaterThan(1);
    expect(previous[201]).toBe(140);
  });

  test("are each key's own where a feature holds them", () => {
    const forecaster = createForecaster({
      ...quick,
      horizon: 3,
      featureCount: 2,
      bounds: { min: 0, max: { feature: 1 } },
    });
    const next = uniform(3);
    const sizes: Readonly<Record<string, number>> = { small: 10, large: 1000 };
    for (let i = 0; i < 400; i++) {
      for (const [key, size] of Object.entries(sizes)) {
        // The disk grows once, and says its size now and then.
        const grown = i < 300 ? size : 2 * size;
        const features = [i % 7, i % 10 === 0 ? grown : null];
        const value = (i < 320 ? size : grown) * (0.9 + 0.1 * next());
        const [found] = forecaster.observe([{ key, time: 60_000 * i, value, features }]);
        const { yhat, yhatUpper, expected, horizon } = found!;
        const all = [yhat, yhatUpper, ...horizon.flatMap((step) => [step.yhat, step.yhatUpper])];
        for (const number of all) expect(number > grown).toBe(false);
        expect(expected > (i === 300 ? size : grown)).toBe(false);
      }
    }
    forecaster.dispose();
  });

  test("of many keys are not mixed up, however the events are cut into batches", () => {
    const events = withFeatures(syntheticEvents(3000, 7), 2);
    const options = { ...quick, horizon: 3, featureCount: 2, bounds: { max: { feature: 1 } } };
    const whole = runFresh(options, events);
    expect(bitsOf(runFresh(options, events, [1]))).toBe(bitsOf(whole));
    expect(bitsOf(runFresh(options, events, [5, 64, 700]))).toBe(bitsOf(whole));
  });

  test("that no feature has named yet hold nothing", () => {
    const options: ForecasterOptions = { ...quick, featureCount: 1 };
    const values = Array.from({ length: 100 }, (_, i) => 10 * Math.sin(i / 3));
    const bounds = { min: { feature: 0 }, max: { feature: 0 } };
    expect(observe({ ...options, bounds }, values).yhat).toEqual(observe(options, values).yhat);
  });

  test("keep coverage and alarms where many values lie on a bound", () => {
    const next = uniform(4);
    const noise = (): number => 5 * (next() + next() + next() - 1.5);
    const values = Array.from({ length: 6000 }, (_, i) =>
      Math.min(100, Math.max(0, 90 + 20 * Math.sin(i / 20) + noise())),
    );
    const { expectedLower, expectedUpper, anomalyScore } = observe({ bounds: { min: 0, max: 100 } }, values);
    const inside = values.filter(
      (value, i) => i > 500 && value >= expectedLower[i]! && value <= expectedUpper[i]!,
    );
    expect(inside.length / 5500).toBeGreaterThan(0.88);
    expect(anomalyScore.subarray(1000).filter((score) => score > 1).length).toBeLessThan(12);
  });

  test("forecast the next event's expected value", () => {
    const values = Array.from({ length: 400 }, (_, i) => 10 * Math.sin(i / 3));
    const forecasts = observe({ ...quick, bounds: { min: -5, max: 5 } }, values);
    expect(forecasts.expected.subarray(1)).toEqual(forecasts.yhat.subarray(0, 399));
    expect(forecasts.expectedUpper.subarray(4)).toEqual(forecasts.yhatUpper.subarray(3, 399));
  });

  test("change nothing where they are out of reach", () => {
    const events = syntheticEvents(2000, 5);
    const bounds = { min: -1e30, max: 1e30 };
    const options = { ...quick, horizon: 3 };
    const all = (forecasts: ForecastColumns): string[] => written(forecasts).map((column) => column.join());
    expect(all(runFresh({ ...options, bounds }, events))).toEqual(all(runFresh(options, events)));
  });

  test("may change on a saved state, which learns on", () => {
    const events = syntheticEvents(1500, 3);
    const before = new Forecaster(forecasterSettings(quick));
    run(before, events.slice(0, 1000));
    const after = new Forecaster(forecasterSettings({ ...quick, kind: "count", bounds: { max: 2 } }));
    expect(() => after.restore(before.snapshot())).toThrow(/bounds|kind/);
    after.restore(before.snapshot(), { anyTuning: true });
    const { yhat } = run(after, events.slice(1000));
    for (const number of yhat) expect(number >= 0 && number <= 2).toBe(true);
  });

  test.each([
    [{ bounds: { min: 1, max: 1 } }, "bounds"],
    [{ bounds: { min: 2, max: 1 } }, "bounds"],
    [{ bounds: { min: NaN } }, "bounds.min"],
    [{ kind: "count", bounds: { max: 0 } }, "bounds.max"],
    [{ bounds: { least: 0 } }, "bounds"],
    [{ bounds: { min: "0" } }, "bounds.min"],
    [{ featureCount: 1, bounds: { max: { feature: 1 } } }, "bounds.max"],
    [{ bounds: { max: { feature: 0 } } }, "bounds.max"],
    [{ kind: "percent" }, "kind"],
  ])("are refused by name: %j", (options, name) => {
    expect(() => createForecaster(options as ForecasterOptions)).toThrow(name);
  });
});
