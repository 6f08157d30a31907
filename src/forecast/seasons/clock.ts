/** What a change of the clocks, such as daylight saving, does to a key's season. */
import { day } from "../keys/local-clock.js";
import type { Ring } from "./ring.js";

/** The time between the key's values, and how far its local time moved, both in milliseconds. */
interface ClockChange {
  readonly gap: number;
  readonly moved: number;
}

/**
 * Keeps values of the same local time a whole number of seasons apart: where the season is one of days, values of an hour
 * are repeated, or left out.
 *
 * @param period Period of the season that is believed, in values; 0 where there is none.
 */
export function changeClock(ring: Ring, period: number, { gap, moved }: ClockChange): void {
  const perDay = gap > 0 ? Math.round(day / gap) : 0;
  if (period === 0 || perDay === 0 || period % perDay !== 0) return;
  const steps = Math.round(moved / gap);
  if (Math.abs(steps) > perDay || ring.count + steps < 1) return;
  for (let i = 0; i < steps; i++) ring.repeatLast();
  if (steps < 0) ring.leaveOut(-steps);
}
