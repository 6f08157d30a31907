/** The slabs of what keys keep for forecasts beyond the next value: a row of numbers and one of singles for each slot. */
import { UndercurrentError } from "../../errors/library.js";
import { number } from "../keys/layout.js";
import type { KeyRow } from "../keys/row.js";
import type { HorizonLayout } from "./layout.js";

/**
 * The further rows of one key, beside its row of the table, at the event under way. One object is reused for all: 64-bit
 * numbers from `f64[at64]` on, and singles from `f32[at32]` on.
 */
export interface HorizonRow {
  /** The key, whose numbers have taken the event already but for their count of events. */
  key: KeyRow;
  /** The event's number among those of the key. */
  event: number;
  f64: Float64Array;
  at64: number;
  f32: Float32Array;
  at32: number;
}

export class HorizonRows {
  /** Row of slot s: `f64[s * layout.f64.size ..]`, `f32[s * layout.f32.size ..]`. */
  f64 = new Float64Array(0);
  f32 = new Float32Array(0);
  readonly #layout: HorizonLayout;

  constructor(layout: HorizonLayout) {
    this.#layout = layout;
  }

  get bytes(): number {
    return this.f64.byteLength + this.f32.byteLength;
  }

  /** Makes room for `keys` keys. Throws MEMORY_EXHAUSTED, changing nothing. */
  reserve(keys: number): void {
    const { f64, f32 } = this.#layout;
    if (keys * f64.size <= this.f64.length) return;
    try {
      const longer = new Float64Array(keys * f64.size);
      const longerSingles = new Float32Array(keys * f32.size);
      longer.set(this.f64);
      longerSingles.set(this.f32);
      this.f64 = longer;
      this.f32 = longerSingles;
    } catch (cause) {
      throw new UndercurrentError(
        "MEMORY_EXHAUSTED",
        `out of memory: cannot allocate the further steps of ${keys} keys`,
        {
          cause,
        },
      );
    }
  }

  /** Turns `row` to its key, at the key's next event. */
  point(row: HorizonRow): void {
    const { slot, f64, at64 } = row.key;
    row.event = f64[at64 + number.count]!;
    row.f64 = this.f64;
    row.at64 = slot * this.#layout.f64.size;
    row.f32 = this.f32;
    row.at32 = slot * this.#layout.f32.size;
  }

  read(slot: number): { readonly f64: Float64Array; readonly f32: Float32Array } {
    const { f64, f32 } = this.#layout;
    return {
      f64: this.f64.slice(slot * f64.size, (slot + 1) * f64.size),
      f32: this.f32.slice(slot * f32.size, (slot + 1) * f32.size),
    };
  }

  write(slot: number, f64: Float64Array, f32: Float32Array): void {
    // Knots of a profile that a former release saved may be infinite; NaN is a knot that is unknown.
    const known = f64.map((each) => (Math.abs(each) === Infinity ? NaN : each));
    this.f64.set(known, slot * this.#layout.f64.size);
    this.f32.set(f32, slot * this.#layout.f32.size);
  }

  clear(): void {
    this.f64 = new Float64Array(0);
    this.f32 = new Float32Array(0);
  }
}
