/** Reads 16-bit floats (IEEE 754 binary16), little-endian, from base64: how the package holds trained weights. */
import { crc32 } from "./checksum.js";

/** A text of halves, and the CRC-32 of its bytes. */
export interface Halves {
  readonly checksum: number;
  readonly weights: string;
}

/** Returns the numbers. Throws RangeError where the text is damaged. */
export function readHalves({ checksum, weights }: Halves): Float32Array {
  const bytes = Uint8Array.from(atob(weights), (character) => character.charCodeAt(0));
  if (crc32(bytes) !== checksum)
    throw new RangeError("trained weights are damaged: the checksum does not match");
  const halves = new DataView(bytes.buffer);
  return Float32Array.from({ length: bytes.length / 2 }, (_, i) => fromHalf(halves.getUint16(2 * i, true)));
}

const smallestNormal = 1 / 16_384;
const fractions = 1024;

/** Returns the number that a finite 16-bit float stands for. */
export function fromHalf(half: number): number {
  const sign = half >> 15 === 0 ? 1 : -1;
  const exponent = (half >> 10) & 31;
  const fraction = (half & (fractions - 1)) / fractions;
  if (exponent === 0) return sign * fraction * smallestNormal;
  let size = 1 + fraction;
  for (let e = exponent; e > 15; e--) size *= 2;
  for (let e = exponent; e < 15; e++) size /= 2;
  return sign * size;
}
