/** Maps the bytes of a key to its slot without creating a string: a hash table over one byte buffer. */
import { isUtf8 } from "node:buffer";

/** Probes for one key. Those for which they are too few, as where someone chose keys of one hash, stay outside. */
const mostProbes = 32;

/** A key within bytes. */
interface KeyBytes {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
}

export class KeyIndex {
  #size = 0;
  /** Numbers of entries, plus 1; a power of two of them. */
  #table = new Int32Array(128);
  #hashes = new Int32Array(64);
  #slots = new Int32Array(64);
  /** How often each slot had been forgotten when the entry was made; an entry of before counts no more. */
  #lives = new Int32Array(64);
  readonly #livesOf: number[] = [];
  /** Entry e has the bytes from `#ends[e]` to `#ends[e + 1]`. */
  #ends = new Float64Array(65);
  #bytes = new Uint8Array(1024);

  /** The slot; -1 where the key is not in here. */
  find(bytes: Uint8Array, start: number, end: number): number {
    const hash = hashOf(bytes, start, end);
    const mask = this.#table.length - 1;
    for (let probe = 0; probe < mostProbes; probe++) {
      const entry = this.#table[(hash + probe) & mask]! - 1;
      if (entry < 0) return -1;
      if (this.#hashes[entry] === hash && this.#lasts(entry) && this.#equals(entry, bytes, start, end)) {
        return this.#slots[entry]!;
      }
    }
    return -1;
  }

  /**
   * The slot of a key. One that is not in here enters with the slot that `slotOf` gives its text. Throws what `fault` returns
   * for a key that is not UTF-8.
   */
  slotOf({ bytes, start, end }: KeyBytes, slotOf: (key: string) => number, fault: () => Error): number {
    const known = this.find(bytes, start, end);
    if (known >= 0) return known;
    const name = bytes.subarray(start, end);
    if (!isUtf8(name)) throw fault();
    const slot = slotOf(Buffer.from(name).toString("utf8"));
    this.add(bytes, start, end, slot);
    return slot;
  }

  /** Enters a key that is not in here. */
  add(bytes: Uint8Array, start: number, end: number, slot: number): void {
    if (this.#size === this.#hashes.length) this.#grow();
    const hash = hashOf(bytes, start, end);
    const entry = this.#size;
    if (!this.#place(entry, hash)) return;
    this.#size++;
    const from = this.#ends[entry]!;
    const to = from + end - start;
    if (to > this.#bytes.length) {
      const larger = new Uint8Array(2 * to);
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    this.#bytes.set(bytes.subarray(start, end), from);
    this.#ends[entry + 1] = to;
    this.#hashes[entry] = hash;
    this.#slots[entry] = slot;
    this.#lives[entry] = this.#livesOf[slot] ??= 0;
  }

  /** The slot is no longer that of its key. */
  forget(slot: number): void {
    this.#livesOf[slot] = (this.#livesOf[slot] ?? 0) + 1;
  }

  #lasts(entry: number): boolean {
    return this.#lives[entry] === this.#livesOf[this.#slots[entry]!];
  }

  /** Gives the entry a place in the table: a free one, or that of an entry that counts no more. */
  #place(entry: number, hash: number): boolean {
    const mask = this.#table.length - 1;
    for (let probe = 0; probe < mostProbes; probe++) {
      const at = (hash + probe) & mask;
      const before = this.#table[at]! - 1;
      if (before >= 0 && this.#lasts(before)) continue;
      this.#table[at] = entry + 1;
      return true;
    }
    return false;
  }

  /** Makes room, from entries that count no more if they are half of all. */
  #grow(): void {
    this.#sweep();
    const before = this.#hashes.length;
    const capacity = this.#size > before / 2 ? 2 * before : before;
    const copy = <T extends Int32Array | Float64Array>(larger: T, old: T): T => (larger.set(old), larger);
    this.#hashes = copy(new Int32Array(capacity), this.#hashes);
    this.#slots = copy(new Int32Array(capacity), this.#slots);
    this.#lives = copy(new Int32Array(capacity), this.#lives);
    this.#ends = copy(new Float64Array(capacity + 1), this.#ends);
    this.#table = new Int32Array(2 * capacity);
    for (let entry = 0; entry < this.#size; entry++) this.#place(entry, this.#hashes[entry]!);
  }

  /** Moves the entries that last together. */
  #sweep(): void {
    let kept = 0;
    for (let entry = 0; entry < this.#size; entry++) {
      if (!this.#lasts(entry)) continue;
      const to = this.#ends[kept]!;
      const [from, end] = [this.#ends[entry]!, this.#ends[entry + 1]!];
      this.#bytes.copyWithin(to, from, end);
      this.#hashes[kept] = this.#hashes[entry]!;
      this.#slots[kept] = this.#slots[entry]!;
      this.#lives[kept] = this.#lives[entry]!;
      this.#ends[++kept] = to + end - from;
    }
    this.#size = kept;
  }

  #equals(entry: number, bytes: Uint8Array, start: number, end: number): boolean {
    const from = this.#ends[entry]!;
    if (this.#ends[entry + 1]! - from !== end - start) return false;
    for (let i = start, j = from; i < end; i++, j++) if (bytes[i] !== this.#bytes[j]) return false;
    return true;
  }
}

/** FNV-1a with a last mixing, for the table uses the lowest bits. */
function hashOf(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0x811c9dc5 | 0;
  for (let i = start; i < end; i++) hash = Math.imul(hash ^ bytes[i]!, 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 15), 0x85ebca6b);
  return hash ^ (hash >>> 13);
}
