/** Writes 16-bit floats (IEEE 754 binary16), rounded to the nearest, ties to even. */
import { toHalf } from "../src/forecast/encoding/halves.js";

const largest = 65_504;

/** @throws RangeError where the number is not finite or too large for 16 bits. */
export function signedHalf(value: number): number {
  const size = Math.abs(value);
  if (!(size <= largest)) throw new RangeError(`${value} is no 16-bit float`);
  return (value < 0 ? 0x8000 : 0) | toHalf(size);
}
