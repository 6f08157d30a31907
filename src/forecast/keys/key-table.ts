/**
 * The table of keys: a slot for each, its rows of numbers and singles side by side in two slabs that grow. A key begins
 * with its first value; until then, and once it is forgotten, its rows are zero and its slot may be given back.
 */
import { UndercurrentError } from "../../errors/errors.js";
import type { KeyLayout } from "./row-layout.js";

const firstCapacity = 64;

export class KeyTable {
  /** Row of slot s: `numbers[s * numbersPerKey ..]`, `singles[s * singlesPerKey ..]`. Fetch anew after `slotOf`. */
  numbers: Float64Array;
  singles: Float32Array;
  /** 1 where a key changed since the last `clearChanged`. */
  changed: Uint8Array;
  /** 1 where someone holds a record of the key, and must be told when it is forgotten. */
  recorded: Uint8Array;
  /** Keys that were forgotten so far. */
  forgotten = 0;
  readonly numbersPerKey: number;
  readonly singlesPerKey: number;
  readonly #slots = new Map<string, number>();
  readonly #names: (string | undefined)[] = [];
  /** Slots whose keys have not begun, and slots without a key. */
  readonly #idle = new Set<number>();
  readonly #free: number[] = [];
  /** Recorded keys that were forgotten since the last `clearChanged`. */
  readonly #ended = new Set<string>();

  constructor({ numbers, size }: Pick<KeyLayout, "numbers" | "size">, keys = 0) {
    const capacity = Math.max(keys, firstCapacity);
    this.numbersPerKey = numbers;
    this.singlesPerKey = size;
    this.numbers = new Float64Array(capacity * numbers);
    this.singles = new Float32Array(capacity * size);
    this.changed = new Uint8Array(capacity);
    this.recorded = new Uint8Array(capacity);
  }

  /** Keys that have begun. */
  get size(): number {
    return this.slots - this.#free.length - this.#idle.size;
  }

  /** All slots are below it; those in use may be fewer. */
  get slots(): number {
    return this.#names.length;
  }

  /** Whether the next key needs more room. */
  get full(): boolean {
    return this.#free.length === 0 && this.slots === this.capacity;
  }

  /** Recorded keys that have been forgotten. */
  get ended(): readonly string[] {
    return [...this.#ended];
  }

  get capacity(): number {
    return this.changed.length;
  }

  /** Bytes of the slabs. */
  get bytes(): number {
    return this.numbers.byteLength + this.singles.byteLength + 2 * this.changed.byteLength;
  }

  find(key: string): number | undefined {
    return this.#slots.get(key);
  }

  nameOf(slot: number): string {
    const name = this.#names[slot];
    if (name === undefined) throw new RangeError(`no key has slot ${slot}`);
    return name;
  }

  /** Gives a new key a slot, its rows zero; there must be room for it. */
  add(key: string): number {
    const slot = this.#free.pop() ?? this.#names.length;
    this.#names[slot] = key;
    this.#slots.set(key, slot);
    this.#idle.add(slot);
    return slot;
  }

  /** The key of a slot has its first value. */
  begin(slot: number): void {
    this.#idle.delete(slot);
    if (this.#ended.delete(this.nameOf(slot))) this.recorded[slot] = 1;
  }

  /** Whether the slot is that of a key that has begun. */
  has(slot: number): boolean {
    return this.#names[slot] !== undefined && !this.#idle.has(slot);
  }

  /** The key of a slot loses its state. It keeps the slot until `release`. */
  forget(slot: number): void {
    this.numbers.fill(0, slot * this.numbersPerKey, (slot + 1) * this.numbersPerKey);
    this.singles.fill(0, slot * this.singlesPerKey, (slot + 1) * this.singlesPerKey);
    if (this.recorded[slot] === 1) this.#ended.add(this.nameOf(slot));
    this.recorded[slot] = this.changed[slot] = 0;
    this.#idle.add(slot);
    this.forgotten++;
  }

  /** Takes the slots back of keys that have not begun, or not again, and returns them. */
  release(): readonly number[] {
    const released = [...this.#idle];
    for (const slot of released) {
      this.#slots.delete(this.nameOf(slot));
      this.#names[slot] = undefined;
      this.#free.push(slot);
    }
    this.#idle.clear();
    return released;
  }

  /** All that changed has been recorded. */
  clearChanged(): void {
    for (let slot = 0; slot < this.slots; slot++) if (this.changed[slot] === 1) this.recorded[slot] = 1;
    this.changed.fill(0);
    this.#ended.clear();
  }

  /** Makes room for `capacity` keys. Throws MEMORY_EXHAUSTED, changing nothing. */
  grow(capacity: number): void {
    try {
      const numbers = new Float64Array(capacity * this.numbersPerKey);
      const singles = new Float32Array(capacity * this.singlesPerKey);
      const changed = new Uint8Array(capacity);
      const recorded = new Uint8Array(capacity);
      numbers.set(this.numbers);
      singles.set(this.singles);
      changed.set(this.changed);
      recorded.set(this.recorded);
      this.numbers = numbers;
      this.singles = singles;
      this.changed = changed;
      this.recorded = recorded;
    } catch (cause) {
      throw new UndercurrentError("MEMORY_EXHAUSTED", `no memory for the state of ${capacity} keys`, {
        cause,
      });
    }
  }
}
