import fc from "fast-check";
import { expect, test } from "vitest";
import { uniform } from "../../src/engine/random.js";
import { changed } from "../../src/forecast/experts/drift.js";
import { runFresh, type Event } from "../support/streams.js";

const keys = 20;
const shift = 1500;
const hour = 3_600_000;

/** A noisy daily wave of twenty keys, eight hours early from the shift on. */
function waves(): Event[] {
  const next = uniform(3);
  return Array.from({ length: keys * (shift + 50) }, (_, event) => {
    const i = Math.floor(event / keys);
    const phase = (2 * Math.PI * (i + (i < shift ? 0 : 8))) / 24;
    const noise = next() + next() + next() - 1.5;
    return { key: `key-${event % keys}`, time: 1e12 + i * hour, value: 5 * Math.sin(phase) + noise };
  });
}

test("after a jump of the season the experts that were right before are no longer trusted", () => {
  const events = waves();
  const { expected } = runFresh({}, events);
  let error = 0;
  for (let i = keys * shift; i < events.length; i++) error += Math.abs(expected[i]! - events[i]!.value);
  // 1.72 where the mixture goes on from what it had learned.
  expect(error / (50 * keys)).toBeLessThan(1.65);
});

const sizes = fc.array(fc.double({ min: 0, max: 100, noNaN: true }), { minLength: 1, maxLength: 200 });

test("errors that the last value shares tell of no change, however large", () => {
  fc.assert(
    fc.property(sizes, (errors) => {
      const singles = new Float32Array(1);
      return errors.every((error) => !changed(singles, 0, error, error));
    }),
  );
});

test("one bad forecast among good ones tells of no change, a burst does", () => {
  const singles = new Float32Array(1);
  const found = (error: number): boolean => changed(singles, 0, error, 1);
  for (let i = 0; i < 100; i++) expect(found(i % 4 === 0 ? 50 : 0)).toBe(false);
  expect(Array.from({ length: 7 }, () => found(50))).toContain(true);
  expect(singles[0]).toBeLessThan(12);
});
