/** Points to one key's 64-bit and 32-bit numbers; one cursor object is reused for all keys. */
import { aside, number, type KeyLayout } from "./layout.js";
import type { KeyTable } from "./table.js";

/** Singles of a key, or a copy of them: those from `f32[at32]` on. */
export interface SinglesRow {
  readonly f32: Float32Array;
  readonly at32: number;
}

/**
 * Points at the rows of one key: 64-bit numbers from `f64[at64]` on, and singles from `f32[at32]` on. What the offsets
 * mean stands in `layout`.
 *
 * @example
 * ```ts
 * const key = new KeyRow(layout);
 * key.point(keys, slot);
 * key.f64[key.at64 + number.count]; // events of the key
 * ```
 */
export class KeyRow<Layout = KeyLayout> implements SinglesRow {
  slot = 0;
  f64: Float64Array = new Float64Array(0);
  at64 = 0;
  f32: Float32Array = new Float32Array(0);
  at32 = 0;
  readonly layout: Layout;

  constructor(layout: Layout) {
    this.layout = layout;
  }

  /** Turns to the key of a slot. The table must not grow while the cursor is in use. */
  point(keys: KeyTable, slot: number): this {
    this.slot = slot;
    this.f64 = keys.f64;
    this.at64 = slot * keys.f64PerKey;
    this.f32 = keys.f32;
    this.at32 = slot * keys.f32PerKey;
    return this;
  }
}

/** Takes a key's statistics back to zero, but for its count, its clock, its features and the values that were set aside. */
export function startAnew({ f64, at64, f32, at32, layout }: KeyRow): void {
  for (const name of statistics) f64[at64 + number[name]] = 0;
  f32.fill(0, at32, at32 + layout.gaps);
  // How many values were set aside, and what became of them, is known of the key as a whole (`guard.ts`).
  const doubt = at32 + layout.aside + aside.doubt;
  const stays = at32 + layout.aside + aside.stays;
  const open = at32 + layout.aside + aside.open;
  const kept = [f32[doubt]!, f32[stays]!, f32[open]!] as const;
  f32.fill(0, at32 + layout.aside, at32 + layout.far);
  [f32[doubt], f32[stays], f32[open]] = kept;
}

const statistics = [
  "variance",
  "squaredChange",
  "squaredError",
  "recentSquaredError",
  "follows",
  "candidateSquare",
  "largestMove",
] as const;
