/** Where each quantity of a key's seasons lies in its row of 64-bit numbers (`Season.numbers`). */

/** Seasons that a forecast is the mean of, and shares of the last deviation; one of each makes a variant. */
export const seasonsOf = [1, 2, 4, 8] as const;
export const shares = [0, 0.7, 1] as const;
export const means = seasonsOf.length;
export const variants = means * shares.length;

/** Candidates: by the calendar the day and the week, and two by search. */
export const candidates = 4;
export const firstSearched = 2;

/** Values of a key's first ring. */
export const firstCapacity = 64;

/** Longest row of values set aside that may turn out to be a level (see `keys/guard.ts`). */
export const longestRow = 16;

/** Offsets in `numbers`, and in the block of each candidate. */
export const place = {
  anchor: 0,
  count: 1,
  /** Where the best candidate is, or 0. */
  best: 2,
  /** The last value that was set aside, its number, and how long before it one like it had come (see `Season`). */
  aside: 3,
  asideAt: 4,
  asideInterval: 5,
  /** Values set aside in a row, the last one included, and what they were. */
  row: 6,
  /** Local time of the last value less its time, milliseconds. */
  offset: 7,
  rowValues: 8,
  candidates: 8 + longestRow,
} as const;
export const block = {
  period: 0,
  age: 1,
  gain: 2,
  lossOfLast: 3,
  lossOfMixture: 4,
  variant: 5,
  seen: 6,
  known: 7,
  means: 8,
  losses: 8 + means,
} as const;
export const blockSize = block.losses + variants;
export const seasonNumbers = place.candidates + candidates * blockSize;

/** Returns where the block of candidate number `candidate` is. */
export function blockOf(candidate: number): number {
  return place.candidates + candidate * blockSize;
}
