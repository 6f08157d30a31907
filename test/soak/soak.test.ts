import { expect, test } from "vitest";
import { soak } from "./soak.js";

test("a short soak loses nothing, and neither the state nor its topic holds more keys than are allowed", async () => {
  const end = await soak({ maxKeys: 500, seed: 1, ends: ({ records }) => records >= 60_000 });
  expect(end.forecasts + end.deadLetters).toBe(end.records);
  expect(end.deadLetters).toBeGreaterThan(0);
  expect(end.keysSeen).toBeGreaterThan(1900);
  expect(end.keys).toBeLessThanOrEqual(500);
  expect(end.stateKeys).toBe(end.keys);
});
