/** Computes the features of the multi-step regressions from a key's past, in units of its adjusted changes. */
import { clip, harmonics } from "../elementary.js";
import { adjustedChanges, horizonHarmonics, levelRates, type HorizonLayout } from "./layout.js";
import type { HorizonRow } from "./rows.js";
import { daily } from "./profile.js";

/** Bound of the distance from a level, which counts a tenth. */
const largestLevel = 10;

/**
 * Writes the features of the event under way: the adjusted changes, the latest first; harmonics of the time that the
 * next value is due, which `due` is in local time; the distances of the adjusted value from its levels; one.
 */
export function writeHorizonFeatures(
  { event, f64, at64, f32, at32 }: HorizonRow,
  { horizon, f64: n, f32: s }: HorizonLayout,
  due: number,
  into: Float32Array,
): void {
  let place = event % adjustedChanges;
  let to = 0;
  for (; to < adjustedChanges; to++) {
    into[to] = event >= to ? f32[at32 + s.changes + place]! : 0;
    place = place === 0 ? adjustedChanges - 1 : place - 1;
  }
  harmonics((due % daily.period) / daily.period, horizonHarmonics, into, to);
  to += 2 * horizonHarmonics;
  const unit = f64[at64 + n.adjustedScales + (event % horizon)]!;
  for (let i = 0; i < levelRates.length; i++) {
    const above = f64[at64 + n.adjusted]! - f64[at64 + n.levels + i]!;
    into[to++] = clip((0.1 * above) / unit, largestLevel);
  }
  into[to] = 1;
}
