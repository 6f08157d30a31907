/**
 * Finds the shortest digits that read back as a number: R. Giulietti, "The Schubfach way to render doubles" (2020), sections 9 and 10.
 */
import { layout } from "./text-digits";

/** Range of the exponents of ten in the table of powers. */
const leastExponent: i32 = -324;
const greatestExponent: i32 = 292;

/** For each exponent k from the least: 10^-k scaled to 126 bits and rounded up, the upper and the lower 63 of them. */
export const powers: i32 = <i32>memory.data((greatestExponent - leastExponent + 1) * 16, 16);
const mask63: u64 = 0x7fffffffffffffff;

/** Appends c · 2^q with the fewest digits that round to it; of several such texts, the nearest. */
export function shortest(q: i32, c: u64, at: i32): i32 {
  const odd = c & 1;
  const cb = c << 2;
  const regular = c !== 0x10000000000000 || q === -1074;
  const k = <i32>((<i64>q * 661971961083 - (regular ? 0 : 274743187321)) >> 41);
  const h = q + <i32>((<i64>-k * 913124641741) >> 38) + 2;
  const power = powers + ((k - leastExponent) << 4);
  const g1 = load<u64>(power);
  const g0 = load<u64>(power + 8);
  const vb = roundToOdd(g1, g0, cb << h);
  const vbl = roundToOdd(g1, g0, (cb - (regular ? 2 : 1)) << h) + odd;
  const vbr = roundToOdd(g1, g0, (cb + 2) << h);
  const s = vb >> 2;
  if (s >= 10) {
    const lower = s / 10 * 10;
    const upper = lower + 10;
    const lowerIn = vbl <= lower << 2;
    if (lowerIn !== ((upper << 2) + odd <= vbr)) return layout(lowerIn ? lower : upper, k, at);
  }
  const t = s + 1;
  const lowerIn = vbl <= s << 2;
  if (lowerIn !== ((t << 2) + odd <= vbr)) return layout(lowerIn ? s : t, k, at);
  const middle = (s + t) << 1;
  return layout(vb < middle || (vb === middle && (s & 1) === 0) ? s : t, k, at);
}

/** Returns the upper 64 bits of the product of g1 · 2^63 + g0 and cp; the last bit is set if any dropped bit was. */
// @ts-ignore: decorator
@inline
function roundToOdd(g1: u64, g0: u64, cp: u64): u64 {
  const z = ((g1 * cp) >> 1) + upperHalf(g0, cp);
  const w = upperHalf(g1, cp) + (z >> 63);
  return w | (((z & mask63) + mask63) >> 63);
}

/** The upper half of the product of two numbers. */
// @ts-ignore: decorator
@inline
function upperHalf(x: u64, y: u64): u64 {
  const x0 = x & 0xffffffff;
  const x1 = x >> 32;
  const y0 = y & 0xffffffff;
  const y1 = y >> 32;
  const middle = x1 * y0 + ((x0 * y0) >> 32);
  return x1 * y1 + (middle >> 32) + (((middle & 0xffffffff) + x0 * y1) >> 32);
}
