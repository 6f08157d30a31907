/**
 * Linear models of the values 1 to H steps ahead, for many keys, by recursive least squares with clipped errors. The
 * features x of an event and their gain k = P·x / (λ + xᵀP·x) do not depend on the target, so all steps share one
 * covariance. When the value h steps after an event arrives, w[h] += k·(target − w[h]·x) with the x and k of that event.
 * The result is exactly recursive least squares on the sequence of delayed targets.
 *
 * A key's row holds the weights w [H, D], the features [H, D] and the gains [H, D] of its last H events as rings, its
 * covariance (see `covariance.ts`), and the mean squared error of each step [H]. An event's place in the rings is its
 * number modulo H.
 * Plain reference: test/reference/horizons.ts.
 */
import { absorb, addScaled, covarianceBytes, dot, forget, measure, product, takeProduct, vectorBytes } from "./covariance";
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

let steps: i32 = 0;
let ringBytes: usize = 0;
/** Where the covariance and the mean squares lie in a row. */
let covarianceAt: usize = 0;
let squaresAt: usize = 0;

/** Features of the event under way [D]; targets and forecasts of steps 1 to H [H]. */
export let eventFeatures: usize = 0;
export let targets: usize = 0;
export let forecasts: usize = 0;

/** Lays out the buffers of an event for steps 1 to `horizon`. Returns false if memory is exhausted. */
export function init(featureCount: i32, horizon: i32): bool {
  measure(featureCount);
  steps = horizon;
  ringBytes = <usize>steps * vectorBytes;
  covarianceAt = 3 * ringBytes;
  squaresAt = covarianceAt + covarianceBytes;
  beginLayout();
  eventFeatures = take(vectorBytes);
  targets = take(<u64>steps * 4);
  forecasts = take(<u64>steps * 4);
  takeProduct();
  return layOutSlab(squaresAt + (<usize>((steps + 3) >> 2) << 4));
}

/** Starts a row: weights zero, covariance the unit matrix, and gains of zero, from which nothing is learned. */
export function start(row: i32): void {
  const at = rowAt(row);
  memory.fill(at, 0, <usize>rowSize() << 2);
  forget(at + covarianceAt);
  for (let i = 0; i < steps; i++) store<f32>(at + squaresAt + (<usize>i << 2), FIRST_SQUARE * <f32>(i + 1));
}

/** The event at `place` of the rings is never learned from: its gain is zero. */
export function skip(row: i32, place: i32): void {
  memory.fill(rowAt(row) + 2 * ringBytes + <usize>place * vectorBytes, 0, vectorBytes);
}

/** The event at `place` of the rings gets its gain. */
export function gain(row: i32, place: i32, forgetting: f32): void {
  const at = rowAt(row);
  const x = at + ringBytes + <usize>place * vectorBytes;
  const innovation = absorb(at + covarianceAt, x, forgetting, 1, DRIFT);
  const into = x + ringBytes;
  memory.fill(into, 0, vectorBytes);
  if (innovation != 0) addScaled(<f32>1 / innovation, product, into);
}

/** The weights of each step h learn its target, which belongs to the event h - 1 before that at `place` of the rings. */
export function learn(row: i32, place: i32): void {
  let weights = rowAt(row);
  const features = weights + ringBytes;
  const squares = weights + squaresAt;
  for (let i = 0; i < steps; i++, weights += vectorBytes) {
    const x = features + <usize>place * vectorBytes;
    const at = <usize>i << 2;
    const error = load<f32>(targets + at) - dot(weights, x);
    const square = load<f32>(squares + at);
    const bound = LARGEST_ERROR * sqrt<f32>(square);
    addScaled(max<f32>(-bound, min<f32>(bound, error)), x + ringBytes, weights);
    const clipped = min<f32>(error * error, LARGEST_SQUARE * square);
    store<f32>(squares + at, max<f32>(LEAST_SQUARE, square + SQUARE_RATE * (clipped - square)));
    place = place == 0 ? steps - 1 : place - 1;
  }
}

/** Takes the features of an event into `place` of the rings and writes the forecast of each step. */
export function forecast(row: i32, place: i32): void {
  let weights = rowAt(row);
  memory.copy(weights + ringBytes + <usize>place * vectorBytes, eventFeatures, vectorBytes);
  for (let i = 0; i < steps; i++, weights += vectorBytes) {
    store<f32>(forecasts + (<usize>i << 2), dot(weights, eventFeatures));
  }
}
