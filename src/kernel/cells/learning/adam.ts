/**
 * Adam (Kingma & Ba, 2015) on all weights, after the gradient is clipped to a global norm (Pascanu et al.,
 * 2013).
 * Plain reference: `oracleAdam` in test/reference/cells.ts.
 */
import { flush, mad } from "../../arithmetic";
import { step } from "../forward";
import { firstMoments, gradients, parametersBytes, secondMoments, weights } from "../memory/parameters";

/** Euclidean norm of the gradient, in 64 bits: squares of 32-bit gradients neither overflow nor vanish. */
export function norm(): f64 {
  let sum = f64x2.splat(0);
  for (let at: usize = 0; at < parametersBytes; at += 8) {
    const pair = f64x2.promote_low_f32x4(v128.load_zero<f64>(gradients + at));
    sum = f64x2.add(sum, f64x2.mul(pair, pair));
  }
  return Math.sqrt(f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1));
}

/** One step of size `rate`, which carries the bias corrections, on the gradient times `scale`. */
export function adam(rate: f32, scale: f32): void {
  const keepFirst = f32x4.splat(0.9), addFirst = f32x4.splat(0.1);
  const keepSecond = f32x4.splat(0.999), addSecond = f32x4.splat(0.001);
  const epsilon = f32x4.splat(1e-8);
  for (let at: usize = 0; at < parametersBytes; at += 16) {
    const gradient = f32x4.mul(f32x4.splat(scale), v128.load(gradients + at));
    const first = flush(mad(addFirst, gradient, f32x4.mul(keepFirst, v128.load(firstMoments + at))));
    const square = f32x4.mul(gradient, gradient);
    const second = flush(mad(addSecond, square, f32x4.mul(keepSecond, v128.load(secondMoments + at))));
    v128.store(firstMoments + at, first);
    v128.store(secondMoments + at, second);
    const step = f32x4.div(first, f32x4.add(f32x4.sqrt(second), epsilon));
    v128.store(weights + at, mad(f32x4.splat(-rate), step, v128.load(weights + at)));
  }
}
