/** The pending forecast of a key: what is asked for is what the key's last event was told, and asking changes nothing. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createForecaster, type EventForecast, type Observation } from "../../src/forecast/objects.js";
import type { ForecasterOptions } from "../../src/forecast/settings.js";
import {
  createSymbolForecaster,
  type SymbolForecast,
  type SymbolForecasterOptions,
} from "../../src/index.js";
import { codeOf } from "../support/code-of.js";
import { quick, syntheticEvents, withFeatures } from "../support/streams.js";
import { small, walks } from "./symbols/streams.js";

const day = 86_400_000;

/** A stream with what moves forecasts: seasons, missing and absurd values, repeats, levels that change, late events. */
function eventful(seed: number): Observation[] {
  return withFeatures(syntheticEvents(600, 6, seed), 2, seed).map((event, i) => {
    const key = i % 5 === 0 ? "season" : i % 7 === 0 ? "resting" : event.key;
    const time = event.time + (i % 90 === 0 ? -3_600_000 : i * 900_000);
    const wave = 10 * Math.abs(((time / (day / 8)) % 2) - 1);
    const level = i > 400 ? 500 : 0;
    const usual = key === "season" ? wave : key === "resting" ? 7 : event.value;
    const value = i % 61 === 60 ? 1e9 : usual + level;
    return { key, time, value, features: event.features! };
  });
}

const configurations = fc.record<ForecasterOptions>({
  cell: fc.constantFrom("lstm", "gru", "window"),
  readout: fc.constantFrom("shared", "compact", "full"),
  loss: fc.constantFrom("absolute", "squared"),
  horizon: fc.constantFrom(1, 2, 9),
  intervalLevels: fc.constantFrom([0.9], [0.5, 0.95]),
  kind: fc.constantFrom("level", "count"),
  maxKeys: fc.constantFrom(0, 5),
  timeZone: fc.constantFrom("UTC", "Europe/Berlin"),
  bounds: fc.constantFrom({}, { min: 0, max: { feature: 1 } }),
  featureCount: fc.constant(2),
});

/** What of a forecast is about the next value. */
function nextOf({
  event,
  value,
  expected,
  expectedLower,
  expectedUpper,
  anomalyScore,
  ...next
}: EventForecast<unknown>) {
  return next;
}

describe("a key's pending forecast", () => {
  test("is what its last event was told, at any moment and after a restore, and asking changes no byte", () => {
    fc.assert(
      fc.property(configurations, fc.integer({ min: 1, max: 1000 }), (options, seed) => {
        const forecaster = createForecaster({ ...quick, ...options });
        const asked = createForecaster({ ...quick, ...options });
        const last = new Map<string, unknown>();
        const events = eventful(seed);
        for (let i = 0; i < events.length; i += 47) {
          const batch = events.slice(i, i + 47);
          for (const told of forecaster.observe(batch)) last.set(told.key, nextOf(told));
          for (const key of [...last.keys()]) if (!forecaster.has(key)) last.delete(key);
          asked.observe(batch);
          expect([...asked.keys()].sort()).toEqual([...last.keys()].sort());
          for (const [key, told] of last) expect(asked.forecast(key)).toEqual(told);
        }
        const snapshot = asked.snapshot();
        expect(snapshot).toEqual(forecaster.snapshot());
        const restored = createForecaster({ ...quick, ...options });
        restored.restore(snapshot);
        for (const [key, told] of last) expect(restored.forecast(key)).toEqual(told);
        expect(restored.snapshot()).toEqual(snapshot);
        for (const each of [forecaster, asked, restored]) each.dispose();
      }),
      { numRuns: 4 },
    );
  });

  test("has as many steps as are asked for", () => {
    const forecaster = createForecaster({ ...quick, horizon: 4 });
    forecaster.observe(syntheticEvents(60, 1));
    const all = forecaster.forecast("key-0")!;
    expect(all.horizon.map(({ step }) => step)).toEqual([2, 3, 4]);
    expect(forecaster.forecast("key-0", { steps: 2 })).toEqual({ ...all, horizon: all.horizon.slice(0, 1) });
    expect(forecaster.forecast("key-0", { steps: 1 })!.horizon).toEqual([]);
    for (const steps of [0, 5, 1.5, NaN]) {
      expect(() => forecaster.forecast("key-0", { steps })).toThrow(
        `steps: expected an integer from 1 to 4, the setting horizon; found ${steps}`,
      );
    }
    forecaster.dispose();
  });

  test("is undefined where the key has no state, which asking does not begin", () => {
    const forecaster = createForecaster(quick);
    expect(forecaster.forecast("nobody")).toBeUndefined();
    forecaster.observe([{ key: "mute", time: 0, value: null }]);
    expect(forecaster.forecast("mute")).toBeUndefined();
    expect(forecaster.has("mute")).toBe(false);
    expect(forecaster.keyCount).toBe(0);
    expect(codeOf(() => forecaster.forecast(""))).toBe("KEY_INVALID");
    forecaster.dispose();
    expect(codeOf(() => forecaster.forecast("nobody"))).toBe("FORECASTER_DISPOSED");
  });

  test("may not be asked for in the middle of an event", () => {
    const codes = new Set<string>();
    const forecaster = createForecaster({
      ...quick,
      onUpdate: () => {
        codes.add(codeOf(() => forecaster.forecast("key-0")));
        codes.add(codeOf(() => forecaster.forget("key-0")));
      },
    });
    forecaster.observe(syntheticEvents(60, 2));
    expect([...codes]).toEqual(["FORECASTER_BUSY"]);
    forecaster.dispose();
  });
});

describe("a key that is forgotten", () => {
  test("begins anew with its next event, and is no key until then", () => {
    const [first, again] = [createForecaster(quick), createForecaster(quick)];
    const events = syntheticEvents(80, 1);
    first.observe(events);
    expect(first.forget("key-0")).toBe(true);
    expect([first.has("key-0"), first.keyCount, [...first.keys()]]).toEqual([false, 0, []]);
    expect(first.forget("key-0")).toBe(false);
    expect(first.forecast("key-0")).toBeUndefined();
    const [told] = first.observe(events.slice(0, 1));
    const [fresh] = again.observe(events.slice(0, 1));
    expect({ ...told, model: "" }).toEqual({ ...fresh, model: "" });
    first.dispose();
    again.dispose();
  });

  test("does not disturb the others, and a restore goes on in the same way", () => {
    const events = syntheticEvents(400, 4);
    const forecaster = createForecaster({ ...quick, horizon: 3 });
    forecaster.observe(events.slice(0, 250));
    forecaster.forget("key-1");
    const restored = createForecaster({ ...quick, horizon: 3 });
    restored.restore(forecaster.snapshot());
    expect(restored.observe(events.slice(250))).toEqual(forecaster.observe(events.slice(250)));
    forecaster.dispose();
    restored.dispose();
  });
});

describe("a symbol forecaster", () => {
  const nextOfSymbol = ({ key, next, unseen, model }: SymbolForecast) => ({ key, next, unseen, model });

  test.each<[string, SymbolForecasterOptions]>([
    ["with room for all symbols", { maxSymbols: 256 }],
    ["with keys that go", { maxSymbols: 256, maxKeys: 3 }],
  ])("says again what the last event of a key was told, %s", (_name, options) => {
    const forecaster = createSymbolForecaster({ ...small, ...options });
    const last = new Map<string, unknown>();
    const events = walks(3, 300, 5, 12);
    for (let i = 0; i < events.length; i += 50) {
      const before = forecaster.snapshot();
      for (const [key, told] of last) if (forecaster.has(key)) expect(forecaster.forecast(key)).toEqual(told);
      expect(forecaster.snapshot()).toEqual(before);
      for (const told of forecaster.observe(events.slice(i, i + 50))) last.set(told.key, nextOfSymbol(told));
    }
    const restored = createSymbolForecaster({ ...small, ...options });
    restored.restore(forecaster.snapshot());
    for (const key of forecaster.keys()) expect(restored.forecast(key)).toEqual(last.get(key));
    forecaster.dispose();
    restored.dispose();
  });

  test("leaves out a symbol that gave its place to another since, and no more", () => {
    const forecaster = createSymbolForecaster({ ...small, candidates: 100 });
    const last = new Map<string, SymbolForecast>();
    let replaced = 0;
    for (const event of walks(5, 1500, 5, 20, 0.05)) {
      for (const told of forecaster.observe([event])) last.set(told.key, told);
      for (const [key, told] of last) {
        const next = forecaster.forecast(key)!.next;
        const left = new Set(next.map(({ symbol }) => symbol));
        expect(next).toEqual(told.next.filter(({ symbol }) => left.has(symbol)));
        replaced += told.next.length - next.length;
      }
    }
    expect(replaced).toBeGreaterThan(0);
    forecaster.dispose();
  });
});

test("a forecaster disposes itself at the end of a block", () => {
  const forecaster = createForecaster(quick);
  forecaster[Symbol.dispose]();
  expect(codeOf(() => forecaster.snapshot())).toBe("FORECASTER_DISPOSED");
});

test("the number of keys under its old name is an error that names the new one", () => {
  const forecaster = createForecaster(quick) as unknown as { readonly keys: number };
  expect(() => forecaster.keys > 10).toThrow("keys is a method now; the number is called keyCount");
  expect(() => String(forecaster.keys)).toThrow("keyCount");
});
