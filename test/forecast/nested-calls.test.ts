import { describe, expect, test, vi } from "vitest";
import { forecastColumns, observationColumns } from "../../src/forecast/columns.js";
import { Forecaster } from "../../src/forecast/forecaster.js";
import type { ForecasterListeners } from "../../src/forecast/learning/schedule.js";
import { EventForecaster, type EventOptions } from "../../src/forecast/objects.js";
import { forecasterSettings } from "../../src/forecast/settings.js";
import { EventSymbolForecaster } from "../../src/forecast/symbols/objects.js";
import { codeOf } from "../support/code-of.js";
import { countingEngine } from "../support/counting-engine.js";
import { bitsOf, quick, run, syntheticEvents, type Event } from "../support/streams.js";
import { small, walks } from "./symbols/streams.js";

const events = syntheticEvents(300, 5);
const bounded = { ...quick, maxKeys: 3 };
const snapshot = ((): Uint8Array => {
  const forecaster = new Forecaster(forecasterSettings(bounded));
  run(forecaster, events.slice(0, 40));
  return forecaster.snapshot();
})();

describe.each(["onUpdate", "onForgotten"] as const)("a forecaster's %s", (name) => {
  const withListener = (listener: (forecaster: Forecaster) => void): Forecaster => {
    const listeners: ForecasterListeners = { [name]: () => listener(forecaster) };
    const forecaster: Forecaster = new Forecaster(forecasterSettings(bounded), undefined, listeners);
    return forecaster;
  };
  const undisturbed = (): string =>
    bitsOf(
      run(
        withListener(() => undefined),
        events,
      ),
    );

  test.each([
    ["observe", (forecaster: Forecaster) => forecaster.observe(observationColumns(1), forecastColumns(1))],
    ["restore", (forecaster: Forecaster) => forecaster.restore(snapshot)],
    ["snapshot", (forecaster: Forecaster) => forecaster.snapshot()],
    ["changes", (forecaster: Forecaster) => forecaster.changes()],
    ["release", (forecaster: Forecaster) => forecaster.release()],
    ["take a new key in", (forecaster: Forecaster) => forecaster.slotOf("new")],
  ])("may not %s, and changes nothing by trying", (_name, call) => {
    const codes = new Set<string>();
    const forecaster = withListener((called) => codes.add(codeOf(() => call(called))));
    expect(bitsOf(run(forecaster, events))).toBe(undisturbed());
    expect([...codes]).toEqual(["FORECASTER_BUSY"]);
  });

  test("may read how many keys there are, which, and what was forecast", () => {
    const forecaster = withListener((called) => {
      expect(called.keyCount).toBeGreaterThan(0);
      expect(called.keyOf(called.slotOf(events[0]!.key))).toBe(events[0]!.key);
      expect(called.expertWeights(0)).toHaveLength(called.expertNames.length);
    });
    expect(bitsOf(run(forecaster, events))).toBe(undisturbed());
  });

  test("throws out of observe when all events have been taken", () => {
    const lost = new Error("lost");
    const listener = vi.fn().mockImplementationOnce(() => {
      throw lost;
    });
    const forecaster = withListener(listener);
    expect(() => run(forecaster, events.slice(0, 200))).toThrow(lost);
    expect(listener.mock.calls.length).toBeGreaterThan(1);
    const whole = withListener(() => undefined);
    run(whole, events.slice(0, 200));
    expect(forecaster.snapshot()).toEqual(whole.snapshot());
  });

  test("may dispose of the forecaster, which ends when observe returns", () => {
    const { engine, alive } = countingEngine();
    const listeners: ForecasterListeners = { [name]: () => forecaster.dispose() };
    const forecaster: Forecaster = new Forecaster(forecasterSettings(bounded), engine, listeners);
    expect(bitsOf(run(forecaster, events))).toBe(undisturbed());
    expect(alive()).toBe(0);
    expect(codeOf(() => forecaster.snapshot())).toBe("FORECASTER_DISPOSED");
  });
});

const read = { key: (e: Event) => e.key, time: (e: Event) => e.time, value: (e: Event) => e.value };
const options: EventOptions<Event> = { ...quick, ...read, onRejected: () => undefined };

describe.each(["key", "time", "value", "features", "onRejected", "onUpdate"] as const)(
  "a callback %s of a forecaster of objects",
  (name) => {
    /** A forecaster that calls `callback` at the 21st call of the callback under test. */
    const withCallback = (callback: (forecaster: EventForecaster<Event>) => void): EventForecaster<Event> => {
      let calls = 0;
      const called = (): void => {
        if (++calls === 21) callback(forecaster);
      };
      const reads = name === "key" || name === "time" || name === "value" ? name : undefined;
      const forecaster: EventForecaster<Event> = new EventForecaster<Event>({
        ...options,
        features: [(e) => (name === "features" && called(), e.time % 7)],
        ...(reads && { [reads]: (e: Event) => (called(), read[reads](e)) }),
        ...(name === "onRejected" && { onRejected: called }),
        ...(name === "onUpdate" && { onUpdate: called }),
      });
      return forecaster;
    };
    const mixed = events.flatMap((event, i) =>
      i % 9 === 0 ? [{ ...event, value: Infinity }, event] : [event],
    );

    test.each([
      ["observe", (forecaster: EventForecaster<Event>) => forecaster.observe([events[0]!])],
      ["restore", (forecaster: EventForecaster<Event>) => forecaster.restore(snapshot)],
      ["snapshot", (forecaster: EventForecaster<Event>) => forecaster.snapshot()],
    ])("may not %s, and changes nothing by trying", (_name, call) => {
      let code = "";
      const forecaster = withCallback((called) => (code = codeOf(() => call(called))));
      expect(forecaster.observe(mixed)).toEqual(withCallback(() => undefined).observe(mixed));
      expect(code).toBe("FORECASTER_BUSY");
    });

    test("that throws leaves the forecaster as it was, or whole", () => {
      const forecaster = withCallback((called) => called.observe([]));
      const before = forecaster.snapshot();
      expect(codeOf(() => forecaster.observe(mixed))).toBe("FORECASTER_BUSY");
      const whole = withCallback(() => undefined);
      whole.observe(mixed);
      expect(forecaster.snapshot()).toEqual(name === "onUpdate" ? whole.snapshot() : before);
    });
  },
);

test("a callback of a forecaster of symbols may not observe, restore or snapshot", () => {
  const codes: string[] = [];
  const forecaster = new EventSymbolForecaster<{ key: string; symbol: string }>({
    ...small,
    key: (event) => event.key,
    symbol: (event) => {
      codes.push(
        codeOf(() => forecaster.observe([])),
        codeOf(() => forecaster.restore(snapshot)),
        codeOf(() => forecaster.snapshot()),
      );
      return event.symbol;
    },
  });
  expect(forecaster.observe(walks(1, 20, 2, 5))).toHaveLength(20);
  expect(new Set(codes)).toEqual(new Set(["FORECASTER_BUSY"]));
});
