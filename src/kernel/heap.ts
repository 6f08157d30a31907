/** Lays out a kernel's memory: buffers in a row, then a slab that grows. */

const PAGE: u64 = 65536;
const LIMIT: u64 = 65536 * PAGE;

/** End of the layout. It has 64 bits because the memory may end at 4 GiB. */
let end: u64 = 0;

/** Restarts the layout after the kernel's own data. */
export function beginLayout(): void {
  end = <u64>__heap_base;
}

/** Takes the next bytes, aligned to a cache line. */
export function take(bytes: u64): usize {
  const start = (end + 63) & ~(<u64>63);
  end = start + bytes;
  return <usize>start;
}

/** Grows the memory to the end of the layout. Returns false and changes nothing if it cannot. */
export function growToLayout(): bool {
  return grow(end);
}

/** Grows the memory to an end. Returns false and changes nothing if it cannot. */
export function grow(to: u64): bool {
  if (to > LIMIT) return false;
  const missing = <i32>((to + PAGE - 1) / PAGE) - memory.size();
  return missing <= 0 || memory.grow(missing) >= 0;
}
