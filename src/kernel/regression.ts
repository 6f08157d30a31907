/**
 * Recursive least squares for many keys at once (Plackett, 1950; Haykin, Adaptive Filter Theory, chapter 10), with
 * exponential forgetting, drifting weights, clipped errors, and a bound on the trace of the covariance against wind-up.
 *
 * A key's row holds its weights w [D], the features x [D] of its last forecast, and its covariance P [D, D], where D is
 * the number of features filled up to a multiple of four. P is symmetric and stored once: of each four rows the
 * columns up to their own diagonal block, which is whole.
 */
import { flush, mad, sumOfLanes } from "./arithmetic";
import { beginLayout, grow, growToLayout, take } from "./heap";

/** An error of the forecast counts up to this many scales. */
const LARGEST_ERROR: f32 = 8;

/**
 * Variance that every weight gains per event, as if it took a random walk: it keeps P definite in 32 bits, and the
 * weights able to move.
 */
const DRIFT: f32 = 1e-7;

let features: i32 = 0;
/** Blocks of four features. */
let blocks: i32 = 0;
let vectorBytes: usize = 0;
let rowBytes: usize = 0;

export let batchRows: usize = 0;
export let batchFeatures: usize = 0;
export let batchTargets: usize = 0;
export let batchForecasts: usize = 0;
/** P·x of the row under way. */
let product: usize = 0;
/** The slab of rows, which grows and therefore lies last. */
export let slab: usize = 0;
let slabRows: i32 = 0;

/** Floats of a key's row. */
export function rowSize(): i32 {
  return <i32>(rowBytes >> 2);
}

/** Lays out the buffers of a batch of `rows`; false where there is not enough memory. */
export function init(featureCount: i32, rows: i32): bool {
  features = featureCount;
  blocks = (featureCount + 3) >> 2;
  vectorBytes = <usize>blocks << 4;
  rowBytes = 2 * vectorBytes + (<usize>(8 * blocks * (blocks + 1)) << 2);
  beginLayout();
  batchRows = take(<u64>rows * 4);
  batchFeatures = take(<u64>rows * vectorBytes);
  batchTargets = take(<u64>rows * 4);
  batchForecasts = take(<u64>rows * 4);
  product = take(vectorBytes);
  slab = take(0);
  slabRows = 0;
  return growToLayout();
}

/** Makes the first rows of the slab exist; false, with nothing changed, where memory ends. */
export function reserve(rows: i32): bool {
  if (rows <= slabRows) return true;
  if (!grow(<u64>slab + <u64>rows * rowBytes)) return false;
  slabRows = rows;
  return true;
}

// @ts-ignore: decorator
@inline
function rowAt(row: i32): usize {
  return slab + <usize>row * rowBytes;
}

/** Starts a row: weights zero, covariance the unit matrix. */
export function start(row: i32): void {
  const at = rowAt(row);
  memory.fill(at, 0, rowBytes);
  forget(at);
}

function forget(row: usize): void {
  const covariance = row + 2 * vectorBytes;
  memory.fill(covariance, 0, rowBytes - 2 * vectorBytes);
  for (let feature = 0; feature < features; feature++) store<f32>(diagonal(covariance, feature), 1);
}

/** Address of a feature's variance. A block row I begins behind the 4·4·(0 + 1 + … + I) floats of those before it. */
// @ts-ignore: decorator
@inline
function diagonal(covariance: usize, feature: i32): usize {
  const block = feature >> 2;
  const lane = feature & 3;
  const width = 4 * (block + 1);
  return covariance + (<usize>(8 * block * (block + 1) + lane * width + feature) << 2);
}

// @ts-ignore: decorator
@inline
function dot(a: usize, b: usize): f32 {
  let sum = f32x4.splat(0);
  for (let at: usize = 0; at < vectorBytes; at += 16) sum = mad(v128.load(a + at), v128.load(b + at), sum);
  return sumOfLanes(sum);
}

/** Writes P·x to `product`. Every stored block serves twice: as it lies, and mirrored. */
function multiply(covariance: usize, x: usize): void {
  memory.fill(product, 0, vectorBytes);
  let p = covariance;
  for (let block = 0; block < blocks; block++) {
    const here = <usize>block << 4;
    const width = here + 16;
    const x0 = v128.load_splat<f32>(x + here), x1 = v128.load_splat<f32>(x + here, 4);
    const x2 = v128.load_splat<f32>(x + here, 8), x3 = v128.load_splat<f32>(x + here, 12);
    let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0;
    for (let at: usize = 0; at < width; at += 16) {
      const p0 = v128.load(p + at), p1 = v128.load(p + width + at);
      const p2 = v128.load(p + 2 * width + at), p3 = v128.load(p + 3 * width + at);
      const xs = v128.load(x + at);
      s0 = mad(p0, xs, s0);
      s1 = mad(p1, xs, s1);
      s2 = mad(p2, xs, s2);
      s3 = mad(p3, xs, s3);
      if (at < here) {
        const mirrored = mad(p3, x3, mad(p2, x2, mad(p1, x1, mad(p0, x0, v128.load(product + at)))));
        v128.store(product + at, mirrored);
      }
    }
    const sums = f32x4(sumOfLanes(s0), sumOfLanes(s1), sumOfLanes(s2), sumOfLanes(s3));
    v128.store(product + here, f32x4.add(sums, v128.load(product + here)));
    p += 4 * width;
  }
}

/** P ← grown·P − shrunk·(P·x)(P·x)ᵀ */
function update(covariance: usize, grown: f32, shrunk: f32): void {
  const growth = f32x4.splat(grown);
  let p = covariance;
  for (let block = 0; block < blocks; block++) {
    const here = <usize>block << 4;
    const width = here + 16;
    for (let lane: usize = 0; lane < 4; lane++) {
      const factor = f32x4.splat(-shrunk * load<f32>(product + here + (lane << 2)));
      for (let at: usize = 0; at < width; at += 16) {
        v128.store(p + at, flush(mad(factor, v128.load(product + at), f32x4.mul(growth, v128.load(p + at)))));
      }
      p += width;
    }
  }
}

function learnRow(row: usize, target: f32, forgetting: f32): void {
  const x = row + vectorBytes;
  const covariance = row + 2 * vectorBytes;
  multiply(covariance, x);
  const innovation = forgetting + dot(x, product);
  // Rounding may cost P its definiteness in the end: it starts anew, the weights stay.
  if (!(innovation >= <f32>0.5 * forgetting && innovation < <f32>1e12)) {
    forget(row);
    return;
  }
  const error = max<f32>(-LARGEST_ERROR, min<f32>(LARGEST_ERROR, target - dot(row, x))) / innovation;
  const step = f32x4.splat(error);
  for (let at: usize = 0; at < vectorBytes; at += 16) {
    v128.store(row + at, flush(mad(step, v128.load(product + at), v128.load(row + at))));
  }
  const growth: f32 = <f32>1 / forgetting;
  const shrinkage: f32 = growth / innovation;
  let trace: f32 = 0;
  for (let feature = 0; feature < features; feature++) {
    const px = load<f32>(product + (<usize>feature << 2));
    trace += growth * load<f32>(diagonal(covariance, feature)) - shrinkage * px * px;
  }
  const bound: f32 = trace > <f32>features ? <f32>features / trace : 1;
  update(covariance, bound * growth, bound * shrinkage);
  for (let feature = 0; feature < features; feature++) {
    const at = diagonal(covariance, feature);
    store<f32>(at, load<f32>(at) + DRIFT);
  }
}

/** Rows `batchRows[i]` learn that the features of their last forecast were followed by `batchTargets[i]`. */
export function learn(count: i32, forgetting: f32): void {
  for (let i = 0; i < count; i++) {
    const at = <usize>i << 2;
    learnRow(rowAt(load<i32>(batchRows + at)), load<f32>(batchTargets + at), forgetting);
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
