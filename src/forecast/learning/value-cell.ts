/** The cell for values: its engine, and its inputs from a key's past. */
import { remainder } from "../elementary.js";
import type { Engine, EngineFactory } from "../../engine/port.js";
import type { Cell, CellReader } from "./cell-reader.js";
import type { History } from "../keys/history.js";
import { input, inputCount, recentChanges, type KeyLayout } from "../keys/layout.js";
import { rowsPerStep } from "../../engine/stepped-rows.js";
import type { ForecasterSettings } from "../settings.js";
import { writeInitialWeights } from "./initial/pretrained.js";

/** The cell of the settings over the past that `history` keeps in rows of the layout. */
export function valueCell(
  settings: ForecasterSettings,
  layout: KeyLayout,
  history: History,
  factory: EngineFactory,
): Cell {
  const { cell, hidden, bpttSteps, bpttWindows, seed } = settings;
  const inputs = inputCount(settings);
  const shape = { cell, inputs, hidden, skips: recentChanges, bpttSteps, bpttWindows, rows: rowsPerStep };
  const engine = factory(shape, seed);
  silenceMissingFlag(engine, inputs);
  const initial = writeInitialWeights(engine, settings);
  return { engine, initial, reader: valueReader(settings, layout, history, inputs) };
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

/** Reads the rings of a key's past: `inputs` numbers an event, in updates of the settings' windows. */
function valueReader(
  { bpttSteps, bpttWindows }: ForecasterSettings,
  layout: KeyLayout,
  history: History,
  inputs: number,
): CellReader {
  const ring = bpttSteps + recentChanges;
  return {
    rowSize: layout.f32Size,
    writeStep: (row, count, buffers, place) => {
      history.writeInputs(row, count, buffers.inputs, place * inputs);
      history.writeChanges(row, count, buffers.skips, place * recentChanges);
    },
    writeWindow: (row, { count, lastMissing }, buffers, place) => {
      for (let k = 0; k < bpttSteps; k++) {
        const index = count - bpttSteps + k;
        const step = k * bpttWindows + place;
        history.writeInputs(row, index, buffers.inputs, step * inputs);
        history.writeChanges(row, index, buffers.skips, step * recentChanges);
        const next = index + 1;
        const missing = next === count ? lastMissing : history.wasMissing(row, remainder(next, bpttSteps));
        buffers.targets[step] = row.f32[row.at32 + layout.changes + remainder(next, ring)]!;
        buffers.observed[step] = missing ? 0 : 1;
      }
    },
  };
}
