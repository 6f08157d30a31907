/** Reads decimals: a big-endian two's-complement integer, divided by a power of ten. */

/** Longest integer that is read, in bytes; the largest double has 128 of them. */
const mostBytes = 160;

/**
 * Returns the double nearest to a decimal.
 *
 * @example
 * ```ts
 * decimalOf(Uint8Array.of(0x04, 0xd2), 2); // 12.34
 * ```
 */
export function decimalOf(bytes: Uint8Array, scale: number): number {
  if (bytes.length > mostBytes) throw new RangeError(`a decimal in it has ${bytes.length} bytes`);
  let unscaled = 0n;
  for (const byte of bytes) unscaled = (unscaled << 8n) | BigInt(byte);
  return Number(`${BigInt.asIntN(8 * bytes.length, unscaled)}e${-scale}`);
}
