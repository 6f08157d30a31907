/** Snapshots of symbols that a release has written are taken over by every later one. */
import { expect, test } from "vitest";
import { kernelName } from "../../../src/engine/wasm/kernel.js";
import { probabilitiesAfter, symbolFixture } from "../../fixtures/symbols.js";

test("a snapshot of the first release is taken over, and goes on as it did then", () => {
  const fixture = symbolFixture("0.1");
  const actual = probabilitiesAfter(Buffer.from(fixture.snapshot, "base64"), fixture);
  expect(actual.map((value) => value === null)).toEqual(fixture.probabilities.map((value) => value === null));
  for (const [i, then] of fixture.probabilities.entries()) {
    if (then === null) continue;
    if (kernelName() === fixture.kernel) expect(actual[i]).toBe(then);
    else expect(Math.abs(actual[i]! - then)).toBeLessThan(1e-3);
  }
});
