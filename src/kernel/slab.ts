/** A slab of rows of one size (states or models of keys), at the end of a kernel's memory, where it can grow. */
import { grow, growToLayout, take } from "./heap";

let rowBytes: usize = 0;
let rows: i32 = 0;

/** Where the first row lies. */
export let slab: usize = 0;

/** Ends a layout with an empty slab of rows of this size, in bytes. Returns false if memory is exhausted. */
export function layOutSlab(bytes: usize): bool {
  rowBytes = bytes;
  rows = 0;
  slab = take(0);
  return growToLayout();
}

/** Floats of a row. */
export function rowSize(): i32 {
  return <i32>(rowBytes >> 2);
}

/** Makes the first rows exist, new ones zero; false, with nothing changed, where memory ends. */
export function reserve(count: i32): bool {
  if (count <= rows) return true;
  if (!grow(<u64>slab + <u64>count * rowBytes)) return false;
  rows = count;
  return true;
}

/** Address of a row. */
// @ts-ignore: decorator
@inline
export function rowAt(row: i32): usize {
  return slab + <usize>row * rowBytes;
}
