/** Reads Avro's primitive types from bytes (Avro 1.12, "Binary Encoding"), and never beyond their end. */
import { isUtf8 } from "node:buffer";
import { Texts } from "./texts.js";

export class Cursor {
  #bytes: Buffer = Buffer.alloc(0);
  #at = 0;
  /** Items of all blocks so far. */
  #items = 0;
  readonly #texts = new Texts();

  /** Begins with other bytes, from an offset on. */
  open(bytes: Uint8Array, from: number): void {
    this.#bytes = Buffer.isBuffer(bytes)
      ? bytes
      : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#at = from;
    this.#items = 0;
  }

  /** Bytes that were not read yet. */
  get left(): number {
    return this.#bytes.length - this.#at;
  }

  boolean(): boolean {
    return this.#skip(1)[this.#at - 1] === 1;
  }

  float(): number {
    return this.#skip(4).readFloatLE(this.#at - 4);
  }

  double(): number {
    return this.#skip(8).readDoubleLE(this.#at - 8);
  }

  /** An int or long; rounded to a double beyond 2^53. */
  long(): number {
    const bytes = this.#bytes;
    let at = this.#at;
    let low = 0;
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = bytes[at++];
      if (byte === undefined) throw tooShort();
      low |= (byte & 0x7f) << shift;
      if (byte < 0x80) {
        this.#at = at;
        return (low >>> 1) ^ -(low & 1);
      }
    }
    // Further bits, as times have them: exact in a double, and much faster than as a BigInt.
    let high = 0;
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = bytes[at++];
      if (byte === undefined) throw tooShort();
      high |= (byte & 0x7f) << shift;
      if (byte >= 0x80) continue;
      if (high >= 2 ** 25) break;
      this.#at = at;
      const bits = high * 2 ** 28 + low;
      return (low & 1) === 0 ? bits / 2 : -(bits + 1) / 2;
    }
    return this.#longFrom(this.#at);
  }

  /** The number of items of a block, or of bytes: not negative, and not more than there are bytes. */
  size(): number {
    const size = this.long();
    if (size < 0 || size > this.left) throw tooShort();
    return size;
  }

  /** The number of items of the next block of an array or map; 0 at the end. No item takes less than one byte here. */
  block(): number {
    const count = this.long();
    if (count < 0) this.size();
    const items = Math.abs(count);
    if (items > this.left) throw tooShort();
    this.#items += items;
    // Blocks of items without bytes could otherwise go on: each item of a block has a byte of its own.
    if (this.#items > this.#bytes.length) throw tooShort();
    return items;
  }

  bytes(size: number): Buffer {
    return this.#skip(size).subarray(this.#at - size, this.#at);
  }

  string(): string {
    const size = this.size();
    const known = this.#texts.read(this.#bytes, this.#at, this.#at + size);
    if (known !== undefined) {
      this.#at += size;
      return known;
    }
    const bytes = this.bytes(size);
    // Two texts that are not UTF-8 could become the same.
    if (!isUtf8(bytes)) throw new RangeError("a string in it is not UTF-8");
    return bytes.toString("utf8");
  }

  #longFrom(from: number): number {
    let bits = 0n;
    for (let at = from, shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.#bytes[at++];
      if (byte === undefined) throw tooShort();
      bits |= BigInt(byte & 0x7f) << shift;
      if (byte >= 0x80) continue;
      this.#at = at;
      return Number(BigInt.asIntN(64, (bits >> 1n) ^ -(bits & 1n)));
    }
    throw new RangeError("a number in it has more than 64 bits");
  }

  #skip(size: number): Buffer {
    if (size > this.left) throw tooShort();
    this.#at += size;
    return this.#bytes;
  }
}

function tooShort(): RangeError {
  return new RangeError("it ends early, or holds a wrong length");
}
