/** What the cell reads of a key's events: from the front of the key's row of singles into the engine's buffers. */
import type { Engine, StepBuffers, WindowBuffers } from "../../engine/port.js";

/** An engine and what it reads. */
export interface Cell {
  readonly engine: Engine;
  readonly reader: CellReader;
}

export interface CellReader {
  /** Floats at the front of a key's row from which a window is read. */
  readonly rowSize: number;
  /** Writes what the cell sees at the key's event number `count` as row `place` of a step. */
  writeStep(singles: Float32Array, row: number, count: number, buffers: StepBuffers, place: number): void;
  /**
   * Writes the window of the key whose last target is event number `count`, missing or not, as window `place` of an
   * update.
   */
  writeWindow(
    singles: Float32Array,
    row: number,
    count: number,
    lastMissing: boolean,
    buffers: WindowBuffers,
    place: number,
  ): void;
}
