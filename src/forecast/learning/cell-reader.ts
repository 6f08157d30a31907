/** Copies the cell's inputs from a key's 32-bit row into the engine's buffers. */
import type { Engine, StepBuffers, WindowBuffers } from "../../engine/port.js";
import type { SinglesRow } from "../keys/row.js";

/** An engine and its inputs. */
export interface Cell {
  readonly engine: Engine;
  readonly reader: CellReader;
  /** Identity of the weights that the engine began with. */
  readonly initial: string;
}

/** A window as it waits for an update. */
export interface WaitingWindow {
  /** Number of the event of the key that is its last target. */
  readonly count: number;
  /** Whether the value of that event was missing. */
  readonly lastMissing: boolean;
}

export interface CellReader {
  /** Floats at the front of a key's row from which a window is read. */
  readonly rowSize: number;
  /** Writes the cell's input at the key's event number `count` as row `place` of a step. */
  writeStep(row: SinglesRow, count: number, buffers: StepBuffers, place: number): void;
  /** Writes a window of the key as window `place` of an update. */
  writeWindow(row: SinglesRow, window: WaitingWindow, buffers: WindowBuffers, place: number): void;
}
