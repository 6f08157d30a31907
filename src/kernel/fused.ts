/** Tells whether the processor rounds a multiply-add of relaxed SIMD once or twice. */

/** 1 + 2⁻¹² squared is 1 + 2⁻¹¹ + 2⁻²⁴, whose last term only a fused multiply-add keeps. */
export function fused(): bool {
  const x = f32x4.splat(1.000244140625);
  const sum = f32x4.relaxed_madd(x, x, f32x4.splat(-1.00048828125));
  return f32x4.extract_lane(sum, 0) > 0;
}
