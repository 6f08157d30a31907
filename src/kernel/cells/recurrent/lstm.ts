/**
 * Long short-term memory (Hochreiter & Schmidhuber, 1997, with the forget gate of Gers et al., 2000):
 * i, f, o = σ(Wx + Uh + b), g = tanh(Wx + Uh + b), c' = f·c + i·g, h' = o·tanh(c'). A row of state is h, then c.
 * Plain reference: test/reference/cells.ts.
 */
import { flush, mad, sigmoidOfHalf, sigmoidSlope, tanh, tanhSlope } from "../../arithmetic";
import { addToReadout, from, oldHidden, to } from "../memory/block";
import {
  gateGradientBytes, gateGradients, hiddenGradientBytes, hiddenGradients, keptBytes, stateBytes,
} from "../memory/passes";
import { hiddenBytes, inputsBytes } from "../memory/shape";
import { cellGradients } from "./layout";

/** Bytes of packed weights of one input or hidden unit, and of packed biases: i, f, g, o of four units. */
const ROW: usize = 64;

/** Sums before the activations: i of three rows, then f, g and o of three rows. */
const sums: usize = memory.data(12 * 16, 16);

/** Activations, write-back and read-out of four units of a row, whose sums start at `sum`. */
// @ts-ignore: decorator
@inline
function finish(row: i32, unit: usize, sum: usize, readout: v128, keep: usize): void {
  const i = sigmoidOfHalf(v128.load(sum));
  const f = sigmoidOfHalf(v128.load(sum, 48));
  const g = tanh(v128.load(sum, 96));
  const o = sigmoidOfHalf(v128.load(sum, 144));
  const nextCell = flush(mad(f, v128.load(from(row) + hiddenBytes + unit), f32x4.mul(i, g)));
  const squashed = tanh(nextCell);
  const next = flush(f32x4.mul(o, squashed));
  v128.store(to(row) + hiddenBytes + unit, nextCell);
  v128.store(to(row) + unit, next);
  addToReadout(row, next, readout);
  if (keep) {
    const into = keep + <usize>row * keptBytes + unit;
    v128.store(into, i);
    v128.store(into + hiddenBytes, f);
    v128.store(into + 2 * hiddenBytes, g);
    v128.store(into + 3 * hiddenBytes, o);
    v128.store(into + 4 * hiddenBytes, squashed);
  }
}

/**
 * Two gates of four units of three rows, before their activations: the sums of all four gates would need more than the
 * sixteen vector registers of x64.
 */
function twoGates(group: usize, row: i32, x: usize, into: usize): void {
  let a0 = v128.load(group), a1 = a0, a2 = a0;
  let b0 = v128.load(group, 16), b1 = b0, b2 = b0;
  let w = group + ROW;
  const recurrent = w + (inputsBytes / 4) * ROW;
  const end = recurrent + (hiddenBytes / 4) * ROW;
  const x0 = x + <usize>row * inputsBytes, x1 = x0 + inputsBytes, x2 = x1 + inputsBytes;
  for (let i: usize = 0; i < inputsBytes; i += 4, w += ROW) {
    const s0 = v128.load_splat<f32>(x0 + i), s1 = v128.load_splat<f32>(x1 + i), s2 = v128.load_splat<f32>(x2 + i);
    const wa = v128.load(w), wb = v128.load(w, 16);
    a0 = mad(s0, wa, a0);
    a1 = mad(s1, wa, a1);
    a2 = mad(s2, wa, a2);
    b0 = mad(s0, wb, b0);
    b1 = mad(s1, wb, b1);
    b2 = mad(s2, wb, b2);
  }
  for (let h = oldHidden(row); w < end; w += ROW, h += 12) {
    const s0 = v128.load_splat<f32>(h), s1 = v128.load_splat<f32>(h, 4), s2 = v128.load_splat<f32>(h, 8);
    const wa = v128.load(w), wb = v128.load(w, 16);
    a0 = mad(s0, wa, a0);
    a1 = mad(s1, wa, a1);
    a2 = mad(s2, wa, a2);
    b0 = mad(s0, wb, b0);
    b1 = mad(s1, wb, b1);
    b2 = mad(s2, wb, b2);
  }
  v128.store(into, a0);
  v128.store(into, a1, 16);
  v128.store(into, a2, 32);
  v128.store(into, b0, 48);
  v128.store(into, b1, 64);
  v128.store(into, b2, 80);
}

/** Four units of three rows. */
function threeRows(group: usize, unit: usize, row: i32, x: usize, keep: usize): void {
  twoGates(group, row, x, sums);
  twoGates(group + 32, row, x, sums + 96);
  const readout = v128.load(group + <usize>(1 + (inputsBytes + hiddenBytes) / 4) * ROW);
  finish(row, unit, sums, readout, keep);
  finish(row + 1, unit, sums + 16, readout, keep);
  finish(row + 2, unit, sums + 32, readout, keep);
}

/** Four units of one row: operation by operation what `threeRows` does for each of its rows, so the bits agree. */
function oneRow(group: usize, unit: usize, row: i32, x: usize, keep: usize): void {
  let i = v128.load(group), f = v128.load(group, 16), g = v128.load(group, 32), o = v128.load(group, 48);
  let w = group + ROW;
  const recurrent = w + (inputsBytes / 4) * ROW;
  const readout = recurrent + (hiddenBytes / 4) * ROW;
  let value = x + <usize>row * inputsBytes;
  while (w < readout) {
    if (w == recurrent) value = oldHidden(row);
    const s = v128.load_splat<f32>(value);
    i = mad(s, v128.load(w), i);
    f = mad(s, v128.load(w, 16), f);
    g = mad(s, v128.load(w, 32), g);
    o = mad(s, v128.load(w, 48), o);
    w += ROW;
    value += 4;
  }
  v128.store(sums, i);
  v128.store(sums, f, 48);
  v128.store(sums, g, 96);
  v128.store(sums, o, 144);
  finish(row, unit, sums, v128.load(readout), keep);
}

/**
 * Steps four units, packed in `group`, of the rows of a block; keeps i, f, g, o, tanh(c') at `keep` unless it
 * is 0.
 */
export function lstmUnits(group: usize, unit: usize, rows: i32, x: usize, keep: usize): void {
  let row = 0;
  for (; row + 3 <= rows; row += 3) threeRows(group, unit, row, x, keep);
  for (; row < rows; row++) oneRow(group, unit, row, x, keep);
}

/**
 * One step back for `count` windows: from the gradients of the new hidden states and cells to those of i, f, g and o
 * before their activations, in this order, and of the old cells. The old hidden states reach the new ones through the
 * recurrent weights alone.
 */
export function lstmBackward(count: i32, old: usize, keep: usize): void {
  for (let row: usize = 0; row < <usize>count; row++) {
    const activations = keep + row * keptBytes;
    const oldCell = old + row * stateBytes + hiddenBytes;
    const into = gateGradients + row * gateGradientBytes;
    const hiddenGradient = hiddenGradients + row * hiddenGradientBytes;
    const cellGradient = cellGradients + row * hiddenBytes;
    for (let unit: usize = 0; unit < hiddenBytes; unit += 16) {
      const i = v128.load(activations + unit);
      const f = v128.load(activations + hiddenBytes + unit);
      const g = v128.load(activations + 2 * hiddenBytes + unit);
      const o = v128.load(activations + 3 * hiddenBytes + unit);
      const squashed = v128.load(activations + 4 * hiddenBytes + unit);
      const dh = v128.load(hiddenGradient + unit);
      const dc = mad(f32x4.mul(dh, o), tanhSlope(squashed), v128.load(cellGradient + unit));
      v128.store(into + unit, f32x4.mul(f32x4.mul(dc, g), sigmoidSlope(i)));
      v128.store(into + hiddenBytes + unit, f32x4.mul(f32x4.mul(dc, v128.load(oldCell + unit)), sigmoidSlope(f)));
      v128.store(into + 2 * hiddenBytes + unit, f32x4.mul(f32x4.mul(dc, i), tanhSlope(g)));
      v128.store(into + 3 * hiddenBytes + unit, f32x4.mul(f32x4.mul(dh, squashed), sigmoidSlope(o)));
      v128.store(cellGradient + unit, flush(f32x4.mul(dc, f)));
      v128.store(hiddenGradient + unit, f32x4.splat(0));
    }
  }
}
