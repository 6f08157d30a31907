import { expect, test } from "vitest";
import { forecasterSettings } from "../../../src/forecast/settings.js";
import { WindowedColumns, windowedColumns } from "../../../src/forecast/windows/windowed-columns.js";
import { Windows } from "../../../src/forecast/windows/windows.js";

test("a new key that takes the place of a forgotten one leaves the forgotten one's observations alone", () => {
  const { aggregate } = forecasterSettings({ aggregate: { every: "10ms", maxEmpty: 60 } });
  const names: string[] = [];
  const columns = new WindowedColumns(new Windows(aggregate!, 1), {
    featureCount: 1,
    slotOf: (key) => names.push(key) - 1,
  });
  columns.take("old", 0, 1, [7]);
  columns.take("new", 10_000, 1, [NaN]);
  expect(names).toEqual(Array.from({ length: 61 }, () => "old"));
  const { count, times, values, features } = columns.columns;
  expect(count).toBe(61);
  expect([...times.subarray(0, 2), ...values.subarray(0, 2), features[0]]).toEqual([10, 20, 1, 0, 7]);
});

test("columns grow where keys close more windows than there is room for", () => {
  const { aggregate } = forecasterSettings({ aggregate: { every: "10ms" } });
  const forecaster = { windows: new Windows(aggregate!, 2), settings: { featureCount: 2 }, slotOf: Number };
  const columns = windowedColumns(forecaster)!;
  const keys = Array.from({ length: 10 }, (_, i) => String(i));
  const rounds = 5;
  for (let round = 0; round <= rounds; round++)
    for (const key of keys) columns.take(key, 10 * round, 1, [round, -Number(key)]);
  const { count, slots, times, features } = columns.columns;
  expect(count).toBe(rounds * keys.length);
  const rows = Array.from({ length: count }, (_, i) => [
    slots[i],
    times[i],
    features[2 * i],
    features[2 * i + 1],
  ]);
  const expected = Array.from({ length: count }, (_, i) => {
    const round = Math.floor(i / keys.length);
    const key = i % keys.length;
    return [key, 10 * (round + 1), round, -key];
  });
  expect(rows).toEqual(expected);
});

test("without windows there are no columns of them", () => {
  expect(windowedColumns({ windows: undefined, settings: { featureCount: 0 }, slotOf: Number })).toBe(
    undefined,
  );
});
