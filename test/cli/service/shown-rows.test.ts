import { expect, test } from "vitest";
import { batchOf, ShownKeys } from "../../../src/cli/service/shown-rows.js";
import type { IncidentNote } from "../../../src/forecast/incidents/watcher.js";
import { uniformBatch } from "../../contracts/telemetry.js";

const keys = ["a", "b", "c", "d"];

function shownOf(shown: ShownKeys): { readonly keys: string[]; readonly others: number } {
  const rows = shown.rowsOf(uniformBatch(8, 1, keys))!;
  const { columns, count, ...batch } = batchOf(rows);
  return {
    keys: Array.from({ length: count }, (_, row) => batch.keyOf(columns.slots[row]!)),
    others: rows.others,
  };
}

test("a worker tells of the first keys that come, as many as the page keeps", () => {
  expect(shownOf(new ShownKeys(2))).toEqual({ keys: ["a", "b", "a", "b"], others: 4 });
});

test("a worker tells of the keys that are named, and only counts the others", () => {
  expect(shownOf(new ShownKeys(["c", "x"]))).toEqual({ keys: ["c", "c"], others: 6 });
});

test("a worker tells of the incidents of these keys, by their places, and of no others", () => {
  const batch = uniformBatch(8, 1, keys);
  const note = (slot: number): IncidentNote =>
    ({ row: slot, slot, time: 0, change: "opened", incident: { position: slot } }) as unknown as IncidentNote;
  const rows = new ShownKeys(["c", "x"]).rowsOf({ ...batch, incidents: [note(0), note(2)] })!;
  const shown = batchOf(rows);
  expect(shown.incidents!.map(({ slot, incident }) => [shown.keyOf(slot), incident.position])).toEqual([
    ["c", 2],
  ]);
});
