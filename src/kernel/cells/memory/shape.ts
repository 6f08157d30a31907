/**
 * The shape that the memory is laid out for. The engine writes the fields below, then calls `init`. A size that ends in
 * `Bytes` counts bytes; all floats have 32 bits.
 */

/** Cells, numbered in the order of `cellKinds` in src/engine/port.ts. */
export const RNN: i32 = 0;
export const GRU: i32 = 1;
export const LSTM: i32 = 2;
export const WINDOW: i32 = 3;
export const CONV: i32 = 4;
export const ATTENTION: i32 = 5;

/** The fields of `EngineShape` in src/engine/port.ts, with the same names. */
export let cell: i32 = GRU;
export let inputs: i32 = 0;
export let hidden: i32 = 0;
export let skips: i32 = 0;
/** Size of the vocabulary, a multiple of 4; 0 where the read-out is a number. */
export let symbols: i32 = 0;
export let bpttSteps: i32 = 0;
export let bpttWindows: i32 = 0;
export let rows: i32 = 0;

/** Whether the cell carries a hidden state; else it sees its last inputs. */
export let isRecurrent: bool = true;

/** One row of inputs, of hidden units, of skips, and of values for each symbol. */
export let inputsBytes: usize = 0;
export let hiddenBytes: usize = 0;
export let skipsBytes: usize = 0;
export let symbolsBytes: usize = 0;

/** Derives the sizes from the fields. */
export function measureShape(): void {
  isRecurrent = cell <= LSTM;
  inputsBytes = <usize>inputs << 2;
  hiddenBytes = <usize>hidden << 2;
  skipsBytes = <usize>skips << 2;
  symbolsBytes = <usize>symbols << 2;
}
