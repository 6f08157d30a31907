import fc from "fast-check";
import { expect, test } from "vitest";
import { uniform } from "../../../src/engine/random.js";
import { changed } from "../../../src/forecast/experts/drift.js";
import { KeyRow } from "../../../src/forecast/keys/row.js";
import { keyLayout } from "../../../src/forecast/keys/layout.js";
import { forecasterSettings } from "../../../src/forecast/settings.js";
import { runFresh, type Event } from "../../support/streams.js";

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

/** A key whose detector has seen nothing. */
function newKey(): KeyRow {
  const key = new KeyRow(keyLayout(forecasterSettings(), []));
  key.f32 = new Float32Array(key.layout.f32Size);
  return key;
}

const sizes = fc.array(fc.double({ min: 0, max: 100, noNaN: true }), { minLength: 1, maxLength: 200 });

test("errors that the last value shares tell of no change, however large", () => {
  fc.assert(
    fc.property(sizes, (errors) => {
      const key = newKey();
      return errors.every((error) => !changed(key, error, error));
    }),
  );
});

test("one bad forecast among good ones tells of no change, a burst does", () => {
  const key = newKey();
  const found = (error: number): boolean => changed(key, error, 1);
  for (let i = 0; i < 100; i++) expect(found(i % 4 === 0 ? 50 : 0)).toBe(false);
  expect(Array.from({ length: 7 }, () => found(50))).toContain(true);
  expect(key.f32[key.layout.excess]).toBeLessThan(12);
});
