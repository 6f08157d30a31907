/** Finds how many values a season takes, by the autocorrelation of changes (Box and Jenkins, 1970). */

/** Longest period that is looked for: a day of minutes. */
export const largestPeriod = 1440;

/** Autocorrelation below which no season is called one, beside four standard errors of noise, 4 / √n. */
const leastCorrelation = 0.1;
/** Peaks of the autocorrelation whose errors are compared. */
const mostPeaks = 16;

/**
 * The period of `values` in steps, at most a third of their number and 1,440, or undefined if they show none. NaN
 * stands for a missing value. Among the highest peaks of the autocorrelation it is the one at which repeating the
 * season errs least. Changes are correlated instead of levels, for the levels of a random walk correlate at every
 * lag; lags before the correlation first falls to zero only say that changes last. O(n · lags).
 *
 * @example
 * ```ts
 * detectPeriod(Float64Array.from({ length: 240 }, (_, t) => Math.sin((2 * Math.PI * t) / 24))); // 24
 * ```
 */
export function detectPeriod(values: Float64Array): number | undefined {
  const longest = Math.min(largestPeriod, Math.floor(values.length / 3));
  let period: number | undefined;
  let least = Infinity;
  for (const lag of peaks(changesOf(values), longest)) {
    const error = seasonalError(values, lag);
    if (error < least) {
      period = lag;
      least = error;
    }
  }
  return period;
}

/** Lags of the highest significant peaks of the autocorrelation, the shortest first. */
function peaks(changes: Float64Array, longest: number): number[] {
  const power = correlate(changes, 0);
  const correlations = Float64Array.from(
    { length: longest + 2 },
    (_, lag) => correlate(changes, lag) / power,
  );
  const threshold = Math.max(leastCorrelation, 4 / Math.sqrt(changes.length));
  const lags: number[] = [];
  const start = correlations.findIndex((correlation) => correlation <= 0);
  for (let lag = Math.max(start, 2); start > 0 && lag <= longest; lag++) {
    const correlation = correlations[lag]!;
    const isPeak = correlation >= correlations[lag - 1]! && correlation > correlations[lag + 1]!;
    if (isPeak && correlation >= threshold) lags.push(lag);
  }
  return lags
    .sort((a, b) => correlations[b]! - correlations[a]!)
    .slice(0, mostPeaks)
    .sort((a, b) => a - b);
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
 * Changes from value to value less their mean, 0 where either is missing. A change beyond five times the mean size
 * is cut to that: one outlier would outweigh every season.
 */
function changesOf(values: Float64Array): Float64Array {
  const changes = new Float64Array(Math.max(0, values.length - 1));
  let size = 0;
  let known = 0;
  for (let i = 0; i < changes.length; i++) {
    const change = values[i + 1]! - values[i]!;
    changes[i] = change;
    if (Number.isNaN(change)) continue;
    size += Math.abs(change);
    known++;
  }
  const bound = (5 * size) / known;
  let sum = 0;
  for (let i = 0; i < changes.length; i++) {
    changes[i] = Math.max(-bound, Math.min(bound, changes[i]!));
    if (!Number.isNaN(changes[i]!)) sum += changes[i]!;
  }
  const mean = sum / known;
  return changes.map((change) => (Number.isNaN(change) ? 0 : (change - mean) / bound));
}

/** Mean product of the changes with those `lag` steps later, over those that have one. */
function correlate(changes: Float64Array, lag: number): number {
  const count = changes.length - lag;
  let sum = 0;
  for (let i = 0; i < count; i++) sum += changes[i]! * changes[i + lag]!;
  return sum / count;
}
