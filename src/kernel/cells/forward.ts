/** Takes a block of rows through the cell and its read-out; and `step`, which takes a batch block by block. */
import { rowAt } from "../slab";
import { contextForward } from "./context/cell";
import {
  stepDistributions, stepInputs, stepReadouts, stepSkips, stepStates, stepSymbols,
} from "./memory/batch";
import { BLOCK, clearSums, finishReadouts, setRow } from "./memory/block";
import { inputsBytes, isRecurrent, skipsBytes, symbols, symbolsBytes } from "./memory/shape";
import { recurrentForward } from "./recurrent/cell";
import { embed, readSymbols } from "./symbols/symbols";

/** Steps the rows named by `setRow`. Keeps the values for the backward pass at `keep`, unless it is 0. */
export function forwardBlock(rows: i32, x: usize, skips: usize, readouts: usize, keep: usize): void {
  clearSums(rows);
  if (isRecurrent) recurrentForward(rows, x, keep);
  else contextForward(rows, x, keep);
  finishReadouts(rows, skips, readouts);
}

/** Steps the first `count` rows of the batch in place. */
export function step(count: i32): void {
  if (symbols > 0) embed(count, stepSymbols, stepInputs);
  for (let first = 0; first < count; first += BLOCK) {
    const rows = min(BLOCK, count - first);
    const at = <usize>first;
    for (let row = 0; row < rows; row++) {
      const state = rowAt(load<i32>(stepStates + ((at + row) << 2)));
      setRow(row, state, state);
    }
    forwardBlock(
      rows, stepInputs + at * inputsBytes, stepSkips + at * skipsBytes, stepReadouts + (at << 2), 0,
    );
    if (symbols > 0) readSymbols(rows, stepDistributions + at * symbolsBytes);
  }
}
