/**
 * The table of keys: a slot for each, its rows of numbers and singles side by side in two slabs that grow. A key begins
 * with its first value; until then, and once it is forgotten, its rows are zero and its slot may be given back.
 */
import { UndercurrentError } from "../../errors/library.js";
import type { KeyLayout } from "./layout.js";

const firstCapacity = 64;

export class KeyTable {
  /** Row of slot s: `f64[s * f64PerKey ..]`, `f32[s * f32PerKey ..]`. Fetch anew after `slotOf`. */
  f64: Float64Array;
  f32: Float32Array;
  /** 1 where a key changed since the last `clearChanged`. */
  changed: Uint8Array;
  /** 1 where someone holds a record of the key, and must be told when it is forgotten. */
  recorded: Uint8Array;
  /** Keys that were forgotten so far. */
  forgotten = 0;
  readonly f64PerKey: number;
  readonly f32PerKey: number;
  readonly #slots = new Map<string, number>();
  readonly #names: (string | undefined)[] = [];
  /** Slots whose keys have not begun, and slots without a key. */
  readonly #idle = new Set<number>();
  readonly #free: number[] = [];
  /** Recorded keys that were forgotten since the last `clearChanged`. */
  readonly #ended = new Set<string>();

  constructor({ f64Size, f32Size }: Pick<KeyLayout, "f64Size" | "f32Size">, keys = 0) {
    const capacity = Math.max(keys, firstCapacity);
    this.f64PerKey = f64Size;
    this.f32PerKey = f32Size;
    this.f64 = new Float64Array(capacity * f64Size);
    this.f32 = new Float32Array(capacity * f32Size);
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
    return this.f64.byteLength + this.f32.byteLength + 2 * this.changed.byteLength;
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

  /** The keys that have begun. */
  *begun(): Generator<string, undefined> {
    for (let slot = 0; slot < this.slots; slot++) if (this.has(slot)) yield this.nameOf(slot);
  }

  /** The key of a slot loses its state. It keeps the slot until `release`. */
  forget(slot: number): void {
    this.f64.fill(0, slot * this.f64PerKey, (slot + 1) * this.f64PerKey);
    this.f32.fill(0, slot * this.f32PerKey, (slot + 1) * this.f32PerKey);
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
      const f64 = new Float64Array(capacity * this.f64PerKey);
      const f32 = new Float32Array(capacity * this.f32PerKey);
      const changed = new Uint8Array(capacity);
      const recorded = new Uint8Array(capacity);
      f64.set(this.f64);
      f32.set(this.f32);
      changed.set(this.changed);
      recorded.set(this.recorded);
      this.f64 = f64;
      this.f32 = f32;
      this.changed = changed;
      this.recorded = recorded;
    } catch (cause) {
      throw new UndercurrentError(
        "MEMORY_EXHAUSTED",
        `out of memory: cannot allocate the state of ${capacity} keys`,
        {
          cause,
        },
      );
    }
  }
}
