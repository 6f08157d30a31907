/** Computes murmur2 of a key, equal to the Java client's `Utils.murmur2`. kafkajs uses slow, growing BigInts for it. */

/** Constants of the Java client; M and R are Austin Appleby's. */
const seed = 0x9747b28c;
const m = 0x5bd1e995;
const r = 24;

/** Returns the hash as a signed 32-bit integer. */
export function murmur2(key: Uint8Array): number {
  const { length } = key;
  const view = new DataView(key.buffer, key.byteOffset, length);
  const whole = length & ~3;
  let hash = seed ^ length;
  for (let at = 0; at < whole; at += 4) {
    let word = Math.imul(view.getInt32(at, true), m);
    word = Math.imul(word ^ (word >>> r), m);
    hash = Math.imul(hash, m) ^ word;
  }
  if (whole < length) {
    for (let at = length - 1; at >= whole; at--) hash ^= key[at]! << (8 * (at - whole));
    hash = Math.imul(hash, m);
  }
  hash = Math.imul(hash ^ (hash >>> 13), m);
  return hash ^ (hash >>> 15);
}
