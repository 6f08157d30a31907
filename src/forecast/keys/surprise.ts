/**
 * Surprises: an additive outlier says nothing of the values after it, and a shift of the level nothing but its size,
 * unlike an innovation, which goes its way through the series (Fox, Outliers in Time Series, 1972; Chen and Liu, 1993).
 * Which of them a surprising value was is known when the next one comes: where that is back at what had been expected,
 * the two jumps are taken out of the key's past, as if the outlier had been missing; where it has stayed, the one jump
 * is, as if the key had always been at its new level. What was forecast in between stands.
 */
import { placeIn } from "../elementary.js";
import type { CurrentEvent } from "../current-event.js";
import { number } from "./layout.js";
import type { KeyRow } from "./row.js";
import { scaleOf } from "./scaling.js";

/** An error this many times the running size of a key's errors is a surprise … */
const surprising = 4;
/** … once that has settled. */
const settled = 100;
/** The next value is at one of two places if it is this much nearer to it than to the other. */
const near = 0.25;

/**
 * Takes an event that was scored just now, and pushes what the key's own read-out is to see of it to its ring, which is
 * `ring` long. The recurrent cell sees every change as it came: a surprise that returns, such as an
 * echo, is for it to learn.
 */
export function pushOwnChange(key: KeyRow, ring: number, now: CurrentEvent): void {
  const { f64, at64, f32, at32, layout } = key;
  const { forecasts, row, value, change } = now;
  const changes = at32 + layout.ownChanges;
  const count = f64[at64 + number.count]!;
  const undisturbed = f64[at64 + number.undisturbed]!;
  f32[changes + placeIn(ring, count)] = change;
  // Where there was no surprise this one and the one before are the value before.
  f64[at64 + number.undisturbed] = f64[at64 + number.held]!;
  if (now.missing || now.anew || now.jump !== 0) return;
  const back = Math.abs(value - undisturbed);
  const away = Math.abs(value - now.held);
  if (back < near * away || away < near * back) {
    f32[changes + placeIn(ring, count - 1)] = f32[at32 + layout.usual]!;
    if (back < away) f32[changes + placeIn(ring, count)] = (value - undisturbed) / scaleOf(key);
    return;
  }
  const expected = forecasts.expected[row]!;
  const size = Math.sqrt(f64[at64 + number.squaredError]!);
  if (f64[at64 + number.observed]! > settled && Math.abs(value - expected) > surprising * size) {
    f64[at64 + number.undisturbed] = expected;
    f32[at32 + layout.usual] = f32[at32 + layout.mixture]!;
  }
}
