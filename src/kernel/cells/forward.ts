/** A block of rows through the cell, four units at a time over all of its rows, and the step of a batch. */
import { attentionForward } from "./attention";
import { clearSums, finishReadouts, gather, setRow } from "./block";
import { remember } from "./context";
import { CONV, hasContext, WINDOW } from "./context-layout";
import { convForward } from "./conv";
import { gruUnits } from "./gru";
import { lstmUnits } from "./lstm";
import {
  BLOCK, cell, groupBytes, GRU, hiddenBytes, inputsBytes, packed, RNN, skipsBytes, stepInputs,
  stepDistributions, stepReadouts, stepSkips, stepStates, stepSymbols, symbols, symbolsBytes,
} from "./memory";
import { rnnUnits } from "./rnn";
import { rowAt } from "../slab";
import { embed, readSymbols } from "./symbols";
import { windowForward } from "./window";

/** Steps the rows named by `setRow`; keeps what the backward pass needs at `keep` unless it is 0. */
export function forwardBlock(rows: i32, x: usize, skips: usize, readouts: usize, keep: usize): void {
  clearSums(rows);
  if (hasContext(cell)) seeRows(rows, x, keep);
  else rememberRows(rows, x, keep);
  finishReadouts(rows, skips, readouts);
}

/** Cells whose h is a function of the last n inputs. */
function seeRows(rows: i32, x: usize, keep: usize): void {
  remember(rows, x);
  if (cell == WINDOW) windowForward(rows);
  else if (cell == CONV) convForward(rows, keep);
  else attentionForward(rows, keep);
}

/** Recurrent cells. */
function rememberRows(rows: i32, x: usize, keep: usize): void {
  gather(rows);
  let group = packed;
  for (let unit: usize = 0; unit < hiddenBytes; unit += 16, group += groupBytes) {
    if (cell == GRU) gruUnits(group, unit, rows, x, keep);
    else if (cell == RNN) rnnUnits(group, unit, rows, x);
    else lstmUnits(group, unit, rows, x, keep);
  }
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
