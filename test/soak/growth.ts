/** What a soak calls flat. */

/** Growth of the least memory that is taken for noise. */
export const allowedGrowth = 1.05;

/**
 * The least of the last third by that of the third before it: a leak raises the floor, while what a snapshot writes comes and
 * goes.
 */
export function growthOf(values: readonly number[]): number {
  const third = Math.floor(values.length / 3);
  if (third === 0) return 1;
  return Math.min(...values.slice(-third)) / Math.min(...values.slice(-2 * third, -third));
}
