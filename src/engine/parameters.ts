/** The order of the weights in memory, by Keras' conventions, and their seeded initial values. */
import { uniform } from "./random.js";
import type { CellKind, EngineShape } from "./port.js";

/** Gates of a cell in the order of their columns: gru z, r, n (reset_after); lstm i, f, c, o. */
export const gatesOf: Readonly<Record<CellKind, number>> = { rnn: 1, gru: 3, lstm: 4 };

/** Rows of bias: reset_after GRU has one for the input and one for the recurrent part. */
const biasRows: Readonly<Record<CellKind, number>> = { rnn: 1, gru: 2, lstm: 1 };

export type ParameterName = "kernel" | "recurrent" | "bias" | "readout" | "skip" | "offset";

export interface ParameterTensor {
  readonly name: ParameterName;
  /** Rows and columns, row-major. */
  readonly rows: number;
  readonly columns: number;
  /** Index of the first value in the flat array. */
  readonly offset: number;
}

type CellShape = Pick<EngineShape, "cell" | "inputs" | "hidden" | "skips">;

/**
 * The tensors of a cell and its read-out in the order in which they lie in the flat array, without gaps:
 * kernel [I, G·H], recurrent [H, G·H], bias ([G·H], [2, G·H] for gru), readout [H], skip [S], offset [1].
 */
export function parameterTensors(shape: CellShape): ReadonlyMap<ParameterName, ParameterTensor> {
  const columns = gatesOf[shape.cell] * shape.hidden;
  const sizes: readonly (readonly [ParameterName, number, number])[] = [
    ["kernel", shape.inputs, columns],
    ["recurrent", shape.hidden, columns],
    ["bias", biasRows[shape.cell], columns],
    ["readout", shape.hidden, 1],
    ["skip", shape.skips, 1],
    ["offset", 1, 1],
  ];
  const tensors = new Map<ParameterName, ParameterTensor>();
  let offset = 0;
  for (const [name, rows, width] of sizes) {
    tensors.set(name, { name, rows, columns: width, offset });
    offset += rows * width;
  }
  return tensors;
}

/** Length of the flat array: all tensors, filled up with zeros to a multiple of four. */
export function parameterCount(shape: CellShape): number {
  const last = parameterTensors(shape).get("offset")!;
  return Math.ceil((last.offset + 1) / 4) * 4;
}

/**
 * Initial weights: kernel and recurrent uniform in ±√(3 / fan-in), read-out and skip zero, so that a fresh model
 * forecasts no change; a bias of 1 on gru's update and lstm's forget gate, so that it starts by remembering
 * (Jozefowicz et al., 2015).
 */
export function initialParameters(shape: CellShape, seed: number): Float32Array {
  const weights = new Float32Array(parameterCount(shape));
  const tensors = parameterTensors(shape);
  const next = uniform(seed);
  for (const name of ["kernel", "recurrent"] as const) {
    const { rows, columns, offset } = tensors.get(name)!;
    const bound = Math.sqrt(3 / rows);
    for (let i = 0; i < rows * columns; i++) weights[offset + i] = (2 * next() - 1) * bound;
  }
  const bias = tensors.get("bias")!.offset;
  if (shape.cell === "gru") weights.fill(1, bias, bias + shape.hidden);
  if (shape.cell === "lstm") weights.fill(1, bias + shape.hidden, bias + 2 * shape.hidden);
  return weights;
}
