/**
 * Exponential, logarithm and harmonics from additions and multiplications alone, so that every host computes the
 * same bits: ECMAScript leaves the accuracy of Math.exp, Math.log and Math.sin to the engine, and V8 has changed it.
 * Range reductions after Cody and Waite (Software Manual for the Elementary Functions, 1980), Taylor polynomials.
 */

const LN2_HIGH = 0.6931471803691238;
const LN2_LOW = 1.9082149292705877e-10;
const SMALLEST_EXPONENT = -1022;

/** 2^-1022 .. 2^1023, by doubling: even powers of two are not certain to be exact in every engine. */
const powersOfTwo = new Float64Array(2046);
let power = 2.2250738585072014e-308;
for (let i = 0; i < powersOfTwo.length; i++, power *= 2) powersOfTwo[i] = power;

/** 2^(i/32), from square roots: those are exact by IEEE 754. */
const roots = Float64Array.from({ length: 32 }, (_, i) => {
  let root = 2;
  let product = 1;
  for (let bit = 16; bit >= 1; bit /= 2) {
    root = Math.sqrt(root);
    if (i & bit) product *= root;
  }
  return product;
});

/** eˣ to a relative error below 1e-14; 0 below x = -708, and 2^1023 above x = 709. */
export function exponential(x: number): number {
  if (x < -708) return 0;
  if (x > 709) return powersOfTwo[2045]!;
  // x = (k / 32) ln 2 + r, with r at most .011 in size
  const k = Math.round(x * (32 / (LN2_HIGH + LN2_LOW)));
  const r = x - k * (LN2_HIGH / 32) - k * (LN2_LOW / 32);
  const q = r * r;
  const p = 1 + r + q * (0.5 + r * (1 / 6) + q * (1 / 24 + r * (1 / 120)));
  return p * roots[k & 31]! * powersOfTwo[(k >> 5) - SMALLEST_EXPONENT]!;
}

const double = new Float64Array(1);
const words = new Int32Array(double.buffer);
double[0] = 1;
/** Place of the word that holds sign and exponent, by the order of bytes of the machine. */
const upper = words[0] === 0 ? 1 : 0;

/** 2^1022 .. 2^-1023, which bring a number of the exponents -1022 .. 1023 to 1 .. 2. */
const inversePowers = Float64Array.from({ length: 2046 }, (_, i) =>
  i < 2045 ? powersOfTwo[2044 - i]! : powersOfTwo[0]! / 2,
);

/** Natural logarithm of a positive normal number, to an error below 1e-13; -1023 ln 2 of 0, 1024 ln 2 of Infinity. */
export function logarithm(x: number): number {
  double[0] = x;
  let exponent = ((words[upper]! >>> 20) & 0x7ff) - 1023;
  // Exact, and faster than to read the number again with its exponent overwritten.
  let mantissa =
    exponent >= SMALLEST_EXPONENT && exponent < 1024 ? x * inversePowers[exponent - SMALLEST_EXPONENT]! : 1;
  if (mantissa > Math.SQRT2) {
    mantissa /= 2;
    exponent++;
  }
  // ln m = 2 artanh((m - 1) / (m + 1)), |s| below .172
  const s = (mantissa - 1) / (mantissa + 1);
  const q = s * s;
  let p = 1 / 17;
  p = p * q + 1 / 15;
  p = p * q + 1 / 13;
  p = p * q + 1 / 11;
  p = p * q + 1 / 9;
  p = p * q + 1 / 7;
  p = p * q + 1 / 5;
  p = p * q + 1 / 3;
  p = p * q + 1;
  return exponent * LN2_HIGH + (exponent * LN2_LOW + 2 * s * p);
}

/**
 * Writes sin θ, cos θ, sin 2θ, cos 2θ, … (`pairs` of them) to `into[at ..]`, where θ is `turns` of the circle
 * (-1 to 1); error below 1e-12.
 */
export function harmonics(turns: number, pairs: number, into: Float32Array, at: number): void {
  if (pairs === 0) return;
  const quadrant = Math.round(turns * 4);
  const r = (turns - quadrant / 4) * (2 * Math.PI);
  const q = r * r;
  let s = 1 / 6227020800;
  s = s * q - 1 / 39916800;
  s = s * q + 1 / 362880;
  s = s * q - 1 / 5040;
  s = s * q + 1 / 120;
  s = s * q - 1 / 6;
  s = r + r * q * s;
  let c = 1 / 479001600;
  c = c * q - 1 / 3628800;
  c = c * q + 1 / 40320;
  c = c * q - 1 / 720;
  c = c * q + 1 / 24;
  c = c * q - 0.5;
  c = c * q + 1;
  const turn = quadrant & 3;
  const sine = turn === 0 ? s : turn === 1 ? c : turn === 2 ? -s : -c;
  const cosine = turn === 0 ? c : turn === 1 ? -s : turn === 2 ? -c : s;
  let sineOfMultiple = sine;
  let cosineOfMultiple = cosine;
  for (let i = 0; i < pairs; i++) {
    into[at + 2 * i] = sineOfMultiple;
    into[at + 2 * i + 1] = cosineOfMultiple;
    const next = sineOfMultiple * cosine + cosineOfMultiple * sine;
    cosineOfMultiple = cosineOfMultiple * cosine - sineOfMultiple * sine;
    sineOfMultiple = next;
  }
}

// A local binding, for `remainder` to be so short that V8 always inlines it.
const { floor } = Math;

/**
 * `count % divisor` of whole numbers, `count` from 0 to 2^53 and `divisor` above 0: to the bit. V8 leaves `%` of 64-bit floats
 * to the C library, at 6 to 15 ns in place of 2.
 */
export function remainder(count: number, divisor: number): number {
  return count - divisor * floor(count / divisor);
}

/** Place of the event that is number `count` in a ring: a small integer also for V8, which then need not convert it at each use. */
export function placeIn(ring: number, count: number): number {
  return remainder(count, ring) | 0;
}

/** `x`, at most `bound` away from zero. */
export function clip(x: number, bound: number): number {
  return x > bound ? bound : x < -bound ? -bound : x;
}
