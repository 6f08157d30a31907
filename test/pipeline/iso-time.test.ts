import fc from "fast-check";
import { expect, it } from "vitest";
import { isoTime } from "../../src/pipeline/iso-time.js";

it("writes every time as Date does, whatever it wrote before", () => {
  const times = fc.oneof(
    fc.double({ min: -8.64e15, max: 8.64e15, noNaN: true }),
    fc.double({ min: -1e9, max: 1e9, noNaN: true }),
    fc.integer({ min: 1_700_000_000_000, max: 1_700_200_000_000 }),
  );
  fc.assert(
    fc.property(times, (time) => {
      expect(isoTime(time)).toBe(new Date(time).toISOString());
    }),
    { numRuns: 2000 },
  );
  for (const time of [8.64e15, -8.64e15, 0, -0, -0.5, -1])
    expect(isoTime(time)).toBe(new Date(time).toISOString());
});
