import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { uniform } from "../../../src/engine/random.js";
import { Forecaster } from "../../../src/forecast/forecaster.js";
import { forecasterSettings, readoutKinds, type ForecasterOptions } from "../../../src/forecast/settings.js";
import { bitsOf, columnNames, quick, runFresh, type Event } from "../../support/streams.js";

const noise = (seed: number): (() => number) => {
  const next = uniform(seed);
  return () => 2 * (next() + next() + next()) - 3;
};

/** Values that follow, one event late, a feature that nothing else tells of; as much noise again on top. */
function followers(count: number, seed: number, keys = 2): (Event & { readonly features: number[] })[] {
  const shock = noise(seed);
  const drives = new Array<number>(keys).fill(0);
  return Array.from({ length: count }, (_, i) => {
    const k = i % keys;
    const value = 100 + 5 * drives[k]! + shock();
    drives[k] = 0.8 * drives[k]! + shock();
    return {
      key: `key-${k}`,
      time: 1e12 + Math.floor(i / keys) * 60_000,
      value,
      features: [20 + 4 * drives[k]],
    };
  });
}

const changed = (events: readonly Event[], change: (number: number, i: number) => number): Event[] =>
  events.map((event, i) => ({ ...event, features: event.features!.map((number) => change(number, i)) }));

function skill(options: ForecasterOptions, events: readonly Event[]): number {
  const { expected, previous } = runFresh(options, events);
  let model = 0;
  let persistence = 0;
  for (let i = Math.floor(events.length / 3); i < events.length; i++) {
    model += Math.abs(expected[i]! - events[i]!.value);
    persistence += Math.abs(previous[i]! - events[i]!.value);
  }
  return 1 - model / persistence;
}

describe.each(readoutKinds)("with the %s read-out", (readout) => {
  const options = { ...quick, readout };

  test("a feature that the next value depends on is used; one that says nothing costs next to nothing", () => {
    for (const seed of [1, 2, 3]) {
      const events = followers(12_000, seed);
      const without = skill({ ...options, seed }, events);
      const chance = noise(seed + 100);
      const meaningless = changed(events, () => 1000 * chance());
      expect(skill({ ...options, seed, featureCount: 1 }, events)).toBeGreaterThan(without + 0.3);
      expect(skill({ ...options, seed, featureCount: 1 }, meaningless)).toBeGreaterThan(without - 0.015);
    }
  });
});

describe("an informative feature", () => {
  const events = followers(12_000, 4);
  const options = { ...quick, featureCount: 1 };
  const clean = skill(options, events);

  test("of any unit is as good", () => {
    expect(
      skill(
        options,
        changed(events, (number) => 1e6 - 1e-3 * number),
      ),
    ).toBeCloseTo(clean, 1);
    const scaled = runFresh(
      options,
      changed(events, (number) => 1024 * number),
    );
    const plain = runFresh(options, events);
    for (const row of [100, 1000, 10_000]) expect(scaled.yhat[row]).toBeCloseTo(plain.yhat[row]!, 6);
  });

  test("keeps its worth through sentinels", () => {
    const sentinels = changed(events, (number, i) => (i % 401 === 0 ? -9999 : number));
    expect(skill(options, sentinels)).toBeGreaterThan(clean - 0.1);
  });

  test("keeps most of its worth where one in ten is missing", () => {
    const gappy = changed(events, (number, i) => (i % 10 === 3 ? NaN : number));
    expect(skill(options, gappy)).toBeGreaterThan(clean - 0.15);
  });

  test("that ends leaves the key no worse than it was without", () => {
    const without = skill(quick, events);
    const ended = changed(events, (number, i) => (i < 2000 ? number : NaN));
    expect(skill(options, ended)).toBeGreaterThan(without - 0.02);
  });

  test("that steps far away is followed there", () => {
    const stepped = changed(events, (number, i) => (i < 2000 ? number : number + 1e6));
    expect(skill(options, stepped)).toBeGreaterThan(clean - 0.1);
  });
});

test("extreme features leave no NaN or Infinity in forecasts, intervals or scores", () => {
  const extreme = fc.oneof(
    fc.constantFrom(0, -0, 1e30, -1e30, -9999, Number.MIN_VALUE, 1e-300, NaN),
    fc.double({ min: -1e30, max: 1e30, noNaN: true }),
  );
  const pairs = fc.array(fc.tuple(extreme, extreme), { minLength: 30, maxLength: 300 });
  fc.assert(
    fc.property(pairs, fc.constantFrom(...readoutKinds), (features, readout) => {
      const events = features.map((pair, i) => ({
        key: "a",
        time: 1e12 + i * 60_000,
        value: Math.sin(i),
        features: pair,
      }));
      const forecasts = runFresh({ ...quick, readout, featureCount: 2 }, events);
      for (const name of columnNames) {
        expect(forecasts[name].some((x) => Math.abs(x) === Infinity)).toBe(false);
      }
      expect(forecasts.yhat.some(Number.isNaN)).toBe(false);
    }),
    { numRuns: 60 },
  );
});

test("features are not read where the setting is none, and are of their own event alone", () => {
  const events = followers(2000, 5);
  const bare = events.map(({ key, time, value }) => ({ key, time, value }));
  expect(bitsOf(runFresh(quick, events))).toBe(bitsOf(runFresh(quick, bare)));
  // While the weights stand still, another key's features make no difference.
  const quiet = { ...quick, featureCount: 1, learningRate: 1e-30 };
  const other = events
    .slice(0, 400)
    .map((event) => (event.key === "key-0" ? event : { ...event, features: [7] }));
  const before = runFresh(quiet, events.slice(0, 400)).yhat.filter((_, i) => i % 2 === 0);
  expect(runFresh(quiet, other).yhat.filter((_, i) => i % 2 === 0)).toEqual(before);
});

test("columns that are too short for the features are a defect of the caller's", () => {
  const forecaster = new Forecaster(forecasterSettings({ ...quick, featureCount: 2 }));
  const columns = {
    count: 1,
    slots: new Int32Array(1),
    times: new Float64Array(1),
    values: new Float64Array(1),
    features: new Float64Array(1),
  };
  expect(() => forecaster.observe(columns, runFresh(quick, []))).toThrow(RangeError);
  forecaster.dispose();
});
