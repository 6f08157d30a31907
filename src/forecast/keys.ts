/** The table of keys: a slot for each, its rows of numbers and singles side by side in two slabs that grow. */
import { UndercurrentError } from "../errors.js";
import type { KeyLayout } from "./layout.js";

const firstCapacity = 64;

export class KeyTable {
  /** Row of slot s: `numbers[s * numbersPerKey ..]`, `singles[s * singlesPerKey ..]`. Fetch anew after `slotOf`. */
  numbers: Float64Array;
  singles: Float32Array;
  /** 1 where a key changed since the last `clearChanged`. */
  changed: Uint8Array;
  readonly numbersPerKey: number;
  readonly singlesPerKey: number;
  readonly #slots = new Map<string, number>();
  readonly #names: string[] = [];

  constructor({ numbers, size }: Pick<KeyLayout, "numbers" | "size">, keys = 0) {
    const capacity = Math.max(keys, firstCapacity);
    this.numbersPerKey = numbers;
    this.singlesPerKey = size;
    this.numbers = new Float64Array(capacity * numbers);
    this.singles = new Float32Array(capacity * size);
    this.changed = new Uint8Array(capacity);
  }

  get size(): number {
    return this.#names.length;
  }

  get capacity(): number {
    return this.changed.length;
  }

  /** Bytes of the slabs. */
  get bytes(): number {
    return this.numbers.byteLength + this.singles.byteLength + this.changed.byteLength;
  }

  find(key: string): number | undefined {
    return this.#slots.get(key);
  }

  nameOf(slot: number): string {
    const name = this.#names[slot];
    if (name === undefined) throw new RangeError(`no key has slot ${slot}`);
    return name;
  }

  /** Gives a new key the next slot, its rows zero; there must be room for it. */
  add(key: string): number {
    const slot = this.#names.length;
    this.#names.push(key);
    this.#slots.set(key, slot);
    return slot;
  }

  clearChanged(): void {
    this.changed.fill(0);
  }

  /** Makes room for `capacity` keys. Throws MEMORY_EXHAUSTED, changing nothing. */
  grow(capacity: number): void {
    try {
      const numbers = new Float64Array(capacity * this.numbersPerKey);
      const singles = new Float32Array(capacity * this.singlesPerKey);
      const changed = new Uint8Array(capacity);
      numbers.set(this.numbers);
      singles.set(this.singles);
      changed.set(this.changed);
      this.numbers = numbers;
      this.singles = singles;
      this.changed = changed;
    } catch (cause) {
      throw new UndercurrentError("MEMORY_EXHAUSTED", `no memory for the state of ${capacity} keys`, {
        cause,
      });
    }
  }
}
