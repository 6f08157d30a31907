/**
 * Simple recurrent unit (Elman, 1990): h' = tanh(Wx + Uh + b).
 * Plain reference: test/reference/cells.ts.
 */
import { flush, mad, tanh, tanhSlope } from "../../arithmetic";
import { addToReadout, oldHidden, to } from "../memory/block";
import {
  gateGradientBytes, gateGradients, hiddenGradientBytes, hiddenGradients, stateBytes,
} from "../memory/passes";
import { hiddenBytes, inputsBytes } from "../memory/shape";

/** Bytes of packed weights of one input or hidden unit, and of packed biases: one vector of four units. */
const ROW: usize = 16;

/** Activation, write-back and read-out of four units of a row. */
// @ts-ignore: decorator
@inline
function finish(row: i32, unit: usize, sum: v128, readout: v128): void {
  const next = flush(tanh(sum));
  v128.store(to(row) + unit, next);
  addToReadout(row, next, readout);
}

/** Four units of three rows. */
function threeRows(group: usize, unit: usize, row: i32, x: usize): void {
  let a0 = v128.load(group), a1 = a0, a2 = a0;
  let w = group + ROW;
  const recurrent = w + (inputsBytes / 4) * ROW;
  const readout = recurrent + (hiddenBytes / 4) * ROW;
  const x0 = x + <usize>row * inputsBytes, x1 = x0 + inputsBytes, x2 = x1 + inputsBytes;
  for (let i: usize = 0; i < inputsBytes; i += 4, w += ROW) {
    const weight = v128.load(w);
    a0 = mad(v128.load_splat<f32>(x0 + i), weight, a0);
    a1 = mad(v128.load_splat<f32>(x1 + i), weight, a1);
    a2 = mad(v128.load_splat<f32>(x2 + i), weight, a2);
  }
  for (let h = oldHidden(row); w < readout; w += ROW, h += 12) {
    const weight = v128.load(w);
    a0 = mad(v128.load_splat<f32>(h), weight, a0);
    a1 = mad(v128.load_splat<f32>(h, 4), weight, a1);
    a2 = mad(v128.load_splat<f32>(h, 8), weight, a2);
  }
  const out = v128.load(readout);
  finish(row, unit, a0, out);
  finish(row + 1, unit, a1, out);
  finish(row + 2, unit, a2, out);
}

/** Four units of one row: operation by operation what `threeRows` does for each of its rows, so the bits agree. */
function oneRow(group: usize, unit: usize, row: i32, x: usize): void {
  let a = v128.load(group);
  let w = group + ROW;
  const recurrent = w + (inputsBytes / 4) * ROW;
  const readout = recurrent + (hiddenBytes / 4) * ROW;
  for (let i = x + <usize>row * inputsBytes; w < recurrent; w += ROW, i += 4) {
    a = mad(v128.load_splat<f32>(i), v128.load(w), a);
  }
  for (let h = oldHidden(row); w < readout; w += ROW, h += 4) {
    a = mad(v128.load_splat<f32>(h), v128.load(w), a);
  }
  finish(row, unit, a, v128.load(readout));
}

/** Steps four units, packed in `group`, of the rows of a block. */
export function rnnUnits(group: usize, unit: usize, rows: i32, x: usize): void {
  let row = 0;
  for (; row + 3 <= rows; row += 3) threeRows(group, unit, row, x);
  for (; row < rows; row++) oneRow(group, unit, row, x);
}

/**
 * One step back for `count` windows: from the gradients of the new hidden states to those before the activation. The
 * old hidden states reach the new ones through the recurrent weights alone.
 */
export function rnnBackward(count: i32, next: usize): void {
  for (let row: usize = 0; row < <usize>count; row++) {
    const state = next + row * stateBytes;
    const into = gateGradients + row * gateGradientBytes;
    const hiddenGradient = hiddenGradients + row * hiddenGradientBytes;
    for (let unit: usize = 0; unit < hiddenBytes; unit += 16) {
      const da = f32x4.mul(v128.load(hiddenGradient + unit), tanhSlope(v128.load(state + unit)));
      v128.store(into + unit, da);
      v128.store(hiddenGradient + unit, f32x4.splat(0));
    }
  }
}
