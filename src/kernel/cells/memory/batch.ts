/** The batch of rows that `step` takes. The caller writes states, inputs (or symbols) and skips, and reads the rest. */
import { take } from "../../heap";
import { inputsBytes, rows, skipsBytes, symbols, symbolsBytes } from "./shape";

/** Rows of the slab [rows]. */
export let stepStates: usize = 0;
/** Inputs [rows, I] and skips [rows, S]. */
export let stepInputs: usize = 0;
export let stepSkips: usize = 0;
export let stepReadouts: usize = 0;
/** With symbols only: symbols [rows] and their distributions [rows, V]. */
export let stepSymbols: usize = 0;
export let stepDistributions: usize = 0;

export function layOutBatch(): void {
  stepStates = take(<u64>rows * 4);
  stepInputs = take(<u64>rows * inputsBytes);
  stepSkips = take(<u64>rows * skipsBytes);
  stepReadouts = take(<u64>rows * 4);
  stepSymbols = take(symbols > 0 ? <u64>rows * 4 : 0);
  stepDistributions = take(<u64>rows * symbolsBytes);
}
