import fc from "fast-check";
import { expect, test } from "vitest";
import { uniform } from "../../../src/engine/random.js";
import type { ForgottenKeys } from "../../../src/forecast/keys/eviction.js";
import { Forecaster } from "../../../src/forecast/forecaster.js";
import type { ForecasterListeners } from "../../../src/forecast/learning/schedule.js";
import { forecasterSettings, type ForecasterOptions } from "../../../src/forecast/settings.js";
import { joinRecords, type SnapshotRecord } from "../../../src/forecast/snapshot/snapshot.js";
import { bitsOf, quick, run, type Event } from "../../support/streams.js";

const begin = 1_700_000_000_000;

/**
 * Keys that come and go, some of them again; and three that are there by turns, for so long that all of them has learned.
 * One value in twenty is missing.
 */
function churningEvents(count: number, seed: number): Event[] {
  const next = uniform(seed);
  return Array.from({ length: count }, (_, i) => {
    const back = next() < 0.05 ? 200 * next() : 12 * next();
    const steady = next() < 0.5;
    const key = steady ? Math.floor(i / 150) % 3 : Math.max(0, Math.floor(i / 5 - back));
    const value = next() < 0.05 ? NaN : 10 * Math.sin(i / 40 + key) + next();
    return { key: `${steady ? "steady" : "key"}-${key}`, time: begin + 1000 * i, value };
  });
}

/** The bounds as they are written down: the keys that there are after each event, at which events keys begin, and why others went. */
function followed(
  events: readonly Event[],
  { maxKeys = 0, keyTtlMs = 0 }: ForecasterOptions,
): {
  readonly keys: readonly ReadonlySet<string>[];
  readonly begins: readonly boolean[];
  readonly because: ForgottenKeys;
} {
  const because = { timeToLive: 0, maximum: 0 };
  const last = new Map<string, number>();
  const keys: ReadonlySet<string>[] = [];
  const begins: boolean[] = [];
  for (const { key, time, value } of events) {
    const begun = !last.has(key) && !Number.isNaN(value);
    if (begun) {
      const oldest = [...last].sort(([a, s], [b, t]) => s - t || (a < b ? -1 : 1));
      const size = last.size;
      let step = 64;
      while (32 * step <= size) step *= 2;
      if (keyTtlMs > 0 && size > 0 && size % step === 0) {
        const now = oldest[size - 1 - Math.floor(size / 64)]![1];
        for (const [old, at] of oldest) if (now - at > keyTtlMs && last.delete(old)) because.timeToLive++;
      }
      if (maxKeys > 0 && last.size >= maxKeys) {
        const surplus = size - maxKeys + Math.ceil(maxKeys / 64);
        for (const [old] of oldest.slice(0, surplus)) if (last.delete(old)) because.maximum++;
      }
    }
    if (begun || last.has(key)) last.set(key, time);
    keys.push(new Set(last.keys()));
    begins.push(begun);
  }
  return { keys, begins, because };
}

const create = (options: ForecasterOptions, listeners: ForecasterListeners = {}): Forecaster =>
  new Forecaster(forecasterSettings({ ...quick, hidden: 4, ...options }), undefined, listeners);

/** The keys of its snapshot: a restore gives them the first slots. */
function keysOf(forecaster: Forecaster): ReadonlySet<string> {
  const other = create({ ...forecaster.settings });
  other.restore(forecaster.snapshot());
  const names = [...other.keys()];
  other.dispose();
  return new Set(names);
}

const bounds = fc.constantFrom<ForecasterOptions>(
  { maxKeys: 1 },
  { maxKeys: 8 },
  { maxKeys: 130 },
  { keyTtlMs: 300_000 },
  { maxKeys: 100, keyTtlMs: 200_000 },
);
const models = fc.constantFrom<ForecasterOptions>(
  { readout: "shared", cell: "gru" },
  { readout: "compact", cell: "lstm" },
  { readout: "full", cell: "rnn", horizon: 3 },
);
const sizes = fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 8 });

test("the keys that are forgotten are those that the bounds name, and the reason is told", () => {
  fc.assert(
    fc.property(bounds, fc.integer({ min: 1, max: 1200 }), fc.nat(99), (bound, count, seed) => {
      const events = churningEvents(count, seed + 1);
      const told = { timeToLive: 0, maximum: 0 };
      const onForgotten = ({ timeToLive, maximum }: ForgottenKeys): void => {
        told.timeToLive += timeToLive;
        told.maximum += maximum;
      };
      const forecaster = create(bound, { onForgotten });
      run(forecaster, events);
      const { keys, begins, because } = followed(events, bound);
      expect(told).toEqual(because);
      expect(keysOf(forecaster)).toEqual(keys.at(-1));
      expect(forecaster.keyCount).toBe(keys.at(-1)!.size);
      expect(forecaster.forgotten).toBe(begins.filter(Boolean).length - forecaster.keyCount);
      forecaster.dispose();
    }),
    { numRuns: 15 },
  );
});

test("the same keys are forgotten, to the bit, however events are cut and wherever the state moves on", () => {
  fc.assert(
    fc.property(bounds, models, sizes, fc.nat(1000), fc.nat(99), (bound, model, batches, at, seed) => {
      const events = churningEvents(1000, seed + 1);
      const whole = create({ ...bound, ...model });
      const expected = run(whole, events);
      const first = create({ ...bound, ...model });
      const before = run(first, events.slice(0, at), batches);
      const second = create({ ...bound, ...model });
      second.restore(first.snapshot());
      const after = run(second, events.slice(at), batches);
      expect(bitsOf(before)).toBe(bitsOf(expected, 0, at));
      expect(bitsOf(after)).toBe(bitsOf(expected, at));
      for (const forecaster of [whole, first, second]) forecaster.dispose();
    }),
    { numRuns: 15 },
  );
});

test("a key that comes again after it was forgotten is as one that never was", () => {
  fc.assert(
    fc.property(bounds, models, sizes, fc.nat(99), (bound, model, batches, seed) => {
      const events = churningEvents(1000, seed + 1);
      const { begins } = followed(events, bound);
      const lives = new Map<string, number>();
      const renamed = events.map((event, i): Event => {
        if (begins[i]) lives.set(event.key, (lives.get(event.key) ?? 0) + 1);
        return { ...event, key: `${event.key}, life ${lives.get(event.key)}` };
      });
      const [again, once] = [create({ ...bound, ...model }), create({ ...bound, ...model })];
      expect(bitsOf(run(again, events, batches))).toBe(bitsOf(run(once, renamed)));
      again.dispose();
      once.dispose();
    }),
    { numRuns: 15 },
  );
});

test("changes tell of the end of each key that had a record, so that the latest are the state", () => {
  fc.assert(
    fc.property(bounds, models, sizes, fc.nat(99), (bound, model, pieces, seed) => {
      const events = churningEvents(1300, seed + 1);
      const forecaster = create({ ...bound, ...model });
      const latest = new Map<string | undefined, SnapshotRecord>();
      let at = 0;
      for (const size of pieces) {
        run(forecaster, events.slice(at, at + size));
        at += size;
        for (const { key, bytes } of forecaster.changes()) {
          if (bytes !== null) latest.set(key, { key, bytes });
          else expect(latest.delete(key)).toBe(true);
        }
      }
      expect(latest.size).toBe(1 + forecaster.keyCount);
      const restored = create({ ...bound, ...model });
      restored.restore(joinRecords([...latest.values()]));
      const rest = events.slice(at);
      expect(bitsOf(run(restored, rest))).toBe(bitsOf(run(forecaster, rest)));
      restored.dispose();
      forecaster.dispose();
    }),
    { numRuns: 15 },
  );
});

test("memory does not grow with the keys that come and go, nor with those that never have a value", () => {
  const forecaster = create({ maxKeys: 100, readout: "full", horizon: 2 });
  const event = (i: number): Event => ({
    key: `key-${i}`,
    time: begin + i,
    value: i % 2 === 0 ? i % 7 : NaN,
  });
  const events = Array.from({ length: 20_000 }, (_, i) => event(i));
  run(forecaster, events.slice(0, 1000), [50]);
  const { bytes } = forecaster;
  run(forecaster, events.slice(1000), [50]);
  expect(forecaster.bytes).toBe(bytes);
  expect(forecaster.keyCount).toBeLessThanOrEqual(100);
  forecaster.dispose();
});

test("a clock that runs ahead makes no other key old", () => {
  const events = Array.from({ length: 200 }, (_, i) => ({ key: `key-${i}`, time: begin + i, value: i }));
  const ahead = { key: "ahead", time: begin + 1e12, value: 1 };
  const forecaster = create({ keyTtlMs: 60_000 });
  run(forecaster, [ahead, ...events]);
  expect(forecaster.keyCount).toBe(201);
  forecaster.dispose();
});

test("a state with more keys than are allowed now comes down to them where the next key begins", () => {
  const events = Array.from({ length: 200 }, (_, i) => ({ key: `key-${i}`, time: begin + i, value: i }));
  const before = create({});
  run(before, events.slice(0, 199));
  const bounded = create({ maxKeys: 64 });
  expect(() => bounded.restore(before.snapshot())).toThrow(/maxKeys/);
  bounded.restore(before.snapshot(), { anyTuning: true });
  expect(bounded.keyCount).toBe(199);
  run(bounded, events.slice(199));
  expect(bounded.keyCount).toBe(64);
  expect(bounded.keyOf(bounded.slotOf("key-199"))).toBe("key-199");
  before.dispose();
  bounded.dispose();
});
