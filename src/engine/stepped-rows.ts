/** Events whose cell has just been stepped. */
import type { StepBuffers } from "./port.js";

/** Rows that one call of the engine steps at most. */
export const rowsPerStep = 1024;

/** Events that the cell has just taken. Row i of each array is one of them; all of it is reused. */
export interface SteppedRows {
  readonly count: number;
  /** Its number in the batch, and its key. */
  readonly events: Int32Array;
  readonly slots: Int32Array;
  /** What the cell and the read-out saw, and what was read out. */
  readonly buffers: StepBuffers;
  readonly stateSize: number;
  /** Reads the new state of row i, `stateSize` floats: the hidden state, and behind it what else the cell keeps. */
  readState(row: number, into: Float32Array): void;
}
