/**
 * The time of a stream of keys: the latest time of its events, robust against clocks that are wrong. A time more than an
 * hour ahead is believed once four events in a row say so, neighbours being of different keys; one that is more than an
 * hour too far ahead itself is given up once 64 events in a row are behind it.
 */

/** Furthest from the clock, in milliseconds, that one event is believed. */
const believed = 3_600_000;
const eventsAhead = 4;
const eventsBehind = 64;

/** Indices of the clock's numbers, which are part of the stream's state. */
export const clockAt = {
  /** Time of the stream, epoch milliseconds, and number of its events. */
  time: 0,
  count: 1,
  /** Events in a row that were far ahead (positive) or behind (negative), the least ahead of them, and the last one's number. */
  run: 2,
  claimed: 3,
  claimant: 4,
} as const;
export const clockSize = 5;

/**
 * Takes an event into the clock.
 *
 * @param before Number of the last event of the same key, 0 without one.
 */
export function advance(clock: Float64Array, time: number, before: number): void {
  const count = (clock[clockAt.count] = clock[clockAt.count]! + 1);
  const now = clock[clockAt.time]!;
  if (count === 1 || (time >= now && time <= now + believed)) {
    clock[clockAt.time] = time;
    clock[clockAt.run] = 0;
    return;
  }
  const side = time > now ? 1 : time < now - believed ? -1 : 0;
  const run = clock[clockAt.run]!;
  if (side === 0) {
    clock[clockAt.run] = 0;
    return;
  }
  if (run * side <= 0) {
    clock[clockAt.run] = side;
    clock[clockAt.claimed] = time;
    clock[clockAt.claimant] = count;
    return;
  }
  const claimed = clock[clockAt.claimed]!;
  if (side > 0 ? time < claimed : time > claimed) clock[clockAt.claimed] = time;
  const another = before !== clock[clockAt.claimant];
  clock[clockAt.claimant] = count;
  if (!another) return;
  clock[clockAt.run] = run + side;
  if (run + side < eventsAhead && run + side > -eventsBehind) return;
  clock[clockAt.time] = clock[clockAt.claimed]!;
  clock[clockAt.run] = 0;
}
