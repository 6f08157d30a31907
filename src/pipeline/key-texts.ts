/** Texts of keys by slot, as bytes in one buffer: a million short ones take no object each. */

export class KeyTexts {
  /** All texts, one after the other in the order they were added. */
  bytes: Uint8Array = new Uint8Array(4096);

  #begins = new Float64Array(64).fill(NaN);
  #lengths = new Uint32Array(64);
  #end = 0;

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
    if (this.#end + length > this.bytes.length) {
      const bytes = new Uint8Array(2 * (this.#end + length));
      bytes.set(this.bytes);
      this.bytes = bytes;
    }
    this.#begins[slot] = this.#end;
    this.#lengths[slot] = Buffer.from(this.bytes.buffer).write(text, this.#end);
    this.#end += length;
  }
}
