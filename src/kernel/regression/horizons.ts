/**
 * Linear models of values ahead, for many keys, by recursive least squares with clipped errors: of the next value, or of
 * the steps after it. All steps share one covariance P, which takes the features x of every event once.
 *
 * - The model of the next value learns as soon as that has come: k = P·x / (λ + xᵀP·x), w += k·(target − w·x).
 * - Of further steps a block learns from one event at a time, when the last of the block's values has come:
 *   w[h] += P·x·(target − w[h]·x), with P as it is by then. Where no event came between, P·x is k; the more came, the
 *   smaller it is, and the more careful the model. No gain has to wait for its targets.
 *
 * A key's row holds the weights w [S, D], for the next value its features [D] and its gain [D], the covariance (see
 * `covariance.ts`), and the mean squared error of each step [S].
 * Plain reference: test/reference/horizons.ts.
 */
import { absorb, addScaled, covarianceBytes, dot, forget, measure, multiply, product, takeProduct, vectorBytes } from "./covariance";
import { beginLayout, take } from "../heap";
import { layOutSlab, rowAt, rowSize } from "../slab";

export { reserve, rowSize, slab } from "../slab";

/** Variance that every weight gains per event. */
const DRIFT: f32 = 1e-7;
/** An error counts up to this many times the running size of its step's errors … */
const LARGEST_ERROR: f32 = 2;
/** … which begins, for step h, with the square root of this many h, in scales: steps of a random walk add up so. */
const FIRST_SQUARE: f32 = 16;
/** Rate of the running mean of squared errors, and how many times the mean a square counts at most. */
const SQUARE_RATE: f32 = 0.01;
const LARGEST_SQUARE: f32 = 25;
/** Least mean square: errors that were zero for long must not stop all learning. */
const LEAST_SQUARE: f32 = 1e-6;

let first: i32 = 0;
let steps: i32 = 0;
/** Where the features of the last event, the covariance and the mean squares lie in a row. */
let lastAt: usize = 0;
let covarianceAt: usize = 0;
let squaresAt: usize = 0;

/** Features of an event [D]; targets and forecasts of the steps [S]. */
export let eventFeatures: usize = 0;
export let targets: usize = 0;
export let forecasts: usize = 0;

/**
 * Lays out the buffers of an event for `count` steps from `firstStep` on: 1 and one step, or 2 and any number. Returns
 * false if memory is exhausted.
 */
export function init(featureCount: i32, firstStep: i32, count: i32): bool {
  measure(featureCount);
  first = firstStep;
  steps = count;
  lastAt = <usize>steps * vectorBytes;
  covarianceAt = first == 1 ? lastAt + 2 * vectorBytes : lastAt;
  squaresAt = covarianceAt + covarianceBytes;
  beginLayout();
  eventFeatures = take(vectorBytes);
  targets = take(<u64>steps * 4);
  forecasts = take(<u64>steps * 4);
  takeProduct();
  return layOutSlab(squaresAt + (<usize>((steps + 3) >> 2) << 4));
}

/** Starts a row: weights zero, and the unit matrix for the covariance. */
export function start(row: i32): void {
  const at = rowAt(row);
  memory.fill(at, 0, <usize>rowSize() << 2);
  forget(at + covarianceAt);
  for (let i = 0; i < steps; i++) store<f32>(at + squaresAt + (<usize>i << 2), FIRST_SQUARE * <f32>(first + i));
}

/** The model of the next value learns its target from the features forecast with last; without `gains` only how large its errors are. */
export function learnNext(row: i32, gains: bool, forgetting: f32): void {
  const at = rowAt(row);
  const x = at + lastAt;
  const into = x + vectorBytes;
  const innovation = gains ? absorb(at + covarianceAt, x, forgetting, 1, DRIFT) : 0;
  memory.fill(into, 0, vectorBytes);
  if (innovation != 0) addScaled(<f32>1 / innovation, product, into);
  correct(at, 0, x, into, 1);
}

/** The covariance takes the features in the buffer. */
export function absorbFeatures(row: i32, forgetting: f32): void {
  absorb(rowAt(row) + covarianceAt, eventFeatures, forgetting, 1, DRIFT);
}

/**
 * The steps from place `from` to before `to` learn their targets from the features in the buffer, those of the event that the
 * targets belong to and which stands for `events` of them. A target of NaN tells nothing.
 */
export function learn(row: i32, from: i32, to: i32, events: f32): void {
  const at = rowAt(row);
  multiply(at + covarianceAt, eventFeatures);
  // Above 1 only where the covariance never took these features: the step would overshoot.
  const shrunk: f32 = events / max<f32>(1, events * dot(eventFeatures, product));
  for (let i = from; i < to; i++) correct(at, i, eventFeatures, product, shrunk);
}

/** Moves the weights of a step along `gain`, which counts `factor` times, by the error of its target. */
// @ts-ignore: decorator
@inline
function correct(at: usize, step: i32, x: usize, gain: usize, factor: f32): void {
  const place = <usize>step << 2;
  const weights = at + <usize>step * vectorBytes;
  const target = load<f32>(targets + place);
  if (target != target) return;
  const error = target - dot(weights, x);
  const squareAt = at + squaresAt + place;
  const square = load<f32>(squareAt);
  const bound = LARGEST_ERROR * sqrt<f32>(square);
  addScaled(factor * max<f32>(-bound, min<f32>(bound, error)), gain, weights);
  const clipped = min<f32>(error * error, LARGEST_SQUARE * square);
  store<f32>(squareAt, max<f32>(LEAST_SQUARE, square + SQUARE_RATE * (clipped - square)));
}

/** Writes the forecast of each step from the features in the buffer, which the model of the next value keeps. */
export function forecast(row: i32): void {
  let weights = rowAt(row);
  if (first == 1) memory.copy(weights + lastAt, eventFeatures, vectorBytes);
  for (let i = 0; i < steps; i++, weights += vectorBytes) {
    store<f32>(forecasts + (<usize>i << 2), dot(weights, eventFeatures));
  }
}
