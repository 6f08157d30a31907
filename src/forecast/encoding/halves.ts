/**
 * 16-bit floats (IEEE 754 binary16): the package holds trained weights as such, little-endian in base64, and the gate of a key keeps
 * some.
 */
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

const single = new Float32Array(1);
const bits = new Uint32Array(single.buffer);

/** The upper bits of a single, rounded to nearest, ties to even: all but the last `dropped`. */
export function upperBits(value: number, dropped: number): number {
  single[0] = value;
  return (bits[0]! + (1 << (dropped - 1)) - 1 + ((bits[0]! >>> dropped) & 1)) >>> dropped;
}

/** Returns the single with these upper bits and `dropped` zeros behind. */
export function fromUpperBits(upper: number, dropped: number): number {
  bits[0] = upper << dropped;
  return single[0]!;
}

/** What lies between the exponents of 16 and of 32 bits, and the further bits of the fraction. */
const exponents = 2 ** 112;
const further = 13;

/** By sign and exponent, what the fraction counts from, and the worth of its last bit. */
const begins = Float64Array.from({ length: 64 }, (_, i) => (i % 32 === 0 ? 0 : 1024));
const units = Float64Array.from(
  { length: 64 },
  (_, i) => (i < 32 ? 1 : -1) * 2 ** (Math.max(i % 32, 1) - 25),
);

/** Returns the number that a finite 16-bit float stands for. */
export function fromHalf(half: number): number {
  const i = half >> 10;
  return (begins[i]! + (half & 1023)) * units[i]!;
}

/** Returns the nearest 16-bit float, ties to even, of a number from 0 to 65,504. */
export function toHalf(size: number): number {
  return upperBits(size / exponents, further);
}
