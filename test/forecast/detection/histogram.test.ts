/** The tail of the histogram is the sum of the kernel over what it remembers. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { Histograms, width } from "../../../src/forecast/detection/histogram.js";
import { detectionLayout, f32At } from "../../../src/forecast/detection/layout.js";
import { DetectionRows } from "../../../src/forecast/detection/rows.js";

const layout = detectionLayout({ recurring: false });
const h = 0.05;

function histogram(logs: readonly number[]): (log: number) => number {
  const rows = new DetectionRows(layout);
  rows.reserve(1);
  const row = rows.rowOf(0);
  row.f32[f32At.unit] = 4;
  const histograms = new Histograms(layout).point(row);
  histograms.widen(h);
  histograms.start(new Float64Array(8).fill(logs[0]!));
  for (const log of logs) {
    histograms.remember(0, log, 4);
    row.f32[f32At.total]! += 4;
  }
  return (log) => {
    histograms.above(0, log);
    return histograms.withKernel(0) / 4;
  };
}

test("within the resolved bins the tail is that of the kernel", () => {
  const log = fc.double({ min: 0, max: 2.2, noNaN: true });
  fc.assert(
    fc.property(
      fc.array(log, { minLength: 20, maxLength: 60 }),
      fc.double({ min: 0, max: 3, noNaN: true }),
      (logs, at) => {
        const bin = (x: number): number => (Math.floor(x / width) + 1) * width;
        const exact = logs.map((x) => Math.min(1, Math.exp((bin(x) - at) / h))).reduce((a, b) => a + b, 0);
        expect(histogram(logs)(at)).toBeCloseTo(exact, 3);
      },
    ),
  );
});

test("one absurd magnitude costs no resolution among the others", () => {
  const usual = Array.from({ length: 100 }, (_, i) => 0.01 * i);
  const tailOf = histogram([...usual, 60]);
  expect(tailOf(60)).toBeCloseTo(1, 5);
  expect(tailOf(1.6)).toBeCloseTo(1, 2);
  expect(tailOf(61)).toBeLessThan(0.01);
});

test("magnitudes far above all others are resolved once there are many", () => {
  const usual = Array.from({ length: 100 }, (_, i) => 0.01 * i);
  const tailOf = histogram([...usual, ...Array.from({ length: 40 }, (_, i) => 6 + 0.02 * i)]);
  expect(tailOf(6)).toBeGreaterThanOrEqual(35);
  expect(tailOf(7.2)).toBeLessThan(1);
});
