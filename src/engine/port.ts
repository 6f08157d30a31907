/** Defines the engine port: an engine steps a cell over rows of hidden states and trains it by truncated BPTT. */

/** Lists the recurrent cells, which carry a hidden state from event to event. */
export const recurrentKinds = ["rnn", "gru", "lstm"] as const;
/** A recurrent cell. */
export type RecurrentKind = (typeof recurrentKinds)[number];

/** Lists the context cells, whose hidden state is a function of the last K inputs; a comparison for recurrence. */
export const contextKinds = ["window", "conv", "attention"] as const;
/** A context cell. */
export type ContextKind = (typeof contextKinds)[number];

/** Lists all built-in cells. */
export const cellKinds = [...recurrentKinds, ...contextKinds] as const;
/** A built-in cell. */
export type CellKind = (typeof cellKinds)[number];

/** Lists the engines of the setting `engine`: the WebAssembly kernel and TensorFlow.js. */
export const engineKinds = ["wasm", "tfjs"] as const;
export type EngineKind = (typeof engineKinds)[number];
/** The engine where a setting names none. */
export const defaultEngineKind: EngineKind = "wasm";

/** Shape of an engine. All counts except the number of state rows are fixed for its lifetime. */
export interface EngineShape {
  readonly cell: CellKind;
  /** Inputs of the cell per step, I. */
  readonly inputs: number;
  /** Units of the hidden state, H: a multiple of 4. */
  readonly hidden: number;
  /** Inputs of the read-out besides the hidden state (skips), S: a multiple of 4. */
  readonly skips: number;
  /**
   * Size of the vocabulary, V: a multiple of 4; undefined for numeric events. With symbols the read-out is a distribution
   * over the vocabulary, and the recurrent cell reads embeddings of I numbers, a multiple of 4.
   */
  readonly symbols?: number;
  /** Length of a training window, K; also the number of inputs that context cells see. */
  readonly bpttSteps: number;
  /** Largest number of training windows per update, B. */
  readonly bpttWindows: number;
  /** Largest number of rows per call of `step`. */
  readonly rows: number;
}

/** A weight matrix of a cell. */
export interface WeightMatrix {
  readonly name: string;
  readonly rows: number;
  readonly columns: number;
  /** Returns the initial values. Default: uniform in ±√(3 / rows), from the seed. */
  readonly initial?: (row: number, column: number) => number;
  /** Bound of the uniform initial values instead of √(3 / rows); only without `initial`. */
  readonly bound?: number;
}

/** A weight matrix and its place, row-major, in the flat array of all weights. */
export interface ParameterTensor extends WeightMatrix {
  /** Index of the first value. */
  readonly offset: number;
}

/** All weight matrices of a cell and its read-out by name, in the order of the flat array. */
export type ParameterTensors = ReadonlyMap<string, ParameterTensor>;

/** Description of an engine. Results are bit-exact only among `wasm` engines with the same kernel. */
export interface EngineDescription extends Omit<EngineShape, "cell"> {
  readonly name: string;
  readonly kernel: string;
  /** Name of the running cell: the shape's cell or a custom cell. */
  readonly cell: string;
  readonly tensors: ParameterTensors;
  /** Number of 32-bit floats per state row: h (H floats), then c for lstm or the last K inputs, padded to fours. */
  readonly stateSize: number;
  /** Number of 32-bit floats of all weights, padded to a multiple of four. */
  readonly parameters: number;
}

/**
 * Buffers of a step: the caller writes a batch of rows and reads the read-outs. Row r reads `inputs[r*I .. r*I+I-1]` and
 * `skips[r*S .. r*S+S-1]`, steps state row `states[r]` in place, and writes `readouts[r]`. A state row appears at most
 * once per batch.
 */
export interface StepBuffers {
  readonly states: Int32Array;
  readonly inputs: Float32Array;
  readonly skips: Float32Array;
  readonly readouts: Float32Array;
  /** With symbols: row r reads `symbols[r]` instead of inputs and writes `distributions[r*V .. r*V+V-1]`. */
  readonly symbols?: Int32Array;
  readonly distributions?: Float32Array;
}

/**
 * Buffers of an update: the caller writes the training windows. Step k of window b reads `inputs[(k*B+b)*I ..]`,
 * `skips[(k*B+b)*S ..]` and target `targets[k*B+b]`. The target counts if `observed[k*B+b]` is 1, and not if it is 0. B is
 * `shape.bpttWindows`, also for fewer windows. Window b starts from state row `states[b]`, which stays unchanged.
 */
export interface WindowBuffers {
  readonly states: Int32Array;
  readonly inputs: Float32Array;
  readonly skips: Float32Array;
  readonly targets: Float32Array;
  readonly observed: Float32Array;
  /** With symbols: step k of window b reads `symbols[k*B+b]` instead of inputs; the target is a symbol too. */
  readonly symbols?: Int32Array;
}

/** Options of an update. */
export interface LearnOptions {
  /** Step size of Adam with its bias corrections folded in. */
  readonly rate: number;
  /** Largest global norm of the gradient. */
  readonly clip: number;
  /** Error at which the Huber loss turns from squared to absolute, in units of the target. */
  readonly huber: number;
}

/** Result of an update. */
export interface LearnReport {
  /**
   * Mean Huber loss, or cross-entropy in nats, over the K steps of all windows, before the update. Steps without an
   * observed target count as zero. NaN if loss or gradient is not finite; weights and moments stay unchanged then.
   */
  readonly loss: number;
  /** Global norm of the gradient before clipping. */
  readonly gradientNorm: number;
}

/** Weights and Adam's moments, each `parameters` floats in the order of `parameters.ts`. */
export interface ParameterSet {
  readonly weights: Float32Array;
  readonly firstMoments: Float32Array;
  readonly secondMoments: Float32Array;
}

/**
 * Runs and trains a cell with a linear read-out, r = c + w·h + v·skips, or softmax(c + W·h) for symbols, over rows of
 * hidden states.
 *
 * `stepBuffers` and `windowBuffers` are views of the engine's memory. Fetch them again after `reserve`.
 */
export interface Engine {
  readonly description: EngineDescription;
  readonly stepBuffers: StepBuffers;
  readonly windowBuffers: WindowBuffers;
  /** Bytes of the engine's memory. */
  readonly bytes: number;
  /** Creates the state rows 0 .. rows-1; new rows are zero. Throws MEMORY_EXHAUSTED and changes nothing then. */
  reserve(rows: number): void;
  /** Steps the first `count` rows of `stepBuffers`. */
  step(count: number): void;
  /** One Adam step (β₁ .9, β₂ .999, ε 1e-8) on the mean loss of the first `count` windows. */
  learn(count: number, options: LearnOptions): LearnReport;
  /** With symbols: limits the distributions to the first `count` symbols, 1 to V. */
  setKnownSymbols?(count: number): void;
  /** With symbols: resets symbol number `symbol`, 1 to V-1, to the weights of number 0, for another text. */
  renewSymbol?(symbol: number): void;
  /** Copies one row of state over another. */
  copyState(from: number, to: number): void;
  /** Reads a row of state into `into[at ..]`. */
  readState(row: number, into: Float32Array, at: number): void;
  /** Writes a row of state from `from[at ..]`. */
  writeState(row: number, from: Float32Array, at: number): void;
  /** Returns copies of the weights and moments. */
  readParameters(): ParameterSet;
  /** Replaces weights and moments by copies of the arrays. */
  writeParameters(parameters: ParameterSet): void;
  /** Frees the memory. The engine must not be used afterwards. */
  dispose(): void;
}

/** Creates an engine of a shape; `seed` sets the initial weights. */
export type EngineFactory = (shape: EngineShape, seed: number) => Engine;
