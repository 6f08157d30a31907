/**
 * Recursive least squares for many keys at once, with clipped errors. A key's row holds its weights w [D], the features
 * x [D] of its last forecast, and its covariance (see `covariance.ts`).
 * Plain reference: test/reference/regression.ts.
 */
import { absorb, addScaled, covarianceBytes, dot, forget, measure, product, takeProduct, vectorBytes } from "./covariance";
import { beginLayout, take } from "../heap";
import { layOutSlab, rowAt } from "../slab";

export { reserve, rowSize, slab } from "../slab";

/** An error of the forecast counts up to this many scales. */
const LARGEST_ERROR: f32 = 8;

export let batchRows: usize = 0;
export let batchFeatures: usize = 0;
export let batchTargets: usize = 0;
export let batchForecasts: usize = 0;

/** Lays out the buffers of a batch of `rows`. Returns false if memory is exhausted. */
export function init(featureCount: i32, rows: i32): bool {
  measure(featureCount);
  beginLayout();
  batchRows = take(<u64>rows * 4);
  batchFeatures = take(<u64>rows * vectorBytes);
  batchTargets = take(<u64>rows * 4);
  batchForecasts = take(<u64>rows * 4);
  takeProduct();
  return layOutSlab(2 * vectorBytes + covarianceBytes);
}

/** Starts a row: weights zero, covariance the unit matrix. */
export function start(row: i32): void {
  const at = rowAt(row);
  memory.fill(at, 0, 2 * vectorBytes);
  forget(at + 2 * vectorBytes);
}

function learnRow(row: usize, target: f32, forgetting: f32, width: f32, drift: f32): void {
  const x = row + vectorBytes;
  const error = max<f32>(-LARGEST_ERROR, min<f32>(LARGEST_ERROR, target - dot(row, x)));
  const noise = max<f32>(1, abs<f32>(error) / width);
  const innovation = absorb(row + 2 * vectorBytes, x, forgetting, noise, drift);
  if (innovation == 0) return;
  addScaled(error / innovation, product, row);
}

/**
 * Rows `batchRows[i]` learn that the features of their last forecast were followed by `batchTargets[i]`. Errors larger
 * than `width` count as absolute ones: they are weighted by width / |error|.
 */
export function learn(count: i32, forgetting: f32, width: f32, drift: f32): void {
  for (let i = 0; i < count; i++) {
    const at = <usize>i << 2;
    learnRow(rowAt(load<i32>(batchRows + at)), load<f32>(batchTargets + at), forgetting, width, drift);
  }
}

/** Rows `batchRows[i]` take the features in row i of `batchFeatures`; w·x goes to `batchForecasts[i]`. */
export function forecast(count: i32): void {
  for (let i = 0; i < count; i++) {
    const at = <usize>i << 2;
    const row = rowAt(load<i32>(batchRows + at));
    memory.copy(row + vectorBytes, batchFeatures + <usize>i * vectorBytes, vectorBytes);
    store<f32>(batchForecasts + at, dot(row, row + vectorBytes));
  }
}
