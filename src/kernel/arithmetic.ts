/**
 * Arithmetic on four 32-bit floats at a time: the multiply-add of every product, the activations, the flush of
 * tiny values.
 */

/** a·b + c: the kernel's only multiply-add, rounded once with relaxed SIMD and twice without. */
// @ts-ignore: decorator
@inline
export function mad(a: v128, b: v128, c: v128): v128 {
  return ASC_FEATURE_RELAXED_SIMD ? f32x4.relaxed_madd(a, b, c) : f32x4.add(f32x4.mul(a, b), c);
}

/**
 * Hyperbolic tangent as an odd rational of degree 7/6, a minimax fit whose error stays below 1.2e-6; beyond ±7 it is
 * constant. The order of the operands of pmin and pmax matters: NaN becomes the cap.
 */
// @ts-ignore: decorator
@inline
export function tanh(value: v128): v128 {
  const x = f32x4.pmax(f32x4.splat(-7), f32x4.pmin(f32x4.splat(7), value));
  const s = f32x4.mul(x, x);
  let p = mad(f32x4.splat(3.930041847270874e-6), s, f32x4.splat(0.002276996034092547));
  p = mad(p, s, f32x4.splat(0.12302191720978742));
  p = mad(p, s, f32x4.splat(0.9999956889426271));
  let q = mad(f32x4.splat(0.0001423515667290676), s, f32x4.splat(0.02107221494716207));
  q = mad(q, s, f32x4.splat(0.45634040514097074));
  q = mad(q, s, f32x4.splat(1));
  return f32x4.div(f32x4.mul(p, x), q);
}

/** Logistic function of twice the value, ½ tanh(value) + ½: the packed weights of sigmoid gates carry the half. */
// @ts-ignore: decorator
@inline
export function sigmoidOfHalf(half: v128): v128 {
  return mad(tanh(half), f32x4.splat(0.5), f32x4.splat(0.5));
}

/**
 * Returns e to the value, which must lie within ±87. The value is split into k ln 2 + r with |r| ≤ ½ ln 2, where k ln 2 is
 * subtracted in two parts (Cody & Waite, 1980), and the result is 2^k·e^r. e^r is its Taylor polynomial of degree 7; the
 * relative error is within 3e-7.
 */
// @ts-ignore: decorator
@inline
export function exp(value: v128): v128 {
  const k = f32x4.nearest(f32x4.mul(value, f32x4.splat(1.4426950408889634)));
  const r = mad(k, f32x4.splat(0.00021219444005469057), mad(k, f32x4.splat(-0.693359375), value));
  let p = mad(f32x4.splat(1.0 / 5040), r, f32x4.splat(1.0 / 720));
  p = mad(p, r, f32x4.splat(1.0 / 120));
  p = mad(p, r, f32x4.splat(1.0 / 24));
  p = mad(p, r, f32x4.splat(1.0 / 6));
  p = mad(p, r, f32x4.splat(0.5));
  p = mad(p, r, f32x4.splat(1));
  p = mad(p, r, f32x4.splat(1));
  const exponent = i32x4.add(i32x4.trunc_sat_f32x4_s(k), i32x4.splat(127));
  return f32x4.mul(p, i32x4.shl(exponent, 23));
}

/**
 * Natural logarithms of four positive normal numbers, to an error below 1e-6. The same method as `logarithm` of
 * src/forecast/elementary.ts.
 */
// @ts-ignore: decorator
@inline
export function logarithmOfFour(value: v128): v128 {
  const wide = v128.or(v128.and(value, i32x4.splat(0x007fffff)), f32x4.splat(1));
  const isUpper = f32x4.gt(wide, f32x4.splat(1.4142135));
  const m = v128.bitselect(f32x4.mul(wide, f32x4.splat(0.5)), wide, isUpper);
  // A mask of ones is -1.
  const exponents = i32x4.sub(i32x4.sub(i32x4.shr_u(value, 23), i32x4.splat(127)), isUpper);
  const s = f32x4.div(f32x4.sub(m, f32x4.splat(1)), f32x4.add(m, f32x4.splat(1)));
  const q = f32x4.mul(s, s);
  let p = mad(f32x4.splat(1.0 / 9), q, f32x4.splat(1.0 / 7));
  p = mad(p, q, f32x4.splat(1.0 / 5));
  p = mad(p, q, f32x4.splat(1.0 / 3));
  p = mad(p, q, f32x4.splat(1));
  return mad(f32x4.convert_i32x4_s(exponents), f32x4.splat(0.6931471805599453), f32x4.mul(f32x4.add(s, s), p));
}

/** Returns zero for NaN and for values smaller than 1e-30, so that decaying values never become slow denormals. */
// @ts-ignore: decorator
@inline
export function flush(value: v128): v128 {
  return v128.and(value, f32x4.ge(f32x4.abs(value), f32x4.splat(1e-30)));
}

/** Derivative of the logistic function in terms of its value. */
// @ts-ignore: decorator
@inline
export function sigmoidSlope(value: v128): v128 {
  return f32x4.mul(value, f32x4.sub(f32x4.splat(1), value));
}

/** Derivative of the hyperbolic tangent in terms of its value. */
// @ts-ignore: decorator
@inline
export function tanhSlope(value: v128): v128 {
  return f32x4.sub(f32x4.splat(1), f32x4.mul(value, value));
}

/** The sum of the four lanes, in one fixed order. */
// @ts-ignore: decorator
@inline
export function sumOfLanes(value: v128): f32 {
  const pairs = f32x4.add(value, v128.shuffle<f32>(value, value, 2, 3, 0, 1));
  return f32x4.extract_lane(f32x4.add(pairs, v128.shuffle<f32>(pairs, pairs, 1, 0, 3, 2)), 0);
}
