import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { forecastColumns, observationColumns } from "../../src/forecast/columns.js";
import { Forecaster } from "../../src/forecast/forecaster.js";
import { forecasterSettings } from "../../src/forecast/settings.js";
import {
  bitsOf,
  columnNames,
  quick,
  rowsWhere,
  run,
  runFresh,
  syntheticEvents,
  type Event,
} from "../support/streams.js";

const regular = (values: readonly number[], key = "a"): Event[] =>
  values.map((value, i) => ({ key, time: 1e12 + i * 60_000, value }));

test("an event's expected value and interval are the forecast made at the key's event before", () => {
  const events = syntheticEvents(2000, 5);
  const forecasts = runFresh(quick, events);
  const last = new Map<string, number>();
  events.forEach(({ key }, i) => {
    const before = last.get(key);
    if (before !== undefined) {
      expect(forecasts.expected[i]).toBe(forecasts.yhat[before]);
      expect(forecasts.expectedLower[i]).toBe(forecasts.yhatLower[before]);
      expect(forecasts.expectedUpper[i]).toBe(forecasts.yhatUpper[before]);
    }
    last.set(key, i);
  });
});

test("forecasts of a key do not depend on the values of other keys while the weights stand still", () => {
  const quiet = { ...quick, learningRate: 1e-30 };
  const events = syntheticEvents(600, 6);
  const other = events.map((event) => (event.key === "key-0" ? event : { ...event, value: -event.value }));
  const only = (stream: readonly Event[]): string =>
    bitsOf(rowsWhere(runFresh(quiet, stream), (row) => stream[row]!.key === "key-0"));
  expect(only(other)).toBe(only(events));
});

test("forecasts scale with the values: a power of two changes no other bit", () => {
  const events = syntheticEvents(2000, 5);
  const scaled = events.map((event) => ({ ...event, value: event.value * 1024 }));
  const a = runFresh(quick, events);
  const b = runFresh(quick, scaled);
  for (const row of events.keys()) {
    // The resolution of 1e-12 is the one absolute quantity: agreement is to that, not to the bit.
    if (!Number.isNaN(a.yhat[row]!)) expect(b.yhat[row]! / 1024).toBeCloseTo(a.yhat[row]!, 6);
  }
});

test("experts that are explained are those of the forecast: the last value is one, and the weights sum to 1", () => {
  for (const readout of ["shared", "compact", "full"] as const) {
    const forecaster = new Forecaster(forecasterSettings({ ...quick, readout }));
    const forecasts = run(forecaster, regular(Array.from({ length: 300 }, (_, i) => 100 + Math.sin(i / 4))));
    const { experts } = forecaster.explain(0);
    expect(experts[0]).toMatchObject({ name: "persistence" });
    expect(experts[0]!.forecast).toBeCloseTo(100 + Math.sin(299 / 4), 4);
    expect(experts.reduce((sum, { weight }) => sum + weight, 0)).toBeCloseTo(1, 9);
    const mixture = experts.reduce((sum, { weight, forecast }) => sum + weight * forecast, 0);
    expect(mixture).toBeCloseTo(forecasts.yhat[299]!, 4);
    forecaster.dispose();
  }
});

test("columns of another horizon than the forecaster's are refused", () => {
  const forecaster = new Forecaster(forecasterSettings({ ...quick, horizon: 3 }));
  const observations = observationColumns(1);
  for (const horizon of [1, 2, 4]) {
    expect(() => forecaster.observe(observations, forecastColumns(1, horizon))).toThrow(
      new RangeError(`the columns are for a horizon of ${horizon}, not 3`),
    );
  }
  forecaster.dispose();
});

describe("missing values", () => {
  const values = Array.from({ length: 800 }, (_, i) => Math.sin(i / 4));
  const gappy = values.map((value, i) => (i % 7 === 3 || (i > 400 && i < 425) ? NaN : value));

  test("are bridged by the key's own forecast and scored against nothing", () => {
    const forecasts = runFresh(quick, regular(gappy));
    gappy.forEach((value, i) => {
      if (i === 0) return;
      expect(forecasts.expected[i]).toBe(forecasts.yhat[i - 1]);
      expect(Number.isFinite(forecasts.yhat[i]!)).toBe(true);
      if (Number.isNaN(value)) expect(forecasts.anomalyScore[i]).toBeNaN();
    });
  });

  test("leave `previous` at the last value that was observed", () => {
    const forecasts = runFresh(quick, regular([1, 2, NaN, NaN, 5]));
    expect([...forecasts.previous]).toEqual([NaN, 1, 2, 2, 2]);
  });

  test("teach nothing: any run of them ends with the intervals it began with", () => {
    const before = regular(values.slice(0, 300));
    const forecaster = new Forecaster(forecasterSettings(quick));
    const observed = run(forecaster, before);
    const width = observed.yhatUpper.at(-1)! - observed.yhatLower.at(-1)!;
    // At one time of the day, for widths may depend on that.
    const gap = Array.from({ length: 50 }, (_, i) => ({
      key: "a",
      time: 1e12 + 300 * 60_000 + i * 86_400_000,
      value: NaN,
    }));
    const forecasts = run(forecaster, gap);
    expect(forecasts.yhatUpper.at(-1)! - forecasts.yhatLower.at(-1)!).toBeCloseTo(width, 12);
    forecaster.dispose();
  });

  test("before a key's first value forecast nothing and begin nothing", () => {
    const late = runFresh(quick, [
      ...regular([NaN, NaN]),
      ...regular(values).map((e) => ({ ...e, time: e.time + 1e6 })),
    ]);
    const clean = runFresh(
      quick,
      regular(values).map((e) => ({ ...e, time: e.time + 1e6 })),
    );
    expect(late.yhat[0]).toBeNaN();
    expect(late.yhat[1]).toBeNaN();
    expect(bitsOf(late, 2)).toBe(bitsOf(clean));
  });

  test("that never end keep forecasts finite and near what was seen", () => {
    const forecasts = runFresh(
      quick,
      regular([...values.slice(0, 400), ...new Array<number>(2000).fill(NaN)]),
    );
    for (const yhat of forecasts.yhat) expect(Math.abs(yhat)).toBeLessThan(100);
  });
});

describe("times", () => {
  const wave = Array.from({ length: 1500 }, (_, i) => Math.sin(i / 5));

  test("that repeat or go back are taken in order of arrival and leave forecasts finite", () => {
    const events = regular(wave).map((event, i) => ({
      ...event,
      time: i % 5 === 4 ? event.time - 90_000 : event.time,
    }));
    const twice = events.map((event, i) => ({
      ...event,
      time: i % 7 === 0 ? events[Math.max(i - 1, 0)]!.time : event.time,
    }));
    const forecasts = runFresh(quick, twice);
    let model = 0;
    let persistence = 0;
    for (let i = 500; i < wave.length; i++) {
      model += Math.abs(forecasts.expected[i]! - wave[i]!);
      persistence += Math.abs(forecasts.previous[i]! - wave[i]!);
    }
    expect(forecasts.yhat.every(Number.isFinite)).toBe(true);
    expect(model).toBeLessThan(persistence);
  });

  test("that are all the same name no time for the next value", () => {
    const forecasts = runFresh(
      quick,
      regular(wave.slice(0, 20)).map((event) => ({ ...event, time: 5 })),
    );
    expect(forecasts.yhatTime.every(Number.isNaN)).toBe(true);
    expect(forecasts.yhat.every(Number.isFinite)).toBe(true);
  });

  test("far in the future spoil two gaps and nothing else: the due time recovers", () => {
    const events = regular(wave).map((event, i) => (i === 700 ? { ...event, time: 8.64e15 } : event));
    const forecasts = runFresh(quick, events);
    expect(Math.abs(forecasts.yhatTime[1400]! - events[1401]!.time)).toBeLessThan(5_000);
  });

  test("with irregular gaps: the next value is due a typical gap later", () => {
    const events = regular(wave).map((event, i) => ({ ...event, time: event.time + (i % 2) * 20_000 }));
    const due = runFresh(quick, events).yhatTime;
    expect(due[0]).toBeNaN();
    expect(Math.abs(due[1000]! - events[1000]!.time - 60_000)).toBeLessThan(20_000);
  });

  test("before 1970 and at the ends of the calendar are taken", () => {
    const events = regular(wave.slice(0, 60)).map((event, i) => ({ ...event, time: -8.64e15 + i * 2.9e14 }));
    expect(runFresh(quick, events).yhat.every(Number.isFinite)).toBe(true);
  });
});

describe("extreme values", () => {
  const extreme = fc.oneof(
    fc.constantFrom(0, -0, 1e30, -1e30, -9999, Number.MIN_VALUE, 1e-300, NaN),
    fc.double({ min: -1e30, max: 1e30, noNaN: true }),
    fc.double({ min: -1, max: 1, noNaN: true }),
  );

  test("never leave NaN or Infinity in forecasts, intervals or scores", () => {
    fc.assert(
      fc.property(fc.array(extreme, { minLength: 1, maxLength: 300 }), (values) => {
        const forecasts = runFresh(quick, regular(values));
        const first = values.findIndex((value) => !Number.isNaN(value));
        if (first < 0) return;
        for (const name of columnNames)
          expect(forecasts[name].some((x) => Math.abs(x) === Infinity)).toBe(false);
        expect(forecasts.yhat.slice(first).some(Number.isNaN)).toBe(false);
      }),
      { numRuns: 60, examples: [[[0, 5e-324, 0.8, 3e29, 1, 3e29, 1, 0.5, 5e-324, 1e30, 1, 1e30, 1, 3e29]]] },
    );
  });

  test("of one key leave its neighbours' skill as it is: a sentinel of -9999 now and then", () => {
    const waves = (sentinel: boolean): Event[] =>
      Array.from({ length: 8000 }, (_, i) => ({
        key: i % 2 === 0 ? "clean" : "dirty",
        time: 1e12 + Math.floor(i / 2) * 60_000,
        value:
          sentinel && i % 2 === 1 && i % 401 === 0 ? -9999 : Math.sin(i / 9) + 0.05 * Math.sin(i * 78.233),
      }));
    const skill = (events: readonly Event[]): number => {
      const forecasts = runFresh(quick, events);
      let model = 0;
      let persistence = 0;
      for (let i = 4000; i < events.length; i += 2) {
        model += Math.abs(forecasts.expected[i]! - events[i]!.value);
        persistence += Math.abs(forecasts.previous[i]! - events[i]!.value);
      }
      return 1 - model / persistence;
    };
    expect(Math.abs(skill(waves(true)) - skill(waves(false)))).toBeLessThan(0.02);
  });

  test("a constant key has an interval of no width, and is forecast exactly", () => {
    const forecasts = runFresh(quick, regular(new Array<number>(500).fill(5)));
    expect(forecasts.yhat.at(-1)).toBeCloseTo(5, 9);
    expect(forecasts.yhatUpper.at(-1)! - forecasts.yhatLower.at(-1)!).toBeLessThan(1e-9);
  });

  test("a constant that turns into a wave is learned", () => {
    const values = Array.from({ length: 6000 }, (_, i) => (i < 3000 ? 5 : 5 + Math.sin(i / 9)));
    const forecasts = runFresh(quick, regular(values));
    let model = 0;
    let persistence = 0;
    for (let i = 4000; i < values.length; i++) {
      model += Math.abs(forecasts.expected[i]! - values[i]!);
      persistence += Math.abs(forecasts.previous[i]! - values[i]!);
    }
    expect(1 - model / persistence).toBeGreaterThan(0.5);
  });
});

test("intervals cover what they say, and scores above 1 come at most as often as they say", () => {
  const events = syntheticEvents(60_000, 3, 7).map((event) => ({
    ...event,
    value: event.key === "key-2" ? NaN : event.value,
  }));
  for (const level of [0.8, 0.9]) {
    const forecasts = runFresh({ ...quick, intervalLevels: [level], alarmRate: 0.01 }, events);
    let covered = 0;
    let alarms = 0;
    let count = 0;
    for (let i = 5000; i < events.length; i++) {
      const value = events[i]!.value;
      if (Number.isNaN(value)) continue;
      count++;
      if (forecasts.expectedLower[i]! <= value && value <= forecasts.expectedUpper[i]!) covered++;
      if (forecasts.anomalyScore[i]! > 1) alarms++;
    }
    expect(Math.abs(covered / count - level)).toBeLessThan(0.005);
    expect(alarms / count).toBeLessThan(0.011);
  }
});

test("a jump scores far above 1", () => {
  const wave = Array.from(
    { length: 2000 },
    (_, i) => Math.sin(i / 5) + 0.1 * Math.sin(i * 12.9898) + (i === 1500 ? 10 : 0),
  );
  expect(runFresh(quick, regular(wave)).anomalyScore[1500]).toBeGreaterThan(3);
});

test("expert weights sum to 1 and favour persistence on a random walk", () => {
  const forecaster = new Forecaster(forecasterSettings(quick));
  run(forecaster, syntheticEvents(9000, 3));
  const weights = forecaster.expertWeights(forecaster.slotOf("key-1"));
  expect(forecaster.expertNames).toEqual([
    "persistence",
    "smoothing",
    "median",
    "recurrent",
    "regression",
    "trend",
    "periodic",
  ]);
  expect(weights.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 12);
  expect(weights[0]! + weights[1]!).toBeGreaterThan(0.4);
  forecaster.dispose();
});

test("tells each update as it happens, with the version that forecasts carry after it", () => {
  const versions: number[] = [];
  const forecaster = new Forecaster(forecasterSettings(quick), undefined, {
    onUpdate: (update) => {
      versions.push(update.version);
      expect(Number.isFinite(update.loss)).toBe(true);
      expect(Number.isFinite(update.gradientNorm)).toBe(true);
      expect(update.windows).toBeGreaterThan(0);
    },
  });
  const forecasts = run(forecaster, syntheticEvents(2000, 5));
  expect(versions).toEqual(versions.map((_, i) => i + 1));
  expect(versions.length).toBeGreaterThan(50);
  expect(forecasts.version.at(-1)).toBe(versions.length);
  expect(forecaster.modelName()).toBe(`lstm8@${versions.length}`);
  forecaster.dispose();
});

test("has room for many more keys than at first, and keeps what the first ones learned", () => {
  const events = syntheticEvents(4000, 1500);
  const warm = syntheticEvents(500, 3);
  const grown = new Forecaster(forecasterSettings(quick));
  const roomy = new Forecaster(forecasterSettings(quick));
  for (let i = 0; i < 5000; i++) roomy.slotOf(`reserve-${i}`);
  expect(bitsOf(run(grown, [...warm, ...events]))).toBe(bitsOf(run(roomy, [...warm, ...events])));
  const begun = [...warm, ...events].filter(({ value }) => !Number.isNaN(value));
  expect(grown.keyCount).toBe(new Set(begun.map(({ key }) => key)).size);
  grown.dispose();
  roomy.dispose();
});

test("everything throws FORECASTER_DISPOSED after it was disposed of", () => {
  const forecaster = new Forecaster(forecasterSettings(quick));
  const slot = forecaster.slotOf("a");
  const observations = observationColumns(1);
  observations.slots[0] = slot;
  observations.count = 1;
  const snapshot = forecaster.snapshot();
  forecaster.dispose();
  forecaster.dispose();
  const disposed = expect.objectContaining({ code: "FORECASTER_DISPOSED" }) as unknown;
  expect(() => forecaster.observe(observations, forecastColumns(1))).toThrow(disposed);
  expect(() => forecaster.slotOf("b")).toThrow(disposed);
  expect(() => forecaster.snapshot()).toThrow(disposed);
  expect(() => forecaster.changes()).toThrow(disposed);
  expect(() => forecaster.restore(snapshot)).toThrow(disposed);
});
