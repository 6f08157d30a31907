/** The recurrent cells rnn, gru and lstm: a block of rows one step forward, and windows one step back. */
import { addRows } from "../matrix/dense";
import { addOuterProducts } from "../matrix/outer";
import { gather } from "../memory/block";
import { gradients } from "../memory/parameters";
import { gateGradientBytes, gateGradients, stateBytes } from "../memory/passes";
import { cell, GRU, hiddenBytes, inputsBytes, LSTM, RNN } from "../memory/shape";
import { gruBackward, gruUnits } from "./gru";
import { biasAt, cellGradients, gatesBytes, groupBytes, packed, recurrentAt } from "./layout";
import { lstmBackward, lstmUnits } from "./lstm";
import { packTransposed } from "./pack";
import { rnnBackward, rnnUnits } from "./rnn";

/** Steps the rows of a block, four units at a time; keeps activations for the backward pass at `keep` unless it is 0. */
export function recurrentForward(rows: i32, x: usize, keep: usize): void {
  gather(rows);
  let group = packed;
  for (let unit: usize = 0; unit < hiddenBytes; unit += 16, group += groupBytes) {
    if (cell == GRU) gruUnits(group, unit, rows, x, keep);
    else if (cell == RNN) rnnUnits(group, unit, rows, x);
    else lstmUnits(group, unit, rows, x, keep);
  }
}

/** Adds the gradients of kernel and input bias from the gate gradients at `from`, whose first column is `column`. */
function inputBackward(count: i32, x: usize, from: usize, columnsBytes: usize, column: usize): void {
  addOuterProducts(
    count, x, inputsBytes, inputsBytes, from, gateGradientBytes, columnsBytes, gradients + column, gatesBytes,
  );
  addRows(count, from, gateGradientBytes, columnsBytes, gradients + biasAt + column);
}

/** Prepares the backward pass of windows in `lanes`: the last states of lstm get no gradient from later steps. */
export function beginRecurrentBackward(lanes: usize): void {
  packTransposed();
  if (cell == LSTM) memory.fill(cellGradients, 0, lanes * hiddenBytes);
}

/**
 * Adds the gradients of one step of `count` windows: inputs at `x`, states before the step at `old` and after it at
 * `next`, kept activations at `keep`. Leaves the gate gradients for `addRecurrentGradients`.
 */
export function recurrentBackward(count: i32, x: usize, old: usize, next: usize, keep: usize): void {
  if (cell == GRU) gruBackward(count, old, keep);
  else if (cell == RNN) rnnBackward(count, next);
  else lstmBackward(count, old, keep);

  addOuterProducts(
    count, old, stateBytes, hiddenBytes, gateGradients, gateGradientBytes, gatesBytes, gradients + recurrentAt,
    gatesBytes,
  );
  if (cell == GRU) {
    // Gate gradients are z, r, m, n: the recurrent part sees the first three, the input z, r and n.
    inputBackward(count, x, gateGradients, 2 * hiddenBytes, 0);
    inputBackward(count, x, gateGradients + 3 * hiddenBytes, hiddenBytes, 2 * hiddenBytes);
    addRows(count, gateGradients, gateGradientBytes, gatesBytes, gradients + biasAt + gatesBytes);
  } else {
    inputBackward(count, x, gateGradients, gatesBytes, 0);
  }
}
