import fc from "fast-check";
import { expect, test } from "vitest";
import { Forecaster } from "../../src/forecast/forecaster.js";
import { windowsDue } from "../../src/forecast/learning.js";
import type { UpdateReport } from "../../src/forecast/learning.js";
import { forecasterSettings } from "../../src/forecast/settings.js";
import { bitsOf, quick, run, syntheticEvents, type Event } from "../support/streams.js";

test("an update waits for a quarter of the keys, for one window at least and for all that it may take at most", () => {
  const settings = forecasterSettings();
  const due = (learners: number): number => windowsDue(settings, learners);
  expect([0, 1, 4, 5, 7, 17, 128, 129, 1e6].map(due)).toEqual([1, 1, 1, 2, 2, 5, 32, 32, 32]);
});

/** `rows` values of every key, key by key in every row. */
function lockStep(keys: number, rows: number): Event[] {
  return Array.from({ length: keys * rows }, (_, i) => ({
    key: `key-${i % keys}`,
    time: 60_000 * Math.floor(i / keys),
    value: Math.sin(i),
  }));
}

test("few keys learn as often as many for each of their events", () => {
  for (const keys of [1, 4, 8, 16]) {
    const updates: UpdateReport[] = [];
    const forecaster = new Forecaster(forecasterSettings(quick), undefined, {
      onUpdate: (update) => updates.push(update),
    });
    run(forecaster, lockStep(keys, 40));
    // One window a key every second row from row 4 on.
    const windows = (keys * (40 - quick.window)) / quick.stride;
    expect(updates.reduce((sum, update) => sum + update.windows, 0)).toBeGreaterThan(windows - keys);
    expect(updates.at(-1)!.windows).toBe(windowsDue(forecaster.settings, keys));
    forecaster.dispose();
  }
});

test("keys without a window yet, and keys that only have a slot, do not make the others wait", () => {
  const forecaster = new Forecaster(forecasterSettings(quick));
  for (let i = 0; i < 100; i++) forecaster.slotOf(`silent-${i}`);
  const fresh = new Forecaster(forecasterSettings(quick));
  const events = syntheticEvents(400, 3);
  expect(bitsOf(run(forecaster, events))).toBe(bitsOf(run(fresh, events)));
});

test("a restored forecaster knows how many keys learn", () => {
  const settings = forecasterSettings({ ...quick, windows: 32 });
  const events = syntheticEvents(900, 24);
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 800 }), (cut) => {
      const whole = new Forecaster(settings);
      const restored = new Forecaster(settings);
      run(whole, events.slice(0, cut));
      restored.restore(whole.snapshot());
      expect(bitsOf(run(restored, events.slice(cut)))).toBe(bitsOf(run(whole, events.slice(cut))));
      whole.dispose();
      restored.dispose();
    }),
    { numRuns: 20 },
  );
});
