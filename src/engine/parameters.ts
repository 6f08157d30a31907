/** The order of the weights in memory, by Keras' conventions, and their seeded initial values. */
import { uniform } from "./random.js";
import type { CellKind, EngineShape, ParameterTensor, ParameterTensors, WeightMatrix } from "./port.js";

/** Gates of a cell in the order of their columns: gru z, r, n (reset_after); lstm i, f, c, o. */
export const gatesOf: Readonly<Record<CellKind, number>> = { rnn: 1, gru: 3, lstm: 4 };

const zero = (): number => 0;

/**
 * The weights of a cell: kernel [I, G·H], recurrent [H, G·H], bias [1, G·H], [2, G·H] for gru: reset_after has one for
 * the input and one for the recurrent part. A bias of 1 on gru's update and lstm's forget gate makes a fresh model
 * begin by remembering (Jozefowicz et al., 2015).
 */
export function cellWeights({
  cell,
  inputs,
  hidden,
}: Pick<EngineShape, "cell" | "inputs" | "hidden">): readonly WeightMatrix[] {
  const columns = gatesOf[cell] * hidden;
  const remembering: Readonly<Record<CellKind, (row: number, column: number) => number>> = {
    rnn: zero,
    gru: (row, column) => (row === 0 && column < hidden ? 1 : 0),
    lstm: (_, column) => (column >= hidden && column < 2 * hidden ? 1 : 0),
  };
  return [
    { name: "kernel", rows: inputs, columns },
    { name: "recurrent", rows: hidden, columns },
    { name: "bias", rows: cell === "gru" ? 2 : 1, columns, initial: remembering[cell] },
  ];
}

/**
 * Lays out the weights of a cell and those of its read-out behind them, readout [H], skip [S] and offset [1], without
 * gaps. These begin as zeros: a fresh model forecasts no change.
 */
export function parameterTensors(
  cell: readonly WeightMatrix[],
  { hidden, skips }: Pick<EngineShape, "hidden" | "skips">,
): ParameterTensors {
  const tensors = new Map<string, ParameterTensor>();
  let offset = 0;
  const readout = { readout: hidden, skip: skips, offset: 1 };
  const matrices = Object.entries(readout).map(([name, rows]) => ({ name, rows, columns: 1, initial: zero }));
  for (const matrix of [...cell, ...matrices]) {
    tensors.set(matrix.name, { ...matrix, offset });
    offset += matrix.rows * matrix.columns;
  }
  return tensors;
}

/** Length of the flat array: all tensors, filled up with zeros to a multiple of four. */
export function parameterCount(tensors: ParameterTensors): number {
  return Math.ceil((tensors.get("offset")!.offset + 1) / 4) * 4;
}

/** The flat array of a fresh model. */
export function initialParameters(tensors: ParameterTensors, seed: number): Float32Array {
  const weights = new Float32Array(parameterCount(tensors));
  const next = uniform(seed);
  for (const { rows, columns, offset, initial } of tensors.values()) {
    const bound = Math.sqrt(3 / rows);
    for (let i = 0; i < rows * columns; i++) {
      weights[offset + i] = initial?.(Math.floor(i / columns), i % columns) ?? (2 * next() - 1) * bound;
    }
  }
  return weights;
}
