/** The slabs of what keys keep for forecasts beyond the next value: a row of numbers and one of singles for each slot. */
import { UndercurrentError } from "../../errors/errors.js";
import type { HorizonLayout } from "./horizon-layout.js";

/** The event under way: its number among its key's, and where the key's rows begin. One object is reused for all. */
export interface HorizonEvent {
  event: number;
  slot: number;
  /** The table's numbers, and where those of the key begin. */
  key: Float64Array;
  keyAt: number;
  /** Where the key's further numbers and singles begin. */
  at: number;
  row: number;
}

export class HorizonRows {
  /** Row of slot s: `numbers[s * layout.numbers.size ..]`, `singles[s * layout.singles.size ..]`. */
  numbers = new Float64Array(0);
  singles = new Float32Array(0);
  readonly #layout: HorizonLayout;

  constructor(layout: HorizonLayout) {
    this.#layout = layout;
  }

  get bytes(): number {
    return this.numbers.byteLength + this.singles.byteLength;
  }

  /** Makes room for `keys` keys. Throws MEMORY_EXHAUSTED, changing nothing. */
  reserve(keys: number): void {
    const { numbers, singles } = this.#layout;
    if (keys * numbers.size <= this.numbers.length) return;
    try {
      const longer = new Float64Array(keys * numbers.size);
      const longerSingles = new Float32Array(keys * singles.size);
      longer.set(this.numbers);
      longerSingles.set(this.singles);
      this.numbers = longer;
      this.singles = longerSingles;
    } catch (cause) {
      throw new UndercurrentError("MEMORY_EXHAUSTED", `no memory for the further steps of ${keys} keys`, {
        cause,
      });
    }
  }

  read(slot: number): { readonly numbers: Float64Array; readonly singles: Float32Array } {
    const { numbers, singles } = this.#layout;
    return {
      numbers: this.numbers.slice(slot * numbers.size, (slot + 1) * numbers.size),
      singles: this.singles.slice(slot * singles.size, (slot + 1) * singles.size),
    };
  }

  write(slot: number, numbers: Float64Array, singles: Float32Array): void {
    this.numbers.set(numbers, slot * this.#layout.numbers.size);
    this.singles.set(singles, slot * this.#layout.singles.size);
  }

  clear(): void {
    this.numbers = new Float64Array(0);
    this.singles = new Float32Array(0);
  }
}
