/**
 * Follows a key whose movement grows without end, as that of a count that doubles each month does: each of its changes would be
 * the largest ever. Once the mean size of its changes is well above all that it was before, what is remembered of its magnitudes
 * moves up with it. What grows and shrinks again, as by night and by day, is remembered as it was.
 */
import { logarithm } from "../elementary.js";
import { width, type Histograms } from "./histogram.js";
import { f32At, magnitude, u16At } from "./layout.js";
import type { DetectionRow } from "./rows.js";

/**
 * Values between two looks, and values before the first: days must be known, whose quiet hours grow into busy ones. With looks from 100
 * on, faults would be taken for growth: the standard score on NAB's files would be 64, not 75 (`bench detection`).
 */
const interval = 8;
const settledAfter = 2000;
/** The same of a key whose values move one way as a whole, at least by this share: their growth is no day's. */
const youngAfter = 100;
const growingTrend = 0.2;
/** How far, in bins, the mean size may exceed the greatest one before and be no growth: four times. */
const free = 14;
/** Bins to move by at once, at most: a burst of changes is an anomaly first. */
const fastest = 5;
/** The number of the bin of size 1, above the bits of the count: sizes from e^-163 to e^245. */
const one = 1 << 12;
const shift = 2;
const countBits = (1 << shift) - 1;

/** The magnitudes whose unit is that of the values. */
const growing = [magnitude.jump, magnitude.deviation4, magnitude.deviation16, magnitude.error16] as const;

/** Values in a row that were beyond belief. */
export function beyondOf({ u16, at16 }: DetectionRow): number {
  return u16[at16 + u16At.beyond]! & countBits;
}

export function countBeyond({ u16, at16 }: DetectionRow, count: number): void {
  u16[at16 + u16At.beyond] = (u16[at16 + u16At.beyond]! & ~countBits) | count;
}

/** Square of the lag behind a key that moves one way, by that of its deviation: about 1 on a line. */
export function trendShare({ f32, at32 }: DetectionRow): number {
  const deviation = f32[at32 + f32At.deviation]!;
  const lag = f32[at32 + f32At.lag]!;
  return deviation > 0 ? (lag / deviation) * (lag / deviation) : 0;
}

/** Takes the mean size of the key's changes after an event. */
export function followGrowth(row: DetectionRow, histograms: Histograms): void {
  const { f32, at32, u16, at16 } = row;
  const seen = f32[at32 + f32At.seen]!;
  const size = f32[at32 + f32At.change]!;
  if (seen % interval !== 0 || !(size > 0)) return;
  if (seen < settledAfter && (seen < youngAfter || trendShare(row) < growingTrend)) return;
  const bin = Math.floor(logarithm(size) / width) + one;
  if (bin <= 0 || bin > 65535 >> shift) return;
  const before = u16[at16 + u16At.beyond]! >> shift;
  const isFirst = before === 0;
  const greatest = seen === settledAfter && !isFirst ? Math.max(before, bin - free) : before;
  const rise = isFirst ? 0 : Math.min(bin - greatest - free, fastest);
  if (!isFirst && rise <= 0 && greatest === before) return;
  const next = isFirst ? bin : greatest + Math.max(rise, 0);
  u16[at16 + u16At.beyond] = (next << shift) | beyondOf(row);
  if (rise > 0) for (const j of growing) histograms.move(j, rise);
}
