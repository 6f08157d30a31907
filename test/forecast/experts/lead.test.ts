/** An expert has a forecast alone where it is far better than its rivals, or nearly free of errors and no worse than they. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { leadOf } from "../../../src/forecast/experts/lead.js";

const limits = { whole: 0.3, none: 0.7 };

test("an expert leads by what its loss is of its rivals'", () => {
  expect([0, 0.3, 0.7, 1, 2].map((loss) => leadOf(limits, loss, 1, 1))).toEqual([1, 1, 0, 0, 0]);
  expect(leadOf(limits, 0.5, 1, 1)).toBeCloseTo(0.5, 10);
});

test("one that has hardly errors beside the last value leads where its rivals are no better", () => {
  expect(leadOf(limits, 0.9, 0.02, 1)).toBe(1);
  expect(leadOf(limits, 0.95, 0.02, 1)).toBeCloseTo(0.5, 10);
  expect(leadOf(limits, 1, 0.02, 1)).toBe(0);
  expect(leadOf(limits, 0.9, 0.08, 1)).toBeCloseTo(0.4, 10);
  expect(leadOf(limits, 0.9, 0.2, 1)).toBe(0);
});

test("a lead is a share, whatever the losses", () => {
  const loss = fc.double({ min: 0, max: 1e6, noNaN: true });
  fc.assert(
    fc.property(loss, loss, loss, (own, ofRivals, ofLast) => {
      const lead = leadOf(limits, own, ofRivals, ofLast);
      expect(lead >= 0 && lead <= 1).toBe(true);
    }),
  );
});
