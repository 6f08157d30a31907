/** Slabs of what keys keep: a row of 64-bit numbers, one of singles and one of 16-bit counts for each slot. */
import { UndercurrentError } from "../../errors/library.js";

/** A key's rows as a snapshot holds them. */
export interface SlabRows {
  readonly f64: Float64Array;
  readonly f32: Float32Array;
  readonly u16: Uint16Array;
}

/** Where the rows of a key lie in the slabs; one object is reused for all. */
export interface SlabRow {
  f64: Float64Array;
  at64: number;
  f32: Float32Array;
  at32: number;
  u16: Uint16Array;
  at16: number;
}

/** Lengths of a key's rows. */
export type SlabSizes = Readonly<Record<keyof SlabRows, number>>;

export class Slabs {
  f64 = new Float64Array(0);
  f32 = new Float32Array(0);
  u16 = new Uint16Array(0);
  readonly sizes: SlabSizes;
  readonly #content: string;
  readonly #row: SlabRow = { f64: this.f64, at64: 0, f32: this.f32, at32: 0, u16: this.u16, at16: 0 };

  /** @param content What the rows hold, for the error that memory ran out. */
  constructor(sizes: SlabSizes, content: string) {
    this.sizes = sizes;
    this.#content = content;
  }

  get bytes(): number {
    return this.f64.byteLength + this.f32.byteLength + this.u16.byteLength;
  }

  get bytesPerKey(): number {
    const { f64, f32, u16 } = this.sizes;
    return 8 * f64 + 4 * f32 + 2 * u16;
  }

  /** Makes room for `keys` keys. Throws MEMORY_EXHAUSTED, changing nothing. */
  reserve(keys: number): void {
    const { sizes } = this;
    const isEnough = (slab: { readonly length: number }, size: number): boolean => keys * size <= slab.length;
    if (isEnough(this.f64, sizes.f64) && isEnough(this.f32, sizes.f32) && isEnough(this.u16, sizes.u16))
      return;
    try {
      const f64 = new Float64Array(keys * sizes.f64);
      const f32 = new Float32Array(keys * sizes.f32);
      const u16 = new Uint16Array(keys * sizes.u16);
      f64.set(this.f64);
      f32.set(this.f32);
      u16.set(this.u16);
      this.f64 = f64;
      this.f32 = f32;
      this.u16 = u16;
    } catch (cause) {
      const message = `out of memory: cannot allocate the ${this.#content} of ${keys} keys`;
      throw new UndercurrentError("MEMORY_EXHAUSTED", message, { cause });
    }
  }

  /** Returns the rows of a slot; the object is reused. */
  rowOf(slot: number): SlabRow {
    const { sizes } = this;
    const row = this.#row;
    row.f64 = this.f64;
    row.at64 = slot * sizes.f64;
    row.f32 = this.f32;
    row.at32 = slot * sizes.f32;
    row.u16 = this.u16;
    row.at16 = slot * sizes.u16;
    return row;
  }

  read(slot: number): SlabRows {
    const { f64, f32, u16 } = this.sizes;
    return {
      f64: this.f64.slice(slot * f64, (slot + 1) * f64),
      f32: this.f32.slice(slot * f32, (slot + 1) * f32),
      u16: this.u16.slice(slot * u16, (slot + 1) * u16),
    };
  }

  write(slot: number, { f64, f32, u16 }: SlabRows): void {
    this.f64.set(f64, slot * this.sizes.f64);
    this.f32.set(f32, slot * this.sizes.f32);
    this.u16.set(u16, slot * this.sizes.u16);
  }

  /** The key of a slot begins anew. */
  start(slot: number): void {
    const { f64, f32, u16 } = this.sizes;
    this.f64.fill(0, slot * f64, (slot + 1) * f64);
    this.f32.fill(0, slot * f32, (slot + 1) * f32);
    this.u16.fill(0, slot * u16, (slot + 1) * u16);
  }

  clear(): void {
    this.f64 = new Float64Array(0);
    this.f32 = new Float32Array(0);
    this.u16 = new Uint16Array(0);
  }
}
