/** Sums of outer products, which are the gradients of a matrix, in tiles whose sums stay in registers. */
import { mad } from "../../arithmetic";
import { from } from "../memory/block";

/** Adds to 4 rows × 8 columns of `sums` the outer products of 4 values and 8 gradients, over all windows. */
function outerTile(
  values: usize, valueBytes: usize, end: usize, gradients: usize, gradientBytes: usize, sums: usize,
  sumBytes: usize,
): void {
  const second = sums + sumBytes, third = second + sumBytes, fourth = third + sumBytes;
  let a0 = v128.load(sums), a1 = v128.load(sums, 16);
  let b0 = v128.load(second), b1 = v128.load(second, 16);
  let c0 = v128.load(third), c1 = v128.load(third, 16);
  let d0 = v128.load(fourth), d1 = v128.load(fourth, 16);
  for (; values < end; values += valueBytes, gradients += gradientBytes) {
    const g0 = v128.load(gradients), g1 = v128.load(gradients, 16);
    const a = v128.load_splat<f32>(values), b = v128.load_splat<f32>(values, 4);
    a0 = mad(a, g0, a0);
    a1 = mad(a, g1, a1);
    b0 = mad(b, g0, b0);
    b1 = mad(b, g1, b1);
    const c = v128.load_splat<f32>(values, 8), d = v128.load_splat<f32>(values, 12);
    c0 = mad(c, g0, c0);
    c1 = mad(c, g1, c1);
    d0 = mad(d, g0, d0);
    d1 = mad(d, g1, d1);
  }
  v128.store(sums, a0);
  v128.store(sums, a1, 16);
  v128.store(second, b0);
  v128.store(second, b1, 16);
  v128.store(third, c0);
  v128.store(third, c1, 16);
  v128.store(fourth, d0);
  v128.store(fourth, d1, 16);
}

/** The same for 1 row × 4 columns: the remainder at the edges of the tiles. */
function outerEdge(
  values: usize, valueBytes: usize, end: usize, gradients: usize, gradientBytes: usize, sums: usize,
): void {
  let a = v128.load(sums);
  for (; values < end; values += valueBytes, gradients += gradientBytes) {
    a = mad(v128.load_splat<f32>(values), v128.load(gradients), a);
  }
  v128.store(sums, a);
}

/**
 * sums[m][n] += Σ over windows of values[window][m] · gradients[window][n] for all m of `rowsBytes` and n of
 * `columnsBytes`, a multiple of 16; the other three sizes are distances between rows.
 */
export function addOuterProducts(
  count: i32, values: usize, valueBytes: usize, rowsBytes: usize, gradients: usize, gradientBytes: usize,
  columnsBytes: usize, sums: usize, sumBytes: usize,
): void {
  const length = <usize>count * valueBytes;
  for (let m: usize = 0; m < rowsBytes; ) {
    const whole = m + 16 <= rowsBytes;
    const from = values + m;
    const into = sums + (m >> 2) * sumBytes;
    let n: usize = 0;
    if (whole) {
      for (; n + 32 <= columnsBytes; n += 32) {
        outerTile(from, valueBytes, from + length, gradients + n, gradientBytes, into + n, sumBytes);
      }
    }
    const edgeRows: usize = whole ? 4 : 1;
    for (; n < columnsBytes; n += 16) {
      for (let row: usize = 0; row < edgeRows; row++) {
        const value = from + (row << 2);
        outerEdge(value, valueBytes, value + length, gradients + n, gradientBytes, into + row * sumBytes + n);
      }
    }
    m += edgeRows << 2;
  }
}
