/**
 * Long short-term memory (Hochreiter & Schmidhuber, 1997, with the forget gate of Gers et al., 2000):
 * i, f, o = σ(Wx + Uh + b), g = tanh(Wx + Uh + b), c' = f·c + i·g, h' = o·tanh(c'). A row of state is h, then c.
 */
import { flush, mad, sigmoidOfHalf, sigmoidSlope, tanh, tanhSlope } from "./arithmetic";
import { addToReadout, from, oldHidden, to } from "./block";
import {
  cellGradients, gateGradientBytes, gateGradients, hiddenBytes, hiddenGradientBytes, hiddenGradients, inputsBytes, keptBytes, stateBytes,
} from "./memory";

/** Bytes of packed weights of one input or hidden unit, and of packed biases: i, f, g, o of four units. */
const ROW: usize = 64;

/** Activations, write-back and read-out of four units of a row. */
// @ts-ignore: decorator
@inline
function finish(row: i32, unit: usize, halfI: v128, halfF: v128, sumG: v128, halfO: v128, readout: v128, keep: usize): void {
  const i = sigmoidOfHalf(halfI);
  const f = sigmoidOfHalf(halfF);
  const g = tanh(sumG);
  const o = sigmoidOfHalf(halfO);
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

/** Four units of three rows. */
function threeRows(group: usize, unit: usize, row: i32, x: usize, keep: usize): void {
  let i0 = v128.load(group), i1 = i0, i2 = i0;
  let f0 = v128.load(group, 16), f1 = f0, f2 = f0;
  let g0 = v128.load(group, 32), g1 = g0, g2 = g0;
  let o0 = v128.load(group, 48), o1 = o0, o2 = o0;
  let w = group + ROW;
  const recurrent = w + (inputsBytes / 4) * ROW;
  const readout = recurrent + (hiddenBytes / 4) * ROW;
  // The inputs of three rows lie apart, their old hidden states interleaved.
  let s = x + <usize>row * inputsBytes;
  let second: usize = inputsBytes, third: usize = 2 * inputsBytes, advance: usize = 4;
  while (w < readout) {
    if (w == recurrent) {
      s = oldHidden(row);
      second = 4;
      third = 8;
      advance = 12;
    }
    const s0 = v128.load_splat<f32>(s), s1 = v128.load_splat<f32>(s + second), s2 = v128.load_splat<f32>(s + third);
    const wi = v128.load(w);
    i0 = mad(s0, wi, i0);
    i1 = mad(s1, wi, i1);
    i2 = mad(s2, wi, i2);
    const wf = v128.load(w, 16);
    f0 = mad(s0, wf, f0);
    f1 = mad(s1, wf, f1);
    f2 = mad(s2, wf, f2);
    const wg = v128.load(w, 32);
    g0 = mad(s0, wg, g0);
    g1 = mad(s1, wg, g1);
    g2 = mad(s2, wg, g2);
    const wo = v128.load(w, 48);
    o0 = mad(s0, wo, o0);
    o1 = mad(s1, wo, o1);
    o2 = mad(s2, wo, o2);
    w += ROW;
    s += advance;
  }
  const out = v128.load(readout);
  finish(row, unit, i0, f0, g0, o0, out, keep);
  finish(row + 1, unit, i1, f1, g1, o1, out, keep);
  finish(row + 2, unit, i2, f2, g2, o2, out, keep);
}

/** Four units of one row: operation by operation what `threeRows` does for each of its rows, so the bits agree. */
function oneRow(group: usize, unit: usize, row: i32, x: usize, keep: usize): void {
  let i = v128.load(group), f = v128.load(group, 16), g = v128.load(group, 32), o = v128.load(group, 48);
  let w = group + ROW;
  const recurrent = w + (inputsBytes / 4) * ROW;
  const readout = recurrent + (hiddenBytes / 4) * ROW;
  let from = x + <usize>row * inputsBytes;
  while (w < readout) {
    if (w == recurrent) from = oldHidden(row);
    const s = v128.load_splat<f32>(from);
    i = mad(s, v128.load(w), i);
    f = mad(s, v128.load(w, 16), f);
    g = mad(s, v128.load(w, 32), g);
    o = mad(s, v128.load(w, 48), o);
    w += ROW;
    from += 4;
  }
  finish(row, unit, i, f, g, o, v128.load(readout), keep);
}

/** Steps four units, packed in `group`, of the rows of a block; keeps i, f, g, o, tanh(c') at `keep` unless it is 0. */
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
