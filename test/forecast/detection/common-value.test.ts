/** Which value is a key's most frequent one, told by a few counters. */
import { expect, test } from "vitest";
import { uniform } from "../../../src/engine/random.js";
import { isMostFrequent } from "../../../src/forecast/detection/common-value.js";
import { candidates, u16At } from "../../../src/forecast/detection/layout.js";
import type { DetectionRow } from "../../../src/forecast/detection/rows.js";

/** Values that were called the most frequent one, with how often; those of the first events do not count. */
function found(values: readonly number[], from: number): Map<number, number> {
  const row = { u16: new Uint16Array(u16At.counts + candidates), at16: 0 } as unknown as DetectionRow;
  const counts = new Map<number, number>();
  values.forEach((value, i) => {
    if (isMostFrequent(row, value) && i >= from) counts.set(value, (counts.get(value) ?? 0) + 1);
  });
  return counts;
}

test.each([1, 2, 3, 4, 5])("a value that is one in eight among values that never repeat, seed %i", (seed) => {
  const next = uniform(seed);
  const values = Array.from({ length: 20_000 }, () => (next() < 0.125 ? 100 : 100 * next()));
  const after = values.slice(500).filter((value) => value === 100).length;
  const counts = found(values, 500);
  expect(counts.get(100)).toBe(after);
  // Of 65,536 other values one has its hash.
  counts.delete(100);
  expect([...counts.values()].reduce((sum, count) => sum + count, 0)).toBeLessThan(4);
});

test.each([1, 2, 3])("the more frequent of two, where both are rare, seed %i", (seed) => {
  const next = uniform(seed);
  const values = Array.from({ length: 20_000 }, () => {
    const share = next();
    return share < 0.14 ? 1 : share < 0.22 ? 2 : 10 + next();
  });
  expect([...found(values, 2000).keys()]).toEqual([1]);
});

test("none where no value has a share of a twentieth", () => {
  const next = uniform(7);
  const values = Array.from({ length: 20_000 }, () => Math.floor(100 * next()));
  expect(found(values, 500).size).toBe(0);
});

test("another one takes its place once it has come more often", () => {
  const next = uniform(8);
  const values = Array.from({ length: 8000 }, (_, i) => (next() < 0.3 ? (i < 2000 ? 1 : 2) : next()));
  expect([...found(values, 6000).keys()]).toEqual([2]);
});
