/**
 * Intervals that keep their coverage under drift, and the anomaly score: online conformal quantiles of the scaled
 * error (Gibbs and Candès, Adaptive Conformal Inference, 2021; Angelopoulos et al., Conformal PID, 2023), and an
 * exponential tail above the 90 % quantile whose alarm threshold is calibrated to the stated alarm rate.
 */
import { logarithm } from "../elementary.js";
import { number, tailLevel } from "../keys/layout.js";
import type { KeyRow } from "../keys/row.js";
import { errorVariance, robustSquare } from "../keys/scaling.js";

/** Step of the quantiles, in running error sizes. */
const quantileRate = 0.05;
/**
 * Rates at which the mean square of the errors is followed: slowly, for the quantiles to be sharp, and quickly while the
 * mean over few errors is this many times as large, or as small. Until the size has settled intervals are all too wide
 * or too narrow, and the quantiles have that to make up for later.
 */
const squareRate = 0.01;
const recentRate = 0.05;
const farApart = 3;
/** Quantile that a new key starts from. */
const initialQuantile = 2;
/** Slowest rate at which the mean excess over the tail's quantile is followed, and where an excess is cut. */
const tailRate = 0.02;
const largestExcess = 20;
/** Step of the calibration, and its range. */
const calibrationRate = 0.3;
const leastCalibration = 0.2;
const greatestCalibration = 8;
/** Errors before the alarm threshold is trusted. */
const scoredAfter = 100;
/** Errors before the quantiles move and intervals are given. */
const trackedAfter = 2;
/** Scaled errors and scores are cut here: a key that was constant for long has errors without bound. */
const largest = 1e6;

export interface IntervalSettings {
  readonly levels: readonly number[];
  readonly alarmRate: number;
  /** Index in `levels` of the level above which the tail is modelled. */
  readonly tail: number;
  /** ln((1 - tail level) / alarm rate). */
  readonly tailDepth: number;
}

export function intervalSettings(levels: readonly number[], alarmRate: number): IntervalSettings {
  return {
    levels,
    alarmRate,
    tail: levels.indexOf(tailLevel),
    tailDepth: logarithm((1 - tailLevel) / alarmRate),
  };
}

/** Sets a new key's quantiles and tail. */
export function startIntervals({ f32, at32, layout }: KeyRow, levels: number): void {
  f32.fill(initialQuantile, at32 + layout.quantiles, at32 + layout.quantiles + levels);
  f32[at32 + layout.tail + 2] = 1;
}

/** Half the width of the interval at tracked level `level`, in the unit of the values; NaN while unknown. */
export function halfWidth({ f64, at64, f32, at32, layout }: KeyRow, level: number): number {
  if (f64[at64 + number.observed]! <= trackedAfter) return NaN;
  return f32[at32 + layout.quantiles + level]! * Math.sqrt(f64[at64 + number.squaredError]!);
}

/**
 * Takes the error of the forecast of an observed value, which the key has counted already, and returns the anomaly
 * score from what was known before it: NaN while the threshold is not yet trusted.
 */
export function trackError(
  { f64, at64, f32, at32, layout }: KeyRow,
  settings: IntervalSettings,
  error: number,
): number {
  const errors = f64[at64 + number.observed]! - 1;
  const squared = f64[at64 + number.squaredError]!;
  const size = Math.min(Math.abs(error) / (Math.sqrt(squared) + 1e-300), largest);
  const quantiles = at32 + layout.quantiles;
  const tail = at32 + layout.tail;
  const tailQuantile = f32[quantiles + settings.tail]!;
  const calibration = f32[tail + 2]!;
  const threshold = Math.max(tailQuantile + calibration * f32[tail]! * settings.tailDepth, 1e-9);
  let score = NaN;
  if (errors > scoredAfter) {
    score = Math.min(size / threshold, largest);
    const calibrated = calibration + calibrationRate * ((size > threshold ? 1 : 0) - settings.alarmRate);
    f32[tail + 2] = Math.min(Math.max(calibrated, leastCalibration), greatestCalibration);
  }
  if (errors > trackedAfter) {
    const excess = size - tailQuantile;
    if (excess > 0) {
      const excesses = f32[tail + 1]! + 1;
      f32[tail + 1] = excesses;
      const rate = Math.max(1 / excesses, tailRate);
      f32[tail] = f32[tail]! + rate * (Math.min(excess, largestExcess) - f32[tail]!);
    }
    for (let i = 0; i < settings.levels.length; i++) {
      const quantile = f32[quantiles + i]!;
      const missed = size > quantile ? 1 : 0;
      f32[quantiles + i] = Math.max(quantile + quantileRate * (missed - (1 - settings.levels[i]!)), 0);
    }
  }
  const variance = errorVariance * f64[at64 + number.squaredChange]!;
  const square = robustSquare(error * error, squared, variance, errors);
  const recent = f64[at64 + number.recentSquaredError]!;
  const moved = recent + Math.max(1 / errors, recentRate) * (square - recent);
  f64[at64 + number.recentSquaredError] = moved;
  const changed = moved > farApart * squared || farApart * moved < squared;
  const rate = Math.max(1 / errors, changed ? recentRate : squareRate);
  f64[at64 + number.squaredError] = squared + rate * (square - squared);
  return score;
}
