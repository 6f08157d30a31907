/** The order of the weights in memory, by Keras' conventions, and their seeded initial values. */
import { uniform } from "./random.js";
import {
  recurrentKinds,
  type ContextKind,
  type EngineShape,
  type ParameterSet,
  type ParameterTensor,
  type ParameterTensors,
  type RecurrentKind,
  type WeightMatrix,
} from "./port.js";

/** Gates of a cell in the order of their columns: gru z, r, n (reset_after); lstm i, f, c, o. */
const gatesOf: Readonly<Record<RecurrentKind, number>> = { rnn: 1, gru: 3, lstm: 4 };

const zero = (): number => 0;

/** The parts of a shape on which a cell's weights depend. */
export type CellShape = Pick<EngineShape, "cell" | "inputs" | "hidden" | "bpttSteps">;

/** Inputs in a row that a filter of conv sees, where the context has n. */
export function filterLength(n: number): number {
  return Math.min(4, n);
}

/** Floats of a row of state. */
export function stateSizeOf(shape: CellShape): number {
  if (!isRecurrent(shape.cell)) return contextStateSize(shape);
  return shape.cell === "lstm" ? 2 * shape.hidden : shape.hidden;
}

/** The same for cells of a context: h, then the last K inputs, filled up to fours. */
export function contextStateSize({ hidden, inputs, bpttSteps }: Omit<CellShape, "cell">): number {
  return hidden + 4 * Math.ceil((bpttSteps * inputs) / 4);
}

/** The weights of a cell. The tensor `kernel` is what multiplies the inputs: its row r the input r modulo I. */
export function cellWeights(shape: CellShape): readonly WeightMatrix[] {
  return isRecurrent(shape.cell)
    ? recurrentWeights({ ...shape, cell: shape.cell })
    : contextWeights({ ...shape, cell: shape.cell });
}

/** Returns whether a cell has a recurrent hidden state. */
export function isRecurrent(cell: EngineShape["cell"]): cell is RecurrentKind {
  return recurrentKinds.some((kind) => kind === cell);
}

/**
 * The weights of a recurrent cell: kernel [I, G·H], recurrent [H, G·H], bias [1, G·H], [2, G·H] for gru: reset_after has
 * one for the input and one for the recurrent part. A bias of 1 on gru's update and lstm's forget gate makes a fresh model
 * begin by remembering (Jozefowicz et al., 2015).
 */
function recurrentWeights({
  cell,
  inputs,
  hidden,
}: CellShape & { readonly cell: RecurrentKind }): readonly WeightMatrix[] {
  const columns = gatesOf[cell] * hidden;
  const remembering: Readonly<Record<RecurrentKind, (row: number, column: number) => number>> = {
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
 * The weights of a cell that sees the last n inputs. window: kernel [n·I, H], bias [1, H]. conv: kernel [w·I, C], C a
 * quarter of H, channelBias [1, C], dense [(n-w+1)·C, H], bias. attention: kernel [I, 4 H] of queries, keys, values and
 * the latest input's own part, lags [1, n], bias. Inputs and places are in order, the oldest first.
 */
function contextWeights({
  cell,
  inputs,
  hidden,
  bpttSteps: n,
}: CellShape & { readonly cell: ContextKind }): readonly WeightMatrix[] {
  const zeros = (name: string, columns: number): WeightMatrix => ({ name, rows: 1, columns, initial: zero });
  const length = filterLength(n);
  const channels = 4 * Math.ceil(hidden / 16);
  const before: Readonly<Record<ContextKind, readonly WeightMatrix[]>> = {
    window: [{ name: "kernel", rows: n * inputs, columns: hidden }],
    conv: [
      { name: "kernel", rows: length * inputs, columns: channels },
      zeros("channelBias", channels),
      { name: "dense", rows: (n - length + 1) * channels, columns: hidden },
    ],
    attention: [{ name: "kernel", rows: inputs, columns: 4 * hidden }, zeros("lags", n)],
  };
  return [...before[cell], zeros("bias", hidden)];
}

/**
 * Lays out the weights of a cell, then those of its read-out without gaps: readout [H], skip [S] and offset [1]. The read-out
 * starts as zeros, so a fresh model forecasts no change. For symbols, embedding [V, I], output [H, V] and outputBias [1, V]
 * follow from the next multiple of four. A fresh model finds all symbols equally likely.
 */
export function parameterTensors(
  cell: readonly WeightMatrix[],
  { inputs, hidden, skips, symbols = 0 }: Pick<EngineShape, "inputs" | "hidden" | "skips" | "symbols">,
): ParameterTensors {
  const tensors = new Map<string, ParameterTensor>();
  let offset = 0;
  const place = (matrix: WeightMatrix): void => {
    tensors.set(matrix.name, { ...matrix, offset });
    offset += matrix.rows * matrix.columns;
  };
  const readout = { readout: hidden, skip: skips, offset: 1 };
  cell.forEach(place);
  for (const [name, rows] of Object.entries(readout)) place({ name, rows, columns: 1, initial: zero });
  if (symbols === 0) return tensors;
  offset = toFours(offset);
  place({ name: "embedding", rows: symbols, columns: inputs, bound: 1 });
  place({ name: "output", rows: hidden, columns: symbols, initial: zero });
  place({ name: "outputBias", rows: 1, columns: symbols, initial: zero });
  return tensors;
}

/** A length filled up to a multiple of four, as vectors of the kernel are. */
export function toFours(length: number): number {
  return Math.ceil(length / 4) * 4;
}

/** A copy of weights and moments. */
export function copyParameters({ weights, firstMoments, secondMoments }: ParameterSet): ParameterSet {
  return {
    weights: weights.slice(),
    firstMoments: firstMoments.slice(),
    secondMoments: secondMoments.slice(),
  };
}

/** Overwrites weights and moments. Throws RangeError, changing nothing, where lengths differ. */
export function writeParameters(from: ParameterSet, into: ParameterSet): void {
  for (const name of parameterNames) {
    const [given, length] = [from[name].length, into[name].length];
    if (given !== length) throw new RangeError(`${name} has ${given} floats, the engine ${length}`);
  }
  for (const name of parameterNames) into[name].set(from[name]);
}

const parameterNames = ["weights", "firstMoments", "secondMoments"] as const;

/** Length of the flat array: all tensors, filled up with zeros to a multiple of four. */
export function parameterCount(tensors: ParameterTensors): number {
  const last = [...tensors.values()].at(-1)!;
  return toFours(last.offset + last.rows * last.columns);
}

/** The flat array of a fresh model. */
export function initialParameters(tensors: ParameterTensors, seed: number): Float32Array {
  const weights = new Float32Array(parameterCount(tensors));
  const next = uniform(seed);
  for (const { rows, columns, offset, initial, bound = Math.sqrt(3 / rows) } of tensors.values()) {
    for (let i = 0; i < rows * columns; i++) {
      weights[offset + i] = initial?.(Math.floor(i / columns), i % columns) ?? (2 * next() - 1) * bound;
    }
  }
  return weights;
}
