/**
 * Keeps the last n inputs of each row, after h in its state, and computes the layer h = tanh(sums) that the context cells
 * share. Plain reference: test/reference/context-cells.ts.
 */
import { flush, tanh, tanhSlope } from "../../arithmetic";
import { addRows, fillRows } from "../matrix/dense";
import { addToReadout, blockHidden, from, to } from "../memory/block";
import { gradients, readoutAt, weights } from "../memory/parameters";
import {
  gateGradientBytes, gateGradients, hiddenGradientBytes, hiddenGradients, stateBytes,
} from "../memory/passes";
import { hiddenBytes, inputsBytes } from "../memory/shape";
import { biasAt, blockContext, contextBytes } from "./layout";

/** Largest size of an input that a state keeps: no sum of inputs overflows. */
const LARGEST: f32 = 1000;

// @ts-ignore: decorator
@inline
function bounded(value: v128): v128 {
  return f32x4.pmax(f32x4.splat(-LARGEST), f32x4.pmin(f32x4.splat(LARGEST), flush(value)));
}

// @ts-ignore: decorator
@inline
function copyBounded(source: usize, bytes: usize, state: usize, block: usize): void {
  let at: usize = 0;
  for (; at + 16 <= bytes; at += 16) {
    const values = bounded(v128.load(source + at));
    v128.store(state + at, values);
    v128.store(block + at, values);
  }
  for (; at < bytes; at += 4) {
    const value = f32x4.extract_lane(bounded(v128.load32_zero(source + at)), 0);
    store<f32>(state + at, value);
    store<f32>(block + at, value);
  }
}

/**
 * Appends the new inputs to the last n of each row of a block, from old state to new, which may be the same. Leaves the
 * last n inputs of row r at `context(r)`.
 */
export function rememberInputs(rows: i32, x: usize): void {
  const kept = contextBytes - inputsBytes;
  for (let row = 0; row < rows; row++) {
    const old = from(row) + hiddenBytes, next = to(row) + hiddenBytes, block = context(row);
    copyBounded(old + inputsBytes, kept, next, block);
    copyBounded(x + <usize>row * inputsBytes, inputsBytes, next + kept, block + kept);
    for (let at = contextBytes; at < stateBytes - hiddenBytes; at += 4) store<f32>(next + at, 0);
  }
}

/** Address of the last n inputs of a row of the block, the oldest first. */
// @ts-ignore: decorator
@inline
export function context(row: i32): usize {
  return blockContext + <usize>row * contextBytes;
}

/** Starts the sums before the activation of h, row by row at `blockHidden`. */
export function beginHidden(rows: i32): void {
  fillRows(rows, weights + biasAt, hiddenBytes, blockHidden, hiddenBytes);
}

/** h = tanh of those sums, into the new states and the read-outs. */
export function finishHidden(rows: i32): void {
  for (let row = 0; row < rows; row++) {
    const sums = blockHidden + <usize>row * hiddenBytes;
    for (let unit: usize = 0; unit < hiddenBytes; unit += 16) {
      const next = flush(tanh(v128.load(sums + unit)));
      v128.store(to(row) + unit, next);
      addToReadout(row, next, v128.load(weights + readoutAt + unit));
    }
  }
}

/** From the gradients of h to those before its activation, and of its bias. No h reaches the step before. */
export function hiddenBackward(count: i32, next: usize): void {
  for (let row: usize = 0; row < <usize>count; row++) {
    const hidden = hiddenGradients + row * hiddenGradientBytes;
    for (let unit: usize = 0; unit < hiddenBytes; unit += 16) {
      const slope = tanhSlope(v128.load(next + row * stateBytes + unit));
      const gradient = f32x4.mul(v128.load(hidden + unit), slope);
      v128.store(gateGradients + row * gateGradientBytes + unit, gradient);
      v128.store(hidden + unit, f32x4.splat(0));
    }
  }
  addRows(count, gateGradients, gateGradientBytes, hiddenBytes, gradients + biasAt);
}
