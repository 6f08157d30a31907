/**
 * Searches a series for periods by the cumulative mean normalised difference function of YIN (de Cheveigné and Kawahara,
 * 2002, section II.D): the mean square of x(t) - x(t - τ) relative to its mean over shorter lags. It is 1 where a lag
 * tells nothing and 0 at an exact period, and does not take the smoothness of a series for a short period.
 */
import { autocorrelate } from "./fourier.js";

/** Where a lag's value is above this, the lag tells too little to be a period. */
const leastDip = 0.85;
/** The shortest lag within this share of the way from the deepest dip to 1 is the period: its multiples are as deep. */
const tolerance = 0.1;
/** Shortest period that is searched: shorter ones are for the regressions. */
export const shortest = 3;

/** Longest window, and longest period. */
export const longestWindow = 4096;
export const longestPeriod = 2048;

const levels = new Float64Array(2 * longestWindow);
const changes = new Float64Array(2 * longestWindow);
const dips = new Float64Array(longestPeriod + 2);

/** Room of the window to be searched: the caller writes the series here, from 0 on. */
export const searched = new Float64Array(longestWindow);

/**
 * Writes the periods of the first `count` values of `searched` to `into` and returns how many there are, at most 3: the
 * period of the values, a shorter or longer one beside it, and that of their changes.
 */
export function searchPeriods(count: number, into: Float64Array): number {
  let size = 64;
  while (size < 1.5 * count) size *= 2;
  detrend(count);
  levels.fill(0, 0, size);
  changes.fill(0, 0, size);
  for (let i = 0; i < count; i++) levels[i] = searched[i]!;
  for (let i = 1; i < count; i++) changes[i - 1] = searched[i]! - searched[i - 1]!;
  autocorrelate(levels, changes, size);
  const lags = Math.min(count >> 1, longestPeriod);
  let found = writeDips(levels, count, lags) ? pick(lags, into, 0) : 0;
  for (let i = 0; i + 1 < count; i++) searched[i] = searched[i + 1]! - searched[i]!;
  if (writeDips(changes, count - 1, lags - 1)) found = Math.min(pick(lags - 1, into, found), found + 1);
  return found;
}

/** Takes the straight line of least squares off the values. */
function detrend(count: number): void {
  const middle = (count - 1) / 2;
  let mean = 0;
  for (let i = 0; i < count; i++) mean += searched[i]! / count;
  let slope = 0;
  let squares = 0;
  for (let i = 0; i < count; i++) {
    slope += (i - middle) * (searched[i]! - mean);
    squares += (i - middle) * (i - middle);
  }
  slope /= squares;
  for (let i = 0; i < count; i++) searched[i] = searched[i]! - mean - slope * (i - middle);
}

/** Writes the normalised differences of lags 1 to `lags` to `dips`; false where all differences are zero. */
function writeDips(correlations: Float64Array, count: number, lags: number): boolean {
  // Sums of squares of the values that have a partner `lag` before, and of those that have one behind.
  let late = 0;
  for (let i = 0; i < count; i++) late += searched[i]! * searched[i]!;
  let early = late;
  const least = 1e-12 * late;
  let sum = 0;
  for (let lag = 1; lag <= lags; lag++) {
    const first = searched[lag - 1]!;
    const last = searched[count - lag]!;
    late -= first * first;
    early -= last * last;
    const difference = Math.max((late + early - 2 * correlations[lag]!) / (count - lag), 0);
    sum += difference;
    dips[lag] = sum > least ? (difference * lag) / sum : 1;
  }
  dips[lags + 1] = Infinity;
  return sum > least;
}

/** Appends the lag of the deepest dip, the shortest as deep, and another one beside it; returns the number of all. */
function pick(lags: number, into: Float64Array, found: number): number {
  let deepest = 0;
  for (let lag = shortest; lag <= lags; lag++) {
    if (isDip(lag) && (deepest === 0 || dips[lag]! < dips[deepest]!)) deepest = lag;
  }
  if (deepest === 0 || dips[deepest]! > leastDip) return found;
  const limit = dips[deepest]! + tolerance * (1 - dips[deepest]!);
  let first = 0;
  let period = 0;
  for (let lag = shortest; period === 0; lag++) {
    if (!isDip(lag)) continue;
    if (first === 0 && dips[lag]! <= leastDip) first = lag;
    if (dips[lag]! <= limit) period = lag;
  }
  into[found++] = period;
  const other = first === period ? deepest : first;
  if (other !== period) into[found++] = other;
  return found;
}

function isDip(lag: number): boolean {
  return dips[lag]! < dips[lag - 1]! && dips[lag]! <= dips[lag + 1]!;
}
