/** What a backtest remembers of the experts' weights. */
import { expect, test } from "vitest";
import { ExpertRecord } from "../../../src/forecast/evaluation/expert-record.js";
import { forecastColumns } from "../../../src/forecast/columns.js";

test("means count each key's samples by its events, final weights are those of now", () => {
  let share = 0;
  const record = new ExpertRecord({
    expertNames: ["a", "b"],
    expertWeights: (slot) => (slot === 0 ? Float64Array.of(share, 1 - share) : Float64Array.of(0.5, 0.5)),
  });
  const batch = (slots: readonly number[]): void => {
    const columns = forecastColumns(slots.length + 1);
    columns.slots.set(slots);
    columns.slots[slots.length] = 7;
    record.add(columns, slots.length);
  };
  batch([0, 0, 0]);
  share = 1;
  batch([0, 2]);
  batch([]);
  expect(record.mean(0)).toEqual([0.25, 0.75]);
  expect(record.mean(2)).toEqual([0.5, 0.5]);
  expect(Array.from(record.final(0))).toEqual([1, 0]);
  expect(record.samples).toEqual([
    { events: 3, weights: [0, 1] },
    { events: 5, weights: [0.75, 0.25] },
  ]);
});
