/** How `tune` divides a sample, and counts incidents against labelled windows. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { countByFold, foldsOf, sampleLabels } from "../../../src/cli/tune/folds.js";
import { Coverage } from "../../../src/cli/tune/sample.js";
import type { FoundIncident } from "../../../src/cli/tune/watch.js";

const day = 86_400_000;
const span = (begin: number, end: number): { begin: number; end: number; scored: number } => ({
  begin: begin * day,
  end: end * day,
  scored: 1000,
});

/** An incident with its days: told, peak and end. */
function incident(
  slot: number,
  toldAt: number,
  peak = toldAt,
  { end = toldAt, muted = false } = {},
): FoundIncident {
  return {
    slot,
    toldAt: toldAt * day,
    incident: {
      position: 0,
      begin: toldAt * day,
      end: end * day,
      state: "closed",
      kind: "spike",
      direction: "above",
      settled: true,
      muted,
      peak: { time: peak * day, value: 1, expected: 0, score: 2 },
      severity: 6,
      events: 1,
      updates: 0,
    },
  };
}

test("the days of a sample are the time that some key covers, without the gaps between", () => {
  expect(new Coverage([span(0, 2), undefined, span(1, 3), span(10, 12)]).days).toBe(5);
  expect(new Coverage([span(0, 2), span(10, 12)]).shareBefore(11 * day)).toBe(0.75);
});

test("blocks have equal days, also across a gap", () => {
  const folds = foldsOf([span(0, 5), span(100, 105)], []);
  expect([folds.kind, folds.days]).toEqual(["time", [2, 2, 2, 2, 2]]);
  const foldOn = (on: number): number => folds.foldOf(0, on * day);
  expect([0, 1, 2, 3.9, 4, 5, 101, 103, 105, 200].map(foldOn)).toEqual([0, 0, 1, 1, 2, 2, 3, 4, 4, 4]);
});

test("folds are of keys where as many keys as folds have windows, each of which has a share of them", () => {
  const spans = Array.from({ length: 12 }, () => span(0, 10));
  const windows = Array.from({ length: 5 }, (_, slot) => ({ slot: 2 * slot, from: 0, to: day }));
  const folds = foldsOf(spans, windows);
  expect(folds.kind).toBe("keys");
  expect(new Set(windows.map(({ slot }) => folds.foldOf(slot, 0))).size).toBe(5);
  expect(foldsOf(spans, windows.slice(1)).kind).toBe("time");
});

describe("counts", () => {
  const spans = [span(0, 10), span(0, 10)];
  const windows = [{ slot: 0, from: 2 * day, to: 4 * day }];
  const count = (...incidents: FoundIncident[]): Record<string, number> => {
    const all = countByFold(incidents, windows, foldsOf(spans, windows), spans);
    const sum = (name: keyof (typeof all)[number]): number =>
      all.reduce((total, each) => total + each[name], 0);
    return { told: sum("told"), right: sum("right"), wrong: sum("wrong"), missed: sum("missed") };
  };

  test("a window is found by an incident of its key that is opened, or has its peak, in it", () => {
    expect(count(incident(0, 3))).toEqual({ told: 1, right: 1, wrong: 0, missed: 0 });
    expect(count(incident(0, 1, 3))).toEqual({ told: 1, right: 1, wrong: 0, missed: 0 });
    expect(count(incident(1, 3))).toEqual({ told: 1, right: 0, wrong: 1, missed: 1 });
  });

  test("an incident that lasts through a window without its peak there finds nothing", () => {
    expect(count(incident(0, 1, 1, { end: 9 }))).toEqual({ told: 1, right: 0, wrong: 1, missed: 1 });
  });

  test("two incidents in a window find it once, and none of them is false", () => {
    expect(count(incident(0, 2), incident(0, 4))).toEqual({ told: 2, right: 1, wrong: 0, missed: 0 });
  });

  test("a muted incident is not told", () => {
    expect(count(incident(0, 3, 3, { muted: true }))).toEqual({ told: 0, right: 0, wrong: 0, missed: 1 });
  });

  test("every window and every incident is counted once, whatever they are", () => {
    const anyWindow = fc.tuple(fc.nat(1), fc.nat(9), fc.nat(3)).map(([slot, from, length]) => ({
      slot,
      from: from * day,
      to: (from + length) * day,
    }));
    const anyIncident = fc.tuple(fc.nat(1), fc.nat(10)).map(([slot, on]) => incident(slot, on));
    fc.assert(
      fc.property(fc.array(anyWindow), fc.array(anyIncident), (some, incidents) => {
        const counts = countByFold(incidents, some, foldsOf(spans, some), spans);
        const sum = (name: keyof (typeof counts)[number]): number =>
          counts.reduce((total, each) => total + each[name], 0);
        expect(sum("told")).toBe(incidents.length);
        expect(sum("right") + sum("missed")).toBe(some.length);
      }),
    );
  });
});

test("windows go to the keys of the sample; others are counted, not dropped in silence", () => {
  const windows = [
    { key: "a", from: day, to: 2 * day },
    { key: "a", from: 20 * day, to: 21 * day },
    { key: "c", from: day, to: 2 * day },
  ];
  const keyOf = (slot: number): string => "ab"[slot]!;
  expect(sampleLabels(windows, [span(0, 10), span(0, 10)], keyOf)).toEqual({
    windows: [{ slot: 0, from: day, to: 2 * day }],
    unknown: 1,
    unscored: 1,
  });
  const unnamed = [{ key: undefined, from: day, to: 2 * day }];
  expect(sampleLabels(unnamed, [span(0, 10)], keyOf).windows.length).toBe(1);
  expect(sampleLabels(unnamed, [span(0, 10), span(0, 10)], keyOf).unknown).toBe(1);
});
