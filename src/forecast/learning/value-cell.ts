/** The cell where events carry values: the engine it runs on, and what it reads of a key's past. */
import type { Engine, EngineFactory } from "../../engine/port.js";
import type { Cell, CellReader } from "./cell-reader.js";
import { wasMissing, writeChanges, writeInputs, type HistorySettings } from "../keys/history.js";
import { input, inputCount, recentChanges } from "../keys/row-layout.js";
import { rowsPerStep } from "./cell-runner.js";
import type { ForecasterSettings } from "../settings.js";

/** The cell of the settings over the past that `history` keeps. */
export function valueCell(
  settings: ForecasterSettings,
  history: HistorySettings,
  factory: EngineFactory,
): Cell {
  const { cell, hidden, bpttSteps: steps, bpttWindows: windows, seed } = settings;
  const inputs = inputCount(settings);
  const shape = { cell, inputs, hidden, skips: recentChanges, steps, windows, rows: rowsPerStep };
  const engine = factory(shape, seed);
  silenceMissingFlag(engine, inputs);
  return { engine, reader: valueReader(history, inputs, windows) };
}

/** Takes the flag of missing values out of a new cell: it has no effect until some have been learned from. */
function silenceMissingFlag(engine: Engine, inputs: number): void {
  const parameters = engine.readParameters();
  const { offset, rows, columns } = engine.description.tensors.get("kernel")!;
  // Cells that see several events at once have a row for the flag of each.
  for (let row = input.missing; row < rows; row += inputs) {
    parameters.weights.fill(0, offset + row * columns, offset + (row + 1) * columns);
  }
  engine.writeParameters(parameters);
}

/** Reads the rings of a key's past: `inputs` numbers an event, in updates of `windows` windows. */
function valueReader(history: HistorySettings, inputs: number, windows: number): CellReader {
  const { layout, bpttSteps } = history;
  const ring = bpttSteps + recentChanges;
  return {
    rowSize: layout.size,
    writeStep: (singles, row, count, buffers, place) => {
      writeInputs(singles, row, history, count, buffers.inputs, place * inputs);
      writeChanges(singles, row, history, count, buffers.skips, place * recentChanges);
    },
    writeWindow: (singles, row, count, lastMissing, buffers, place) => {
      for (let k = 0; k < bpttSteps; k++) {
        const index = count - bpttSteps + k;
        const step = k * windows + place;
        writeInputs(singles, row, history, index, buffers.inputs, step * inputs);
        writeChanges(singles, row, history, index, buffers.skips, step * recentChanges);
        const next = index + 1;
        const missing = next === count ? lastMissing : wasMissing(singles, row, layout, next % bpttSteps);
        buffers.targets[step] = singles[row + layout.changes + (next % ring)]!;
        buffers.observed[step] = missing ? 0 : 1;
      }
    },
  };
}
