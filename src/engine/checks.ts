/** Checks shared by the engines: rows, counts and options in range, no use after disposal. */
import { UndercurrentError } from "../errors/library.js";
import type { LearnOptions } from "./port.js";

/** Throws RangeError unless the row is one of `reserved`. */
export function checkRow(row: number, reserved: number): void {
  if (!(row >= 0 && row < reserved)) {
    throw new RangeError(`state row ${row} does not exist: ${reserved} rows are reserved`);
  }
}

/** The same for the first `count` rows of a buffer, which must hold that many. */
export function checkRows(rows: Int32Array, count: number, reserved: number): void {
  if (!(count >= 0 && count <= rows.length)) {
    throw new RangeError(`the buffer holds ${rows.length} rows, found a count of ${count}`);
  }
  for (let i = 0; i < count; i++) if (rows[i]! >>> 0 >= reserved) checkRow(rows[i]!, reserved);
}

/** Within these bounds a finite gradient keeps weights and moments finite. */
export function checkLearning(count: number, { rate, clip, huber }: LearnOptions): void {
  if (count === 0 || !(rate >= 0 && rate <= 1e3) || !(clip > 0 && clip <= 1e15) || !(huber > 0)) {
    throw new RangeError(`cannot learn from ${count} windows, rate ${rate}, clip ${clip}, huber ${huber}`);
  }
}

/** Throws FORECASTER_DISPOSED where an engine's memory has been given back. */
export function checkAlive<Live extends object>(live: Live | undefined): Live {
  if (live !== undefined) return live;
  throw new UndercurrentError("FORECASTER_DISPOSED", "the engine is disposed of and cannot be used");
}

export function noMemoryForStates(rows: number, stateSize: number): UndercurrentError {
  const message = `out of memory: cannot allocate ${rows} hidden states of ${4 * stateSize} bytes each`;
  return new UndercurrentError("MEMORY_EXHAUSTED", message);
}
