/** Writes 16-bit floats (IEEE 754 binary16), rounded to the nearest, ties to even. */

const largest = 65_504;
const smallestNormal = 2 ** -14;

/** @throws RangeError where the number is not finite or too large for 16 bits. */
export function toHalf(value: number): number {
  const size = Math.abs(value);
  if (!(size <= largest)) throw new RangeError(`${value} is no 16-bit float`);
  const sign = value < 0 ? 0x8000 : 0;
  if (size < smallestNormal) return sign | even(size / (smallestNormal / 1024));
  let exponent = 0;
  let scaled = size;
  for (; scaled >= 2; scaled /= 2) exponent++;
  for (; scaled < 1; scaled *= 2) exponent--;
  // A fraction that rounds up to 1 carries into the exponent by itself.
  return sign + ((exponent + 15) << 10) + even((scaled - 1) * 1024);
}

/** The nearest integer; of two as near the even one. */
function even(x: number): number {
  const low = Math.floor(x);
  const rest = x - low;
  return low + (rest > 0.5 || (rest === 0.5 && low % 2 === 1) ? 1 : 0);
}
