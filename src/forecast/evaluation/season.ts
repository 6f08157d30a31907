/** Finds how many values a season takes, by the autocorrelation of changes (Box and Jenkins, 1970). */

/** Longest period that is looked for: a day of minutes. */
export const largestPeriod = 1440;

/** Smallest autocorrelation of a season, besides four standard errors of noise, 4 / √n. */
const leastCorrelation = 0.1;
/** Multiples of a period err about as little as the period itself: the shortest this close to the least wins. */
const closeToLeast = 1.05;
/** Peaks of the autocorrelation whose errors are compared: the shortest of those this close to the highest. */
const closeToHighest = 0.7;
const mostPeaks = 16;

/**
 * Returns the period of `values` in steps, at most a third of their number and 1,440; undefined if they show none. NaN stands
 * for a missing value. Of the highest peaks of the autocorrelation, the period is the one whose repetition has the smallest
 * error. Changes are correlated, because the levels of a random walk correlate at every lag. Lags before the correlation first
 * falls to zero only show that changes last. O(n · lags).
 *
 * @example
 * ```ts
 * detectPeriod(Float64Array.from({ length: 240 }, (_, t) => Math.sin((2 * Math.PI * t) / 24))); // 24
 * ```
 */
export function detectPeriod(values: Float64Array): number | undefined {
  const longest = Math.min(largestPeriod, Math.floor(values.length / 3));
  const error = (lag: number): number => (lag <= longest ? seasonalError(values, lag) : Infinity);
  // Noise moves a peak by a step: the error tells which of the three it is.
  const lags = peaks(changesOf(values), longest).map((peak) =>
    [peak - 1, peak, peak + 1].reduce((best, lag) => (error(lag) < error(best) ? lag : best)),
  );
  const errors = lags.map(error);
  const least = Math.min(...errors);
  return lags.find((_, i) => errors[i]! <= closeToLeast * least);
}

/** Lags of the high and significant peaks of the autocorrelation, the shortest first. */
function peaks(changes: Float64Array, longest: number): number[] {
  const power = correlate(changes, 0);
  const correlations = Float64Array.from(
    { length: longest + 2 },
    (_, lag) => correlate(changes, lag) / power,
  );
  const threshold = Math.max(leastCorrelation, 4 / Math.sqrt(changes.length));
  const lags: number[] = [];
  const start = correlations.findIndex((correlation) => correlation <= 0);
  for (let lag = Math.max(start, 3); start > 0 && lag <= longest; lag++) {
    const correlation = correlations[lag]!;
    const isPeak = correlation >= correlations[lag - 1]! && correlation > correlations[lag + 1]!;
    if (isPeak && correlation >= threshold) lags.push(lag);
  }
  const highest = Math.max(...lags.map((lag) => correlations[lag]!));
  return lags.filter((lag) => correlations[lag]! >= closeToHighest * highest).slice(0, mostPeaks);
}

/** Mean absolute error of repeating the value of `lag` steps before. */
function seasonalError(values: Float64Array, lag: number): number {
  let sum = 0;
  let count = 0;
  for (let i = lag; i < values.length; i++) {
    const error = Math.abs(values[i]! - values[i - lag]!);
    if (Number.isNaN(error)) continue;
    sum += error;
    count++;
  }
  return sum / count;
}

/**
 * Changes from value to value less their mean, 0 where either is missing. Changes are cut to five times the median
 * size of those that are not 0: one outlier would outweigh every season.
 */
function changesOf(values: Float64Array): Float64Array {
  const changes = values.subarray(1).map((value, i) => value - values[i]!);
  const sizes = changes
    .map(Math.abs)
    .filter((size) => size > 0)
    .sort();
  const bound = 5 * (sizes[Math.floor(sizes.length / 2)] ?? NaN);
  let sum = 0;
  let known = 0;
  for (let i = 0; i < changes.length; i++) {
    changes[i] = Math.max(-1, Math.min(1, changes[i]! / bound));
    if (Number.isNaN(changes[i]!)) continue;
    sum += changes[i]!;
    known++;
  }
  const mean = sum / known;
  return changes.map((change) => (Number.isNaN(change) ? 0 : change - mean));
}

/** Mean product of the changes with those `lag` steps later, over those that have one. */
function correlate(changes: Float64Array, lag: number): number {
  const count = changes.length - lag;
  let sum = 0;
  for (let i = 0; i < count; i++) sum += changes[i]! * changes[i + lag]!;
  return sum / count;
}
