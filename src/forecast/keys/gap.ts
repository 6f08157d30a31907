/** A key's typical time between events: the running mean of its gaps, robust against clocks that are wrong or set. */
import { number } from "./layout.js";
import type { KeyRow } from "./row.js";

/** Slowest rate at which the typical gap is followed, and the longest gap, in typical gaps, that it learns from. */
const rate = 0.01;
const longest = 4;

/** Milliseconds; 0 while unknown. */
export function typicalGap({ f64, at64 }: Pick<KeyRow, "f64" | "at64">): number {
  return Math.abs(f64[at64 + number.gap]!);
}

/**
 * Takes the gap before the key's next event. One that is not positive tells nothing. The first has
 * no bound that a typical gap could give: where the next are far shorter it was a clock being set (a device that begins
 * in 1970), and the shorter one is taken in its place.
 */
export function trackGap({ f64, at64 }: Pick<KeyRow, "f64" | "at64">, gap: number): void {
  if (!(gap > 0)) return;
  const count = f64[at64 + number.count]!;
  const known = f64[at64 + number.gap]!;
  const typical = Math.abs(known);
  const restsOnOne = known <= 0 && (known === 0 || longest * gap < typical);
  f64[at64 + number.gap] = restsOnOne
    ? -gap
    : typical + Math.max(1 / count, rate) * (Math.min(gap, longest * typical) - typical);
}
