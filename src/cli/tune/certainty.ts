/** How sure a figure is that was counted on a few folds. */

/** Coverage of the intervals. */
export const level = 0.9;
/** 95 % quantile of the normal distribution. */
const normalQuantile = 1.6449;
/** 95 % quantiles of Student's t with 1, 2, … degrees of freedom. */
const studentQuantiles = [6.3138, 2.92, 2.3534, 2.1318, 2.015, 1.9432, 1.8946, 1.8595, 1.8331];

export interface Interval {
  readonly low: number;
  readonly high: number;
}

/**
 * Returns the standard error of a figure by leaving out one fold at a time (Efron and Tibshirani, An Introduction to the
 * Bootstrap, 1993, chapter 11).
 */
export function jackknifeError(
  folds: readonly number[],
  figureOf: (folds: readonly number[]) => number,
): number {
  if (folds.length < 2) return NaN;
  const without = folds.map((fold) => figureOf(folds.filter((other) => other !== fold)));
  const mean = without.reduce((sum, figure) => sum + figure, 0) / folds.length;
  const squares = without.reduce((sum, figure) => sum + (figure - mean) ** 2, 0);
  return Math.sqrt((squares * (folds.length - 1)) / folds.length);
}

/** Returns the interval around a figure with such a standard error from `folds` folds. */
export function studentInterval(figure: number, error: number, folds: number): Interval {
  const width = error * (studentQuantiles[folds - 2] ?? normalQuantile);
  return { low: figure - width, high: figure + width };
}

/** Returns the interval of the mean of a Poisson count (Byar's approximation: Breslow and Day, 1987, volume II, page 69). */
export function poissonInterval(count: number): Interval {
  const bound = (n: number, sign: number): number =>
    n === 0 ? 0 : n * (1 - 1 / (9 * n) + (sign * normalQuantile) / (3 * Math.sqrt(n))) ** 3;
  return { low: bound(count, -1), high: bound(count + 1, 1) };
}

/** Returns the wider interval on each side. */
export function widest(a: Interval, b: Interval): Interval {
  return { low: Math.min(a.low, b.low), high: Math.max(a.high, b.high) };
}
