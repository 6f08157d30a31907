/**
 * The covariance of recursive least squares (Plackett, 1950; Haykin, Adaptive Filter Theory, chapter 10), with
 * exponential forgetting, drifting weights, and a bound on the trace against wind-up.
 *
 * P [D, D], where D is the number of features filled up to a multiple of four, is symmetric and stored once: of each
 * four rows the columns up to their own diagonal block, which is whole.
 * Plain reference: test/reference/regression.ts.
 */
import { flush, mad, sumOfLanes } from "../arithmetic";
import { take } from "../heap";

let features: i32 = 0;
/** Blocks of four features. */
let blocks: i32 = 0;
/** Bytes of D floats. */
export let vectorBytes: usize = 0;
export let covarianceBytes: usize = 0;
/** P·x of the covariance that absorbed x last, before it did. */
export let product: usize = 0;

/** Sets the number of features. */
export function measure(featureCount: i32): void {
  features = featureCount;
  blocks = (featureCount + 3) >> 2;
  vectorBytes = <usize>blocks << 4;
  covarianceBytes = <usize>(8 * blocks * (blocks + 1)) << 2;
}

/** Takes the memory that the functions below work in; part of a layout under way. */
export function takeProduct(): void {
  product = take(vectorBytes);
}

/** Starts a covariance: the unit matrix. */
export function forget(covariance: usize): void {
  memory.fill(covariance, 0, covarianceBytes);
  for (let feature = 0; feature < features; feature++) store<f32>(diagonal(covariance, feature), 1);
}

/** Returns the address of a feature's variance. Block row I begins after the 4·4·(0 + 1 + … + I) floats of earlier rows. */
// @ts-ignore: decorator
@inline
function diagonal(covariance: usize, feature: i32): usize {
  const block = feature >> 2;
  const lane = feature & 3;
  const width = 4 * (block + 1);
  return covariance + (<usize>(8 * block * (block + 1) + lane * width + feature) << 2);
}

/** a·b of two vectors of D floats. */
// @ts-ignore: decorator
@inline
export function dot(a: usize, b: usize): f32 {
  let sum = f32x4.splat(0);
  for (let at: usize = 0; at < vectorBytes; at += 16) sum = mad(v128.load(a + at), v128.load(b + at), sum);
  return sumOfLanes(sum);
}

/** y ← factor·x + y of two vectors of D floats. */
// @ts-ignore: decorator
@inline
export function addScaled(factor: f32, x: usize, y: usize): void {
  const factors = f32x4.splat(factor);
  for (let at: usize = 0; at < vectorBytes; at += 16) {
    v128.store(y + at, flush(mad(factors, v128.load(x + at), v128.load(y + at))));
  }
}

/** Writes P·x to `product`. Every stored block serves twice: as it lies, and mirrored. */
export function multiply(covariance: usize, x: usize): void {
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

/**
 * P ← grown·P − shrunk·(P·x)(P·x)ᵀ. Whole diagonal blocks are mirrored: nothing else would shrink what rounding adds to one
 * half alone, and forgetting would let it grow beyond all else.
 */
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
    mirror(p - 4 * width + here, width);
  }
}

/** Copies the half below the diagonal of a block of four rows, `width` bytes apart, to the half above. */
// @ts-ignore: decorator
@inline
function mirror(block: usize, width: usize): void {
  const r0 = v128.load(block), r1 = v128.load(block + width);
  const r2 = v128.load(block + 2 * width), r3 = v128.load(block + 3 * width);
  const r23 = i32x4.shuffle(r2, r3, 0, 4, 1, 5);
  v128.store(block, i32x4.shuffle(i32x4.shuffle(r0, r1, 0, 4, 0, 4), r23, 0, 1, 4, 5));
  v128.store(block + width, i32x4.shuffle(r1, r23, 0, 1, 6, 7));
  v128.store(block + 2 * width, i32x4.shuffle(r2, r3, 0, 1, 2, 6));
}

/**
 * Adds a vector of features to the covariance, for a target whose noise has `noise` times the variance of an ordinary one.
 * Every weight gains the variance `drift`, as in a random walk: that keeps P definite in 32 bits and the weights able to move.
 * Writes P·x to `product` and returns the innovation λ·noise + xᵀP·x; P·x divided by it is the gain. Returns 0 if the
 * covariance had to restart and nothing can be learned.
 */
export function absorb(covariance: usize, x: usize, forgetting: f32, noise: f32, drift: f32): f32 {
  multiply(covariance, x);
  const floor = forgetting * noise;
  const innovation = floor + dot(x, product);
  // Rounding may make P indefinite in the end. P then restarts, and the weights stay.
  if (!(innovation >= <f32>0.5 * floor && innovation < <f32>1e12)) {
    forget(covariance);
    return 0;
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
    store<f32>(at, load<f32>(at) + drift);
  }
  return innovation;
}
