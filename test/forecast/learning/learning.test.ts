import fc from "fast-check";
import { expect, test } from "vitest";
import { Forecaster } from "../../../src/forecast/forecaster.js";
import { isDrawn, windowShare, windowsDue } from "../../../src/forecast/learning/schedule.js";
import type { UpdateReport } from "../../../src/forecast/learning/schedule.js";
import { forecasterSettings } from "../../../src/forecast/settings.js";
import { bitsOf, quick, run, syntheticEvents, type Event } from "../../support/streams.js";

test("an update waits for a quarter of the keys, for one window at least and for all that it may take at most", () => {
  const settings = forecasterSettings();
  const due = (learners: number): number => windowsDue(settings, learners);
  expect([0, 1, 4, 5, 7, 17, 64, 65, 1e6].map(due)).toEqual([1, 1, 1, 2, 2, 5, 16, 16, 16]);
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
    const windows = (keys * (40 - quick.bpttSteps)) / quick.stride;
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
  const settings = forecasterSettings({ ...quick, bpttWindows: 32 });
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

test("every window is learned from until learning has settled, and of up to 256 keys for ever", () => {
  const settings = forecasterSettings();
  expect(windowShare(settings, 1e6, 0)).toBe(1);
  for (const keys of [0, 1, 17, 256]) expect(windowShare(settings, keys, 1e9)).toBe(1);
  const { stride, bpttWindows: windows } = settings;
  const updatesARow = (windowShare(settings, 5000, 1e9) * 5000) / stride / windows;
  expect(updatesARow).toBeCloseTo(2, 9);
});

test("a draw takes its share of any key's windows, whatever the values and the stride are", () => {
  const changes = [() => 0, (i: number) => Math.sin(i), (i: number) => i % 2, (i: number) => 1e-9 * i];
  for (const share of [0.02, 0.3, 0.9]) {
    for (const stride of [1, 8, 60]) {
      for (const change of changes) {
        const windows = Array.from({ length: 20_000 }, (_, i) => isDrawn(share, i * stride, change(i)));
        const taken = windows.filter(Boolean).length / windows.length;
        expect(Math.abs(taken - share)).toBeLessThan(0.02);
      }
    }
  }
});

test("many keys in step are all learned from when a share of their windows is, and go on after a restore", () => {
  const settings = forecasterSettings({ ...quick, bpttWindows: 1 });
  const updates: number[] = [];
  const forecaster = new Forecaster(settings, undefined, {
    onUpdate: ({ version }) => updates.push(version),
  });
  const events = lockStep(40, 500);
  run(forecaster, events.slice(0, 16_000));
  const before = updates.length;
  const restored = new Forecaster(settings);
  restored.restore(forecaster.snapshot());
  const last = events.slice(16_000);
  expect(bitsOf(run(restored, last))).toBe(bitsOf(run(forecaster, last)));
  const share = windowShare(settings, 40, before);
  expect(share).toBeLessThan(0.3);
  const windows = last.length / settings.stride;
  expect(Math.abs(updates.length - before - share * windows)).toBeLessThan(4 * Math.sqrt(share * windows));
});
