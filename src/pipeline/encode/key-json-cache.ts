/** Caches the JSON text of keys by slot in one byte buffer, so that a million keys need no object each. */

export class KeyJsonCache {
  /** All texts. */
  bytes: Uint8Array = new Uint8Array(4096);

  #begins = new Float64Array(64);
  #lengths = new Uint32Array(64);
  #end = 0;
  /** Bytes of texts that were forgotten. */
  #unused = 0;

  has(slot: number): boolean {
    return this.#lengths[slot]! > 0;
  }

  /** Where in `bytes` the text of a slot begins that has one. */
  beginOf(slot: number): number {
    return this.#begins[slot]!;
  }

  /** Its length in bytes. */
  lengthOf(slot: number): number {
    return this.#lengths[slot]!;
  }

  /** Adds the text of a slot that has none; it is not empty. */
  add(slot: number, text: string): void {
    if (slot >= this.#lengths.length) {
      const slots = 2 * slot;
      const begins = new Float64Array(slots);
      begins.set(this.#begins);
      this.#begins = begins;
      const lengths = new Uint32Array(slots);
      lengths.set(this.#lengths);
      this.#lengths = lengths;
    }
    const length = Buffer.byteLength(text);
    if (this.#end + length > this.bytes.length) this.#makeRoom(length);
    this.#begins[slot] = this.#end;
    this.#lengths[slot] = Buffer.from(this.bytes.buffer).write(text, this.#end);
    this.#end += length;
  }

  /** The slot has no text from now on. */
  forget(slot: number): void {
    if (slot >= this.#lengths.length) return;
    this.#unused += this.#lengths[slot]!;
    this.#lengths[slot] = 0;
  }

  /** Moves the texts that are left to a buffer with room for as many bytes again. */
  #makeRoom(length: number): void {
    const bytes = new Uint8Array(Math.max(2 * (this.#end - this.#unused + length), 4096));
    let end = 0;
    for (let slot = 0; slot < this.#lengths.length; slot++) {
      const [begin, size] = [this.#begins[slot]!, this.#lengths[slot]!];
      if (size === 0) continue;
      bytes.set(this.bytes.subarray(begin, begin + size), end);
      this.#begins[slot] = end;
      end += size;
    }
    this.bytes = bytes;
    this.#end = end;
    this.#unused = 0;
  }
}
