/** The weights that a new model gives the flag of missing values. */
import type { Engine } from "../engine/port.js";
import { input } from "./layout.js";

/**
 * Takes the flag out of a cell that sees `inputs` numbers of an event: it has no effect until missing values have been
 * learned from.
 */
export function silenceMissingFlag(engine: Engine, inputs: number): void {
  const parameters = engine.readParameters();
  const { offset, rows, columns } = engine.description.tensors.get("kernel")!;
  // Cells that see several events at once have a row for the flag of each.
  for (let row = input.missing; row < rows; row += inputs) {
    parameters.weights.fill(0, offset + row * columns, offset + (row + 1) * columns);
  }
  engine.writeParameters(parameters);
}
