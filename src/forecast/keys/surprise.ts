/**
 * Surprises: an additive outlier says nothing of the values after it, and a shift of the level nothing but its size,
 * unlike an innovation, which goes its way through the series (Fox, Outliers in Time Series, 1972; Chen and Liu, 1993).
 * Which of them a surprising value was is known when the next one comes: where that is back at what had been expected,
 * the two jumps are taken out of the key's past, as if the outlier had been missing; where it has stayed, the one jump
 * is, as if the key had always been at its new level. What was forecast in between stands.
 */
import type { ForecastColumns } from "../columns.js";
import type { KeyTable } from "./key-table.js";
import { number, type KeyLayout } from "./row-layout.js";
import { scaleOf } from "./scaling.js";

/** An error this many times the running size of a key's errors is a surprise … */
const surprising = 4;
/** … once that has settled. */
const settled = 100;
/** The next value is at one of two places if it is this much nearer to it than to the other. */
const near = 0.25;

/**
 * Takes an event that was scored just now, `change` being the scaled change that it stands for, and pushes what the
 * key's own read-out is to see of it. The recurrent cell sees every change as it came: a surprise that returns, such as an
 * echo, is for it to learn.
 */
export function pushOwnChange(
  keys: KeyTable,
  slot: number,
  layout: KeyLayout,
  ring: number,
  forecasts: ForecastColumns,
  event: number,
  change: number,
): void {
  const { numbers, singles } = keys;
  const at = slot * keys.numbersPerKey;
  const row = slot * keys.singlesPerKey;
  const changes = row + layout.ownChanges;
  const count = numbers[at + number.count]!;
  const value = forecasts.values[event]!;
  const undisturbed = numbers[at + number.undisturbed]!;
  singles[changes + (count % ring)] = change;
  // Where there was no surprise this one and the one before are the value before.
  numbers[at + number.undisturbed] = numbers[at + number.held]!;
  if (Number.isNaN(value)) return;
  const back = Math.abs(value - undisturbed);
  const away = Math.abs(value - forecasts.previous[event]!);
  if (back < near * away || away < near * back) {
    singles[changes + ((count - 1) % ring)] = singles[row + layout.usual]!;
    if (back < away) singles[changes + (count % ring)] = (value - undisturbed) / scaleOf(numbers, at);
    return;
  }
  const expected = forecasts.expected[event]!;
  const size = Math.sqrt(numbers[at + number.squaredError]!);
  if (numbers[at + number.observed]! > settled && Math.abs(value - expected) > surprising * size) {
    numbers[at + number.undisturbed] = expected;
    singles[row + layout.usual] = singles[row + layout.mixture]!;
  }
}
