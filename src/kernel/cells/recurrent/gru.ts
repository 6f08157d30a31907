/**
 * Gated recurrent unit with the reset gate after the product (Cho et al., 2014, as in Keras' `reset_after`):
 * z = σ(Wx + Uh + b), r likewise, m = Uh + b, n = tanh(Wx + b + r·m), h' = n + z (h − n).
 * Plain reference: test/reference/cells.ts.
 */
import { flush, mad, sigmoidOfHalf, sigmoidSlope, tanh, tanhSlope } from "../../arithmetic";
import { addToReadout, from, oldHidden, to } from "../memory/block";
import {
  gateGradientBytes, gateGradients, hiddenGradientBytes, hiddenGradients, keptBytes, stateBytes,
} from "../memory/passes";
import { hiddenBytes, inputsBytes } from "../memory/shape";

/** Bytes of packed weights of one input or hidden unit: z, r, n of four units. */
const ROW: usize = 48;
/** Bytes of packed biases: z, r, n of the input, n of the recurrent part. */
const BIAS: usize = 64;

/** Activations, write-back and read-out of four units of a row. */
// @ts-ignore: decorator
@inline
function finish(
  row: i32, unit: usize, halfZ: v128, halfR: v128, m: v128, nInput: v128, readout: v128, keep: usize,
): void {
  const z = sigmoidOfHalf(halfZ);
  const r = sigmoidOfHalf(halfR);
  const n = tanh(mad(r, m, nInput));
  const h = v128.load(from(row) + unit);
  const next = flush(mad(z, f32x4.sub(h, n), n));
  v128.store(to(row) + unit, next);
  addToReadout(row, next, readout);
  if (keep) {
    const into = keep + <usize>row * keptBytes + unit;
    v128.store(into, z);
    v128.store(into + hiddenBytes, r);
    v128.store(into + 2 * hiddenBytes, m);
    v128.store(into + 3 * hiddenBytes, n);
  }
}

/**
 * Computes four units of three rows. The candidate's input part has its own loop after the recurrent one: in one loop they
 * would need more than the sixteen vector registers of x64.
 */
function threeRows(group: usize, unit: usize, row: i32, x: usize, keep: usize): void {
  let z0 = v128.load(group), z1 = z0, z2 = z0;
  let r0 = v128.load(group, 16), r1 = r0, r2 = r0;
  let m0 = v128.load(group, 48), m1 = m0, m2 = m0;
  let w = group + BIAS;
  const recurrent = w + (inputsBytes / 4) * ROW;
  const readout = recurrent + (hiddenBytes / 4) * ROW;
  const x0 = x + <usize>row * inputsBytes, x1 = x0 + inputsBytes, x2 = x1 + inputsBytes;
  for (let i: usize = 0; i < inputsBytes; i += 4, w += ROW) {
    const s0 = v128.load_splat<f32>(x0 + i), s1 = v128.load_splat<f32>(x1 + i), s2 = v128.load_splat<f32>(x2 + i);
    const wz = v128.load(w), wr = v128.load(w, 16);
    z0 = mad(s0, wz, z0);
    z1 = mad(s1, wz, z1);
    z2 = mad(s2, wz, z2);
    r0 = mad(s0, wr, r0);
    r1 = mad(s1, wr, r1);
    r2 = mad(s2, wr, r2);
  }
  for (let h = oldHidden(row); w < readout; w += ROW, h += 12) {
    const s0 = v128.load_splat<f32>(h), s1 = v128.load_splat<f32>(h, 4), s2 = v128.load_splat<f32>(h, 8);
    const wz = v128.load(w);
    z0 = mad(s0, wz, z0);
    z1 = mad(s1, wz, z1);
    z2 = mad(s2, wz, z2);
    const wr = v128.load(w, 16);
    r0 = mad(s0, wr, r0);
    r1 = mad(s1, wr, r1);
    r2 = mad(s2, wr, r2);
    const wn = v128.load(w, 32);
    m0 = mad(s0, wn, m0);
    m1 = mad(s1, wn, m1);
    m2 = mad(s2, wn, m2);
  }
  let n0 = v128.load(group, 32), n1 = n0, n2 = n0;
  w = group + BIAS;
  for (let i: usize = 0; i < inputsBytes; i += 4, w += ROW) {
    const wn = v128.load(w, 32);
    n0 = mad(v128.load_splat<f32>(x0 + i), wn, n0);
    n1 = mad(v128.load_splat<f32>(x1 + i), wn, n1);
    n2 = mad(v128.load_splat<f32>(x2 + i), wn, n2);
  }
  const out = v128.load(readout);
  finish(row, unit, z0, r0, m0, n0, out, keep);
  finish(row + 1, unit, z1, r1, m1, n1, out, keep);
  finish(row + 2, unit, z2, r2, m2, n2, out, keep);
}

/** Four units of one row: operation by operation what `threeRows` does for each of its rows, so the bits agree. */
function oneRow(group: usize, unit: usize, row: i32, x: usize, keep: usize): void {
  let z = v128.load(group), r = v128.load(group, 16), n = v128.load(group, 32), m = v128.load(group, 48);
  let w = group + BIAS;
  const recurrent = w + (inputsBytes / 4) * ROW;
  const readout = recurrent + (hiddenBytes / 4) * ROW;
  for (let i = x + <usize>row * inputsBytes; w < recurrent; w += ROW, i += 4) {
    const s = v128.load_splat<f32>(i);
    z = mad(s, v128.load(w), z);
    r = mad(s, v128.load(w, 16), r);
    n = mad(s, v128.load(w, 32), n);
  }
  for (let h = oldHidden(row); w < readout; w += ROW, h += 4) {
    const s = v128.load_splat<f32>(h);
    z = mad(s, v128.load(w), z);
    r = mad(s, v128.load(w, 16), r);
    m = mad(s, v128.load(w, 32), m);
  }
  finish(row, unit, z, r, m, n, v128.load(readout), keep);
}

/** Steps four units, packed in `group`, of the rows of a block; keeps z, r, m, n at `keep` unless it is 0. */
export function gruUnits(group: usize, unit: usize, rows: i32, x: usize, keep: usize): void {
  let row = 0;
  for (; row + 3 <= rows; row += 3) threeRows(group, unit, row, x, keep);
  for (; row < rows; row++) oneRow(group, unit, row, x, keep);
}

/**
 * Computes one backward step for `count` windows. Turns the gradients of the new hidden states into those of z, r, m and n
 * before their activations, in this order. Adds the part of the old hidden states' gradients that does not pass the recurrent
 * weights.
 */
export function gruBackward(count: i32, old: usize, keep: usize): void {
  for (let row: usize = 0; row < <usize>count; row++) {
    const activations = keep + row * keptBytes;
    const state = old + row * stateBytes;
    const into = gateGradients + row * gateGradientBytes;
    const hiddenGradient = hiddenGradients + row * hiddenGradientBytes;
    for (let unit: usize = 0; unit < hiddenBytes; unit += 16) {
      const z = v128.load(activations + unit);
      const r = v128.load(activations + hiddenBytes + unit);
      const m = v128.load(activations + 2 * hiddenBytes + unit);
      const n = v128.load(activations + 3 * hiddenBytes + unit);
      const dh = v128.load(hiddenGradient + unit);
      const dn = f32x4.mul(f32x4.mul(dh, f32x4.sub(f32x4.splat(1), z)), tanhSlope(n));
      const dz = f32x4.mul(f32x4.mul(dh, f32x4.sub(v128.load(state + unit), n)), sigmoidSlope(z));
      const dr = f32x4.mul(f32x4.mul(dn, m), sigmoidSlope(r));
      v128.store(into + unit, dz);
      v128.store(into + hiddenBytes + unit, dr);
      v128.store(into + 2 * hiddenBytes + unit, f32x4.mul(dn, r));
      v128.store(into + 3 * hiddenBytes + unit, dn);
      v128.store(hiddenGradient + unit, f32x4.mul(dh, z));
    }
  }
}
