import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { UndercurrentError } from "../../../src/errors/errors.js";
import { forecasterSettings } from "../../../src/forecast/settings.js";
import { ByteReader, ByteWriter } from "../../../src/forecast/snapshot/bytes.js";
import { durationMs, durationText } from "../../../src/forecast/windows/duration.js";
import { aggregateSchema } from "../../../src/forecast/windows/schema.js";
import { Windows } from "../../../src/forecast/windows/windows.js";
import type { AggregateSettings } from "../../../src/forecast/windows/settings.js";

interface Event {
  readonly key: string;
  readonly time: number;
  readonly value: number;
  /** None where they are left out. */
  readonly features?: readonly number[];
}

/** An observation of a window. */
type Row = Required<Event>;

function settings(options: object): AggregateSettings {
  return forecasterSettings({ aggregate: { every: "10ms", ...options } }).aggregate!;
}

/** Feeds events; returns the observations and the events that were late. */
function feed(windows: Windows, events: readonly Event[]): { rows: Row[]; late: Event[] } {
  const rows: Row[] = [];
  const late: Event[] = [];
  for (const event of events) {
    const { features: given = [] } = event;
    windows.advance(event.time);
    const { closed } = windows;
    for (let i = 0; i < closed.count; i++) {
      const features = [...closed.features.subarray(i * given.length, (i + 1) * given.length)];
      const key = windows.nameOf(closed.slots[i]!);
      rows.push({ key, time: closed.times[i]!, value: closed.values[i]!, features });
    }
    try {
      windows.refuseLate(event.time);
      windows.add(windows.slotOf(event.key), event.time, event.value, given);
    } catch (error) {
      if (!(error instanceof UndercurrentError) || error.code !== "EVENT_LATE") throw error;
      late.push(event);
    }
  }
  return { rows, late };
}

const values: Readonly<Record<string, (events: readonly Event[]) => number>> = {
  count: (events) => events.length,
  sum: (events) => events.reduce((sum, { value }) => sum + value, 0),
  mean: (events) => events.reduce((sum, { value }) => sum + value, 0) / events.length,
  min: (events) => Math.min(...events.map(({ value }) => value)),
  max: (events) => Math.max(...events.map(({ value }) => value)),
  last: (events) => events.reduce((last, event) => (event.time >= last.time ? event : last)).value,
};

/** A feature of a window: the last one by time that is known; an older one only where none was known before. */
function featureOf(events: readonly Event[], index: number): number {
  let latest = -Infinity;
  let known = NaN;
  for (const { time, features = [] } of events) {
    const feature = features[index]!;
    if (!Number.isNaN(feature) && (time >= latest || Number.isNaN(known))) known = feature;
    latest = Math.max(latest, time);
  }
  return known;
}

/** The same by maps over all events. */
function reference(events: readonly Event[], by: string, grace: number, maxEmpty: number): Row[] {
  const rows: (Row & { readonly closedBy: number })[] = [];
  const taken = new Map<string, Event[]>();
  const window = (time: number): number => Math.floor(time / 10);
  let latest = -Infinity;
  let open = -Infinity;
  const keys: string[] = [];
  events.forEach((event) => {
    latest = Math.max(latest, event.time);
    open = window(latest - grace);
    if (window(event.time) < open) return;
    if (!taken.has(event.key)) keys.push(event.key);
    taken.set(event.key, [...(taken.get(event.key) ?? []), event]);
  });
  for (const key of keys) {
    const own = taken.get(key)!;
    const windows = new Map<number, Event[]>();
    for (const event of own)
      windows.set(window(event.time), [...(windows.get(window(event.time)) ?? []), event]);
    let empties = 0;
    for (let at = Math.min(...windows.keys()); at < open; at++) {
      const inside = windows.get(at);
      empties = inside === undefined ? empties + 1 : 0;
      if (empties > maxEmpty) continue;
      rows.push({
        key,
        time: 10 * (at + 1),
        value: inside === undefined ? 0 : values[by]!(inside),
        features: [0, 1].map((index) => featureOf(inside ?? [], index)),
        closedBy: at,
      });
    }
  }
  return rows.map(({ closedBy: _, ...row }) => row);
}

/**
 * Some later, some earlier than the one before, some at the same time, and now and then so much later that keys are forgotten in
 * between. They begin before 1970, or after it.
 */
const eventsOf = fc
  .tuple(
    fc.constantFrom(-1000, 1000),
    fc.array(
      fc.record({
        key: fc.constantFrom("a", "b", "c"),
        step: fc.oneof(
          { weight: 12, arbitrary: fc.integer({ min: -40, max: 60 }) },
          { weight: 2, arbitrary: fc.constant(0) },
          { weight: 1, arbitrary: fc.integer({ min: 600, max: 900 }) },
        ),
        value: fc.integer({ min: -9, max: 9 }),
        features: fc.array(fc.constantFrom(NaN, 1, 2, 3), { minLength: 2, maxLength: 2 }),
      }),
      { maxLength: 60 },
    ),
  )
  .map(([start, steps]) => {
    let time = start;
    return steps.map(({ step, ...event }): Event => ({ ...event, time: (time += step) }));
  });

const inOrder = (rows: readonly Row[]): readonly Row[] =>
  [...rows].sort((a, b) => a.time - b.time || (a.key < b.key ? -1 : 1));

describe("windows", () => {
  test.each(Object.keys(values))("by %s give what maps over all events give", (by) => {
    fc.assert(
      fc.property(
        eventsOf,
        fc.constantFrom(0, 10, 25),
        fc.constantFrom(0, 2, 50),
        (events, grace, maxEmpty) => {
          const windows = new Windows(settings({ by, grace: `${grace}ms`, maxEmpty, empty: "zero" }), 2);
          const { rows } = feed(windows, events);
          expect(inOrder(rows)).toEqual(inOrder(reference(events, by, grace, maxEmpty)));
        },
      ),
    );
  });

  test.each(["count", "rate", "p50", "last"])("by %s go on from a snapshot bit for bit", (by) => {
    fc.assert(
      fc.property(eventsOf, fc.nat(60), fc.constantFrom("0ms", "25ms"), (events, cut, grace) => {
        const own = settings({ by, grace, maxEmpty: 1 });
        const whole = new Windows(own, 2);
        const first = new Windows(own, 2);
        feed(whole, events.slice(0, cut));
        feed(first, events.slice(0, cut));
        const parts = first.write(60).map((part) => new ByteReader(part.bytes().slice()));
        const second = Windows.read(own, 2, parts.reverse());
        expect(feed(second, events.slice(cut))).toEqual(feed(whole, events.slice(cut)));
        expect(second.write().map((part) => part.bytes())).toEqual(whole.write().map((part) => part.bytes()));
      }),
    );
  });

  test("a state has a part for each so many bytes of keys, behind the head", () => {
    const windows = new Windows(settings({}), 0);
    feed(
      windows,
      Array.from({ length: 12 }, (_, i) => ({ key: `key-${i % 6}`, time: 5, value: 1 })),
    );
    const partsOf = (bytes: number): number => windows.write(bytes).length - 1;
    expect([1, 150, 1e6].map(partsOf)).toEqual([6, 3, 1]);
  });

  test("a key is not forgotten while it has events in an open window", () => {
    const windows = new Windows(settings({ grace: "25ms", maxEmpty: 0 }), 0);
    const { rows, late } = feed(windows, [
      { key: "rare", time: 1600, value: 1 },
      { key: "other", time: 2200, value: 1 },
      { key: "rare", time: 2220, value: 1 },
      { key: "other", time: 2300, value: 1 },
    ]);
    expect(late).toEqual([]);
    expect(rows.map(({ key, time }) => [key, time])).toEqual([
      ["rare", 1610],
      ["other", 2210],
      ["rare", 2230],
    ]);
  });

  test("a state is refused where a part is missing, there twice, or of another state", () => {
    const own = settings({});
    const partsOf = (...keys: string[]): Uint8Array[] => {
      const windows = new Windows(own, 0);
      feed(
        windows,
        keys.map((key) => ({ key, time: 5, value: 1 })),
      );
      return windows.write(1).map((part) => part.bytes().slice());
    };
    const read = (parts: readonly Uint8Array[]) => (): Windows =>
      Windows.read(
        own,
        0,
        parts.map((part) => new ByteReader(part)),
      );
    const [head, a, b] = partsOf("a", "b") as [Uint8Array, Uint8Array, Uint8Array];
    expect(read([b, head, a])().size).toBe(2);
    const wrong = [[], [head], [head, a], [a, b], [head, head, a], [head, a, a], [head, a, b, b]];
    // The third part of another state has keys that this one does not know of.
    const other = new Windows(own, 0);
    feed(
      other,
      ["a", "b", "c", "d"].map((key) => ({ key, time: 5, value: 1 })),
    );
    const [, , foreign] = other.write(100).map((part) => part.bytes().slice());
    // One part with the keys of two.
    const both = new Windows(own, 0);
    feed(
      both,
      ["a", "b"].map((key) => ({ key, time: 5, value: 1 })),
    );
    const whole = both.write()[1]!.bytes().slice();
    const all = [...wrong, [partsOf("a")[0]!, a, b], [head, a, foreign!], [head, whole]];
    for (const parts of all) expect(read(parts)).toThrow(RangeError);
  });

  test("a part is refused whose keys have the slots or the names of others, or rows of another length", () => {
    const own = settings({});
    const part = (number: number, name: string, slot: number, length: number): ByteReader => {
      const writer = new ByteWriter();
      writer.count(number);
      writer.text(name);
      writer.count(slot);
      writer.f64(new Float64Array(length));
      return new ByteReader(writer.bytes());
    };
    const states = new Windows(own, 0);
    feed(states, [
      { key: "a", time: 5, value: 1 },
      { key: "b", time: 5, value: 1 },
    ]);
    const [head, first] = states.write(1).map((each) => each.bytes().slice());
    const reader = new ByteReader(first!);
    reader.count();
    reader.text();
    reader.count();
    const { length } = reader.f64();
    const read = (second: ByteReader): Windows =>
      Windows.read(own, 0, [new ByteReader(head!), new ByteReader(first!), second]);
    expect(read(part(2, "b", 1, length)).size).toBe(2);
    for (const wrong of [
      part(2, "b", 1, length - 1),
      part(2, "b", 1, length + 1),
      part(2, "b", 0, length),
      part(2, "a", 1, length),
    ])
      expect(() => read(wrong)).toThrow("a key of the windows does not fit");
  });

  test("free slots of a snapshot go to new keys, the lowest first", () => {
    const own = settings({ maxEmpty: 0 });
    const windows = new Windows(own, 2);
    feed(
      windows,
      ["a", "b", "c", "d", "e"].map((key) => ({ key, time: 5, value: 1, features: [1, 2] })),
    );
    for (const key of ["d", "b", "a"]) windows.forget(key);
    const parts = windows.write(1).map((part) => new ByteReader(part.bytes().slice()));
    const again = Windows.read(own, 2, parts);
    for (const each of [windows, again])
      expect(["p", "q", "r", "s"].map((key) => each.slotOf(key))).toEqual([0, 1, 3, 5]);
    expect(again.write().map((part) => part.bytes())).toEqual(windows.write().map((part) => part.bytes()));
  });

  test("a late event is told how late it is", () => {
    const windows = new Windows(settings({ grace: "5ms" }), 0);
    feed(windows, [{ key: "a", time: 47, value: 1 }]);
    expect(() => windows.refuseLate(29)).toThrow("ended 17 ms before");
  });

  test("a rate needs two values of the counter at different times", () => {
    const windows = new Windows(settings({ by: "rate" }), 0);
    const { rows } = feed(windows, [
      { key: "c", time: 1, value: 5 },
      { key: "c", time: 1, value: 9 },
      { key: "c", time: 11, value: 10 },
      { key: "c", time: 21, value: 10 },
      { key: "c", time: 31, value: 10 },
    ]);
    expect(rows.map(({ value }) => value)).toEqual([NaN, 100, 0]);
  });

  test("the slot of a key that was forgotten goes to the next new key, from a snapshot too", () => {
    const own = settings({ maxEmpty: 0 });
    const windows = new Windows(own, 0);
    feed(windows, [
      { key: "gone", time: 0, value: 1 },
      { key: "kept", time: 5, value: 1 },
      { key: "kept", time: 605, value: 1 },
      { key: "kept", time: 1205, value: 1 },
    ]);
    const parts = windows.write().map((part) => new ByteReader(part.bytes().slice()));
    for (const each of [Windows.read(own, 0, parts), windows])
      expect([each.size, each.slotOf("kept"), each.slotOf("new"), each.slotOf("newer")]).toEqual([
        1, 1, 0, 2,
      ]);
  });

  test("a key that is forgotten on request loses its open windows, and gives its slot to the next new key", () => {
    const windows = new Windows(settings({ by: "sum" }), 0);
    feed(
      windows,
      ["a", "b", "c"].map((key) => ({ key, time: 5, value: 1 })),
    );
    expect([windows.forget("b"), windows.forget("b"), windows.forget("strange")]).toEqual([
      true,
      false,
      false,
    ]);
    const { rows } = feed(windows, [
      { key: "d", time: 6, value: 3 },
      { key: "a", time: 10, value: 1 },
    ]);
    expect(rows.map(({ key, value }) => [key, value])).toEqual([
      ["a", 1],
      ["d", 3],
      ["c", 1],
    ]);
    expect([windows.slotOf("d"), windows.slotOf("e")]).toEqual([1, 3]);
  });

  test("rates are increases per second, and a counter that falls began at 0", () => {
    const windows = new Windows(settings({ by: "rate", every: "10s" }), 0);
    const counter = [0, 50, 100, 130, 20, 40].map((value, i) => ({ key: "c", time: 5000 * i, value }));
    const { rows } = feed(windows, [...counter, { key: "c", time: 30_000, value: 60 }]);
    // 50 in 5 s; 50 + 30 in 10 s; 20 + 20 in 10 s.
    expect(rows.map(({ value }) => value)).toEqual([10, 8, 4]);
  });

  test("a counter's older value is late", () => {
    const windows = new Windows(settings({ by: "rate", grace: "10ms" }), 0);
    const { late } = feed(windows, [
      { key: "c", time: 8, value: 5 },
      { key: "c", time: 6, value: 4 },
      { key: "d", time: 6, value: 4 },
    ]);
    expect(late).toEqual([{ key: "c", time: 6, value: 4 }]);
  });

  test("percentiles are within 0.5 % of a value of that rank", () => {
    const windows = new Windows(settings({ by: "p99" }), 0);
    const events = Array.from({ length: 1000 }, (_, i) => ({
      key: "k",
      time: 5,
      value: ((i * 379) % 1000) - 100,
    }));
    const { rows } = feed(windows, [...events, { key: "k", time: 10, value: 0 }]);
    expect(rows[0]!.value).toBeGreaterThan(0.995 * 889);
    expect(rows[0]!.value).toBeLessThan(1.005 * 890);
  });

  test("a window of missing values has none, and an empty one is zero or missing", () => {
    const rowsOf = (options: object): number[] => {
      const { rows } = feed(new Windows(settings(options), 0), [
        { key: "k", time: 0, value: NaN },
        { key: "k", time: 20, value: 3 },
        { key: "k", time: 30, value: 3 },
      ]);
      return rows.map(({ value }) => value);
    };
    expect(rowsOf({ by: "count" })).toEqual([1, 0, 1]);
    expect(rowsOf({ by: "sum" })).toEqual([NaN, 0, 3]);
    expect(rowsOf({ by: "mean" })).toEqual([NaN, NaN, 3]);
    expect(rowsOf({ by: "count", empty: "missing" })).toEqual([1, NaN, 1]);
  });

  test("a jump of years closes a bounded number of windows, and forgets the keys", () => {
    const windows = new Windows(settings({ maxEmpty: 5 }), 0);
    const { rows } = feed(windows, [
      { key: "k", time: 0, value: 1 },
      { key: "k", time: 1e14, value: 1 },
      { key: "k", time: 1e14 + 10, value: 1 },
    ]);
    expect(rows.map(({ value }) => value)).toEqual([1, 0, 0, 0, 0, 0, 1]);
    windows.advance(8.64e15 - 10);
    expect(() => windows.advance(8.64e15 - 9)).toThrow("the end of the range of times");
  });
});

test.each([
  [{ every: "0s" }, "aggregate.every"],
  [{ every: "1 minute" }, "aggregate.every"],
  [{ every: "1m", by: "p100" }, "aggregate.by"],
  [{ every: "1s", grace: "2m" }, "grace"],
  [{ by: "count" }, "aggregate.every"],
])("%j is refused", (aggregate, name) => {
  expect(() => forecasterSettings({ aggregate: aggregate as { every: string } })).toThrow(name);
});

test.each(["count", "sum", "mean", "min", "max", "last", "rate", "p1", "p50", "p99", "p99.9", "p2.125"])(
  "windows by %s are known",
  (by) => {
    expect(aggregateSchema.parse({ every: "1m", by }).by).toBe(by);
    expect(settings({ by }).by).toBe(by);
  },
);

test.each([
  "",
  "counts",
  "a count",
  "p",
  "p0",
  "p100",
  "pp5",
  "p5x",
  "p5.",
  "p5.1234",
  "p5.x",
  "p99p99",
  "median",
])("windows by %j are refused", (by) => {
  expect(aggregateSchema.safeParse({ every: "1m", by }).success).toBe(false);
  expect(() => settings({ by })).toThrow("aggregate.by");
});

test("equal durations are equal settings", () => {
  expect(settings({ every: "60s", grace: "1000ms" })).toEqual(settings({ every: "1m", grace: "1s" }));
  expect(["0d", "0ms", "24h", "90s"].map((text) => durationText(durationMs(text)))).toEqual([
    "0s",
    "0s",
    "1d",
    "90s",
  ]);
});
