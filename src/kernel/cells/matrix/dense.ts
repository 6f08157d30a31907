/** Products of rows with a row-major matrix, in tiles whose sums stay in registers; sums of rows; transposes. */
import { mad } from "../../arithmetic";

/** Three rows × 8 columns, the sums in registers. */
function wideTile(
  x: usize, xBytes: usize, end: usize, w: usize, wBytes: usize, out: usize, outBytes: usize,
): void {
  const second = out + outBytes, third = second + outBytes;
  let a0 = v128.load(out), a1 = v128.load(out, 16);
  let b0 = v128.load(second), b1 = v128.load(second, 16);
  let c0 = v128.load(third), c1 = v128.load(third, 16);
  let y = x + xBytes, z = y + xBytes;
  for (; x < end; x += 4, y += 4, z += 4, w += wBytes) {
    const w0 = v128.load(w), w1 = v128.load(w, 16);
    const a = v128.load_splat<f32>(x), b = v128.load_splat<f32>(y), c = v128.load_splat<f32>(z);
    a0 = mad(a, w0, a0);
    a1 = mad(a, w1, a1);
    b0 = mad(b, w0, b0);
    b1 = mad(b, w1, b1);
    c0 = mad(c, w0, c0);
    c1 = mad(c, w1, c1);
  }
  v128.store(out, a0);
  v128.store(out, a1, 16);
  v128.store(second, b0);
  v128.store(second, b1, 16);
  v128.store(third, c0);
  v128.store(third, c1, 16);
}

/** One row × 16 columns: rows that are left over; operation by operation as `wideTile`, so the bits agree. */
function longTile(x: usize, end: usize, w: usize, wBytes: usize, out: usize): void {
  let a0 = v128.load(out), a1 = v128.load(out, 16), a2 = v128.load(out, 32), a3 = v128.load(out, 48);
  for (; x < end; x += 4, w += wBytes) {
    const a = v128.load_splat<f32>(x);
    a0 = mad(a, v128.load(w), a0);
    a1 = mad(a, v128.load(w, 16), a1);
    a2 = mad(a, v128.load(w, 32), a2);
    a3 = mad(a, v128.load(w, 48), a3);
  }
  v128.store(out, a0);
  v128.store(out, a1, 16);
  v128.store(out, a2, 32);
  v128.store(out, a3, 48);
}

/** Computes 1 row × 4 columns: the remainder at the edges. */
function edge(x: usize, end: usize, w: usize, wBytes: usize, out: usize): void {
  let a = v128.load(out);
  for (; x < end; x += 4, w += wBytes) a = mad(v128.load_splat<f32>(x), v128.load(w), a);
  v128.store(out, a);
}

/**
 * out[row][n] += Σ of x[row][k] · w[k][n] over the k of `lengthBytes`, for all rows and the n of `columnsBytes`, a
 * multiple of 16; the sizes after addresses are distances between rows. The bits of a row do not depend on the others.
 */
export function addProducts(
  rows: i32, x: usize, xBytes: usize, lengthBytes: usize, w: usize, wBytes: usize, columnsBytes: usize,
  out: usize, outBytes: usize,
): void {
  let row: usize = 0;
  for (; row + 3 <= <usize>rows; row += 3) {
    const from = x + row * xBytes, into = out + row * outBytes;
    let n: usize = 0;
    for (; n + 32 <= columnsBytes; n += 32) {
      wideTile(from, xBytes, from + lengthBytes, w + n, wBytes, into + n, outBytes);
    }
    if (n == columnsBytes) continue;
    for (let each: usize = 0; each < 3; each++) {
      const one = from + each * xBytes;
      edge(one, one + lengthBytes, w + n, wBytes, into + each * outBytes + n);
    }
  }
  for (; row < <usize>rows; row++) {
    const from = x + row * xBytes, into = out + row * outBytes;
    let n: usize = 0;
    for (; n + 64 <= columnsBytes; n += 64) longTile(from, from + lengthBytes, w + n, wBytes, into + n);
    for (; n < columnsBytes; n += 16) edge(from, from + lengthBytes, w + n, wBytes, into + n);
  }
}

/** Every row becomes these values; sizes are multiples of 16. */
export function fillRows(rows: i32, values: usize, bytes: usize, out: usize, outBytes: usize): void {
  for (let row = 0; row < rows; row++, out += outBytes) {
    for (let at: usize = 0; at < bytes; at += 16) v128.store(out + at, v128.load(values + at));
  }
}

/** sums[n] += Σ over the rows of values[row][n]. */
export function addRows(rows: i32, values: usize, valueBytes: usize, bytes: usize, sums: usize): void {
  for (let at: usize = 0; at < bytes; at += 16) {
    let sum = v128.load(sums + at);
    let value = values + at;
    for (let row = 0; row < rows; row++, value += valueBytes) sum = f32x4.add(sum, v128.load(value));
    v128.store(sums + at, sum);
  }
}

/** to[n][m] = from[m][n] for `rows` m and `columns` n; entries after the rows of `to` stay unchanged. */
export function transpose(
  from: usize, fromBytes: usize, rows: i32, columns: i32, to: usize, toBytes: usize,
): void {
  for (let m: usize = 0; m < <usize>rows; m++) {
    for (let n: usize = 0; n < <usize>columns; n++) {
      store<f32>(to + n * toBytes + (m << 2), load<f32>(from + m * fromBytes + (n << 2)));
    }
  }
}
