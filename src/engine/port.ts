/** The engine port: numbers only. An engine steps cells over a slab of hidden states and learns by BPTT. */

/** Cells that carry a hidden state of their own making from event to event. */
export const recurrentKinds = ["rnn", "gru", "lstm"] as const;
export type RecurrentKind = (typeof recurrentKinds)[number];

/** Cells whose hidden state is a function of the last K inputs, which their state keeps: what recurrence is held against. */
export const contextKinds = ["window", "conv", "attention"] as const;
export type ContextKind = (typeof contextKinds)[number];

export const cellKinds = [...recurrentKinds, ...contextKinds] as const;
export type CellKind = (typeof cellKinds)[number];

/** The engines that a setting can name: the WebAssembly kernel, and TensorFlow.js where it is installed. */
export const engineKinds = ["wasm", "tfjs"] as const;
export type EngineKind = (typeof engineKinds)[number];

/** What an engine is built for; all counts are fixed for its lifetime but the number of state rows. */
export interface EngineShape {
  readonly cell: CellKind;
  /** Inputs of the cell per step, I. */
  readonly inputs: number;
  /** Units of the hidden state, H: a multiple of 4. */
  readonly hidden: number;
  /** Values that reach the read-out beside the hidden state, S: a multiple of 4. */
  readonly skips: number;
  /**
   * Symbols that the events carry, V: a multiple of 4. Then the read-out is a distribution over symbols, and the cell,
   * a recurrent one, reads their embeddings of I numbers, a multiple of 4. Left out where events carry numbers.
   */
  readonly symbols?: number;
  /** Steps of a window of truncated BPTT, K; and the inputs that cells of a context see. */
  readonly steps: number;
  /** Windows that one update learns from at most, B. */
  readonly windows: number;
  /** Rows that one call of `step` takes at most. */
  readonly rows: number;
}

/** A matrix of weights, by the name it has in its cell. */
export interface WeightMatrix {
  readonly name: string;
  readonly rows: number;
  readonly columns: number;
  /** Its values in a fresh model; uniform in ±√(3 / rows), by the seed, where it is left out. */
  readonly initial?: (row: number, column: number) => number;
  /** Where `initial` is left out, their largest size instead of √(3 / rows). */
  readonly bound?: number;
}

/** A matrix of weights and where it lies, row-major, in the flat array of all. */
export interface ParameterTensor extends WeightMatrix {
  /** Index of its first value. */
  readonly offset: number;
}

/** All weights of a cell and its read-out by name, in the order in which they lie in the flat array. */
export type ParameterTensors = ReadonlyMap<string, ParameterTensor>;

/** How an engine names itself: results are bit-exact only among `wasm` engines of one kernel. */
export interface EngineDescription extends Omit<EngineShape, "cell"> {
  readonly name: string;
  readonly kernel: string;
  /** The cell that runs: the shape's, or the name of one's own that takes its place. */
  readonly cell: string;
  readonly tensors: ParameterTensors;
  /** 32-bit floats in a row of state: h, H of them; behind it c for lstm, or the last K inputs, filled up to fours. */
  readonly stateSize: number;
  /** 32-bit floats of all weights, filled up to a multiple of four. */
  readonly parameters: number;
}

/**
 * Where the caller writes a batch of rows and reads the read-outs. Row r takes `inputs[r*I .. r*I+I-1]` and
 * `skips[r*S .. r*S+S-1]`, steps state row `states[r]` in place, and leaves its read-out in `readouts[r]`.
 * A state row appears at most once in a batch.
 */
export interface StepBuffers {
  readonly states: Int32Array;
  readonly inputs: Float32Array;
  readonly skips: Float32Array;
  readonly readouts: Float32Array;
  /** Of symbols: row r reads `symbols[r]` instead of inputs, and leaves `distributions[r*V .. r*V+V-1]`. */
  readonly symbols?: Int32Array;
  readonly distributions?: Float32Array;
}

/**
 * Where the caller writes the windows of an update: step k of window b takes `inputs[(k*B+b)*I ..]`,
 * `skips[(k*B+b)*S ..]`, target `targets[k*B+b]`, counted where `observed[k*B+b]` is 1 and not where it is 0;
 * B is `shape.windows` however many are filled. Window b starts from state row `states[b]`, which it leaves as it is.
 */
export interface WindowBuffers {
  readonly states: Int32Array;
  readonly inputs: Float32Array;
  readonly skips: Float32Array;
  readonly targets: Float32Array;
  readonly observed: Float32Array;
  /** Of symbols: step k of window b reads `symbols[k*B+b]` instead of inputs; its target is a symbol too. */
  readonly symbols?: Int32Array;
}

export interface LearnOptions {
  /** Step size of Adam with its bias corrections folded in. */
  readonly rate: number;
  /** The global norm that the gradient is clipped to. */
  readonly clip: number;
  /** Where the Huber loss turns from squared to absolute, in units of the target. */
  readonly huber: number;
}

export interface LearnReport {
  /**
   * Mean Huber loss, or cross-entropy in nats, over the K steps of all windows, before the update, steps without an
   * observed target counting as zero. NaN where loss or gradient is not finite: then weights and moments stay as they are.
   */
  readonly loss: number;
  /** Norm of the gradient before clipping. */
  readonly gradientNorm: number;
}

/** Weights and Adam's moments, each `parameters` floats in the order of `parameters.ts`. */
export interface ParameterSet {
  readonly weights: Float32Array;
  readonly firstMoments: Float32Array;
  readonly secondMoments: Float32Array;
}

/**
 * A cell with a linear read-out, r = c + w·h + v·skips, or that of symbols, softmax(c + W·h), over a slab of hidden
 * states.
 *
 * `stepBuffers` and `windowBuffers` are views of the engine's memory: fetch them anew after `reserve`.
 */
export interface Engine {
  readonly description: EngineDescription;
  readonly stepBuffers: StepBuffers;
  readonly windowBuffers: WindowBuffers;
  /** Bytes of memory the engine holds. */
  readonly bytes: number;
  /** Makes state rows 0 .. rows-1 exist; new ones are zero. Throws MEMORY_EXHAUSTED, changing nothing. */
  reserve(rows: number): void;
  /** Steps the first `count` rows of `stepBuffers`. */
  step(count: number): void;
  /** One Adam step (β₁ .9, β₂ .999, ε 1e-8) on the mean loss of the first `count` windows. */
  learn(count: number, options: LearnOptions): LearnReport;
  /** Of symbols: the first `count` of them, 1 to V, share the distributions from now on; the others have none. */
  setKnownSymbols?(count: number): void;
  /** Of symbols: number `symbol`, 1 to V-1, is another from now on, forecast like number 0 until it is learned. */
  renewSymbol?(symbol: number): void;
  /** Copies one row of state over another. */
  copyState(from: number, to: number): void;
  /** Reads a row of state into `into[at ..]`. */
  readState(row: number, into: Float32Array, at: number): void;
  /** Writes a row of state from `from[at ..]`. */
  writeState(row: number, from: Float32Array, at: number): void;
  /** Copies of the weights and moments. */
  readParameters(): ParameterSet;
  /** Takes over weights and moments; the arrays are copied. */
  writeParameters(parameters: ParameterSet): void;
  /** Gives the memory back; the engine must not be used after. */
  dispose(): void;
}

export type EngineFactory = (shape: EngineShape, seed: number) => Engine;
