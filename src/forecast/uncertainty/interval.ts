/**
 * Intervals that keep their coverage under drift, and the anomaly score: online conformal quantiles of the scaled
 * error (Gibbs and Candès, Adaptive Conformal Inference, 2021; Angelopoulos et al., Conformal PID, 2023), and an
 * exponential tail above the 90 % quantile whose alarm threshold is calibrated to the stated alarm rate.
 */
import { logarithm } from "../elementary.js";
import { number, tailLevel, type KeyLayout } from "../keys/row-layout.js";
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
export function startIntervals(singles: Float32Array, at: number, layout: KeyLayout, levels: number): void {
  singles.fill(initialQuantile, at + layout.quantiles, at + layout.quantiles + levels);
  singles[at + layout.tail + 2] = 1;
}

/** Half the width of the interval at tracked level `level`, in the unit of the values; NaN while unknown. */
export function halfWidth(
  numbers: Float64Array,
  numbersAt: number,
  singles: Float32Array,
  singlesAt: number,
  layout: KeyLayout,
  level: number,
): number {
  if (numbers[numbersAt + number.observed]! <= trackedAfter) return NaN;
  return (
    singles[singlesAt + layout.quantiles + level]! * Math.sqrt(numbers[numbersAt + number.squaredError]!)
  );
}

/**
 * Takes the error of the forecast of an observed value, `errors` counting those before it, and returns the anomaly
 * score from what was known before it: NaN while the threshold is not yet trusted.
 */
export function trackError(
  numbers: Float64Array,
  numbersAt: number,
  singles: Float32Array,
  singlesAt: number,
  layout: KeyLayout,
  settings: IntervalSettings,
  error: number,
): number {
  const errors = numbers[numbersAt + number.observed]! - 1;
  const squared = numbers[numbersAt + number.squaredError]!;
  const size = Math.min(Math.abs(error) / (Math.sqrt(squared) + 1e-300), largest);
  const quantiles = singlesAt + layout.quantiles;
  const tail = singlesAt + layout.tail;
  const tailQuantile = singles[quantiles + settings.tail]!;
  const calibration = singles[tail + 2]!;
  const threshold = Math.max(tailQuantile + calibration * singles[tail]! * settings.tailDepth, 1e-9);
  let score = NaN;
  if (errors > scoredAfter) {
    score = Math.min(size / threshold, largest);
    const calibrated = calibration + calibrationRate * ((size > threshold ? 1 : 0) - settings.alarmRate);
    singles[tail + 2] = Math.min(Math.max(calibrated, leastCalibration), greatestCalibration);
  }
  if (errors > trackedAfter) {
    const excess = size - tailQuantile;
    if (excess > 0) {
      const excesses = singles[tail + 1]! + 1;
      singles[tail + 1] = excesses;
      const rate = Math.max(1 / excesses, tailRate);
      singles[tail] = singles[tail]! + rate * (Math.min(excess, largestExcess) - singles[tail]!);
    }
    for (let i = 0; i < settings.levels.length; i++) {
      const quantile = singles[quantiles + i]!;
      const missed = size > quantile ? 1 : 0;
      singles[quantiles + i] = Math.max(quantile + quantileRate * (missed - (1 - settings.levels[i]!)), 0);
    }
  }
  const variance = errorVariance * numbers[numbersAt + number.squaredChange]!;
  const square = robustSquare(error * error, squared, variance, errors);
  const recent = numbers[numbersAt + number.recentSquaredError]!;
  const moved = recent + Math.max(1 / errors, recentRate) * (square - recent);
  numbers[numbersAt + number.recentSquaredError] = moved;
  const changed = moved > farApart * squared || farApart * moved < squared;
  const rate = Math.max(1 / errors, changed ? recentRate : squareRate);
  numbers[numbersAt + number.squaredError] = squared + rate * (square - squared);
  return score;
}
