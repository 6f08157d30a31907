/** Lays out the memory for the shape that the engine has written: shared buffers, the cell's own, and the states. */
import { beginLayout } from "../heap";
import { layOutSlab, rowAt } from "../slab";
import { layOutContext, measureContext } from "./context/layout";
import { layOutBatch } from "./memory/batch";
import { layOutBlock } from "./memory/block";
import { layOutParameters, placeReadout } from "./memory/parameters";
import { layOutPasses, stateBytes } from "./memory/passes";
import { isRecurrent, measureShape, symbols } from "./memory/shape";
import { layOutWindows } from "./memory/windows";
import { layOutRecurrent, measureRecurrent } from "./recurrent/layout";
import { layOutSymbols, placeSymbols } from "./symbols/layout";

/** Creates all buffers, zeroed and without state rows. Returns false if memory is exhausted. */
export function init(): bool {
  measureShape();
  const cellBytes = isRecurrent ? measureRecurrent() : measureContext();
  const parametersBytes = placeSymbols(placeReadout(cellBytes));
  beginLayout();
  layOutBatch();
  layOutWindows();
  layOutParameters(parametersBytes);
  if (isRecurrent) layOutRecurrent();
  else layOutContext();
  layOutBlock();
  layOutPasses();
  if (symbols > 0) layOutSymbols();
  return layOutSlab(stateBytes);
}

/** Copies one row of the slab of states over another. */
export function copyState(from: i32, to: i32): void {
  memory.copy(rowAt(to), rowAt(from), stateBytes);
}
