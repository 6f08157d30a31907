/** The natural logarithm in 200 bytes of code; the compiler's own brings a table of 4 kB that does not compress. */

const LN2_HIGH: f64 = 0.6931471803691238;
const LN2_LOW: f64 = 1.9082149292705877e-10;
const SQRT2: f64 = 1.4142135623730951;

/**
 * Natural logarithm of a positive normal number, to an error below 1e-13; -Infinity of 0, and NaN of NaN. The same method
 * as `logarithm` of src/forecast/elementary.ts.
 */
export function logarithm(x: f64): f64 {
  if (!(x > 0)) return x == 0 ? -Infinity : NaN;
  const bits = reinterpret<u64>(x);
  let exponent = <f64>(<i32>(bits >> 52) - 1023);
  let mantissa = reinterpret<f64>((bits & 0x000fffffffffffff) | 0x3ff0000000000000);
  if (mantissa > SQRT2) {
    mantissa /= 2;
    exponent += 1;
  }
  // ln m = 2 artanh((m - 1) / (m + 1)), |s| below .172
  const s = (mantissa - 1) / (mantissa + 1);
  const q = s * s;
  let p: f64 = 1.0 / 17;
  for (let odd: f64 = 15; odd > 0; odd -= 2) p = p * q + 1 / odd;
  return exponent * LN2_HIGH + (exponent * LN2_LOW + 2 * s * p);
}
