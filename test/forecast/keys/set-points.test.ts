/** Set-points that change while a key is young are levels of the key, not faults. */
import { expect, test } from "vitest";
import { quick, runFresh, type Event } from "../../support/streams.js";

test.each([2, 3, 5, 6, 7, 10, 15, 19])(
  "two values that take turns, %i at a time, are never worse forecast than by the last value",
  (length) => {
    const values = Array.from({ length: 1500 }, (_, i) => 10 + (Math.floor(i / length) % 2));
    const events = values.map((value, i): Event => ({ key: "a", time: 1.7e12 + i * 60_000, value }));
    const { expected } = runFresh(quick, events);
    let wrong = 0;
    let jumps = 0;
    for (let i = 500; i < values.length; i++) {
      wrong += Math.abs(expected[i]! - values[i]!);
      jumps += Math.abs(values[i - 1]! - values[i]!);
    }
    expect(wrong).toBeLessThanOrEqual(1.02 * jumps);
  },
);
