/**
 * Implements the engine port on TensorFlow.js: the cells, loss and updates of the kernel, or a custom cell. TensorFlow.js
 * computes the gradients. Weights, moments and states are plain arrays. The tensors of the weights live from one update
 * to the next, all others for one call.
 */
import type * as core from "@tensorflow/tfjs-core";
import { adamStep, norm } from "./adam.js";
import { checkAlive, checkLearning, checkRow, checkRows, noMemoryForStates } from "../checks.js";
import {
  copyParameters,
  initialParameters,
  parameterCount,
  parameterTensors,
  writeParameters,
} from "../parameters.js";
import type {
  Engine,
  EngineDescription,
  EngineShape,
  LearnOptions,
  LearnReport,
  ParameterSet,
  StepBuffers,
  WindowBuffers,
} from "../port.js";
import type { CellTensors, TfjsCell } from "./cell.js";
import type { TfjsModules } from "./load.js";
import { advance, firstWindows, lossAndGradient, readOut, type TfjsModel } from "./model.js";

/** What an engine holds until it is disposed of. */
interface Live {
  readonly step: StepBuffers;
  readonly window: WindowBuffers;
  readonly parameters: ParameterSet;
  states: Float32Array;
  /** The weights as tensors, by name. */
  tensors: CellTensors;
}

export class TfjsEngine implements Engine {
  readonly description: EngineDescription;
  readonly #model: TfjsModel;
  readonly #backend: string;
  #live: Live | undefined;

  constructor({ tf, backend }: TfjsModules, cell: TfjsCell, shape: EngineShape, seed: number) {
    const { inputs, hidden, skips, symbols = 0, bpttSteps, bpttWindows, rows } = shape;
    if (symbols > 0) throw new RangeError("the tfjs engine reads numbers, no symbols");
    const tensors = parameterTensors(cell.weights(inputs, hidden), shape);
    const length = parameterCount(tensors);
    this.description = {
      ...shape,
      name: "tfjs",
      kernel: `${backend}-${tf.version_core}`,
      cell: cell.name,
      stateSize: cell.stateSize(hidden, inputs),
      tensors,
      parameters: length,
    };
    this.#model = { tf, cell, shape: this.description };
    this.#backend = backend;
    const floats = (size: number): Float32Array => new Float32Array(size);
    const parameters = {
      weights: initialParameters(tensors, seed),
      firstMoments: floats(length),
      secondMoments: floats(length),
    };
    this.#live = {
      step: {
        states: new Int32Array(rows),
        inputs: floats(rows * inputs),
        skips: floats(rows * skips),
        readouts: floats(rows),
      },
      window: {
        states: new Int32Array(bpttWindows),
        inputs: floats(bpttSteps * bpttWindows * inputs),
        skips: floats(bpttSteps * bpttWindows * skips),
        targets: floats(bpttSteps * bpttWindows),
        observed: floats(bpttSteps * bpttWindows),
      },
      parameters,
      states: floats(0),
      tensors: this.#makeTensors(parameters.weights),
    };
  }

  get stepBuffers(): StepBuffers {
    return this.#use().step;
  }

  get windowBuffers(): WindowBuffers {
    return this.#use().window;
  }

  get bytes(): number {
    const { step, window, parameters, states } = this.#use();
    const arrays = [step, window, parameters].flatMap((buffers) => Object.values(buffers) as Float32Array[]);
    return [...arrays, states].reduce((sum, { byteLength }) => sum + byteLength, 0);
  }

  reserve(rows: number): void {
    const live = this.#use();
    const { stateSize } = this.description;
    if (rows <= this.#rows(live)) return;
    let states: Float32Array;
    try {
      states = new Float32Array(rows * stateSize);
    } catch (error) {
      if (error instanceof RangeError) throw noMemoryForStates(rows, stateSize);
      throw error;
    }
    states.set(live.states);
    live.states = states;
  }

  step(count: number): void {
    const live = this.#use();
    const { inputs, skips, stateSize } = this.description;
    const { tf } = this.#model;
    checkRows(live.step.states, count, this.#rows(live));
    if (count === 0) return;
    const results = this.#compute(() => {
      const x = tf.tensor2d(live.step.inputs.subarray(0, count * inputs), [count, inputs]);
      const before = tf.tensor2d(this.#gather(live, live.step.states, count), [count, stateSize]);
      const after = advance(this.#model, x, before, live.tensors);
      const skipped = live.step.skips.subarray(0, count * skips);
      return tf.concat([after, readOut(this.#model, after, skipped, live.tensors)], 1).dataSync();
    });
    const width = stateSize + 1;
    for (let row = 0; row < count; row++) {
      const state = results.subarray(row * width, row * width + stateSize);
      live.states.set(state, live.step.states[row]! * stateSize);
      live.step.readouts[row] = results[row * width + stateSize]!;
    }
  }

  learn(count: number, options: LearnOptions): LearnReport {
    const live = this.#use();
    checkRows(live.window.states, count, this.#rows(live));
    checkLearning(count, options);
    const states = this.#gather(live, live.window.states, count);
    const windows = firstWindows(this.description, live.window, states, count);
    const { loss, gradient } = this.#compute(() =>
      lossAndGradient(this.#model, windows, live.tensors, options.huber),
    );
    const gradientNorm = norm(gradient);
    if (!Number.isFinite(loss) || !Number.isFinite(gradientNorm)) return { loss: NaN, gradientNorm };
    adamStep(live.parameters, gradient, options.rate, Math.min(1, options.clip / gradientNorm));
    this.#renewTensors(live);
    return { loss, gradientNorm };
  }

  copyState(from: number, to: number): void {
    const live = this.#use();
    const { stateSize } = this.description;
    checkRow(from, this.#rows(live));
    checkRow(to, this.#rows(live));
    live.states.copyWithin(to * stateSize, from * stateSize, (from + 1) * stateSize);
  }

  readState(row: number, into: Float32Array, at: number): void {
    const live = this.#use();
    const { stateSize } = this.description;
    checkRow(row, this.#rows(live));
    into.set(live.states.subarray(row * stateSize, (row + 1) * stateSize), at);
  }

  writeState(row: number, from: Float32Array, at: number): void {
    const live = this.#use();
    const { stateSize } = this.description;
    checkRow(row, this.#rows(live));
    live.states.set(from.subarray(at, at + stateSize), row * stateSize);
  }

  readParameters(): ParameterSet {
    return copyParameters(this.#use().parameters);
  }

  writeParameters(parameters: ParameterSet): void {
    const live = this.#use();
    writeParameters(parameters, live.parameters);
    this.#renewTensors(live);
  }

  dispose(): void {
    if (this.#live === undefined) return;
    this.#model.tf.dispose(this.#live.tensors);
    this.#live = undefined;
  }

  #use(): Live {
    return checkAlive(this.#live);
  }

  #rows({ states }: Live): number {
    return states.length / this.description.stateSize;
  }

  /** Copies of the named rows of state. */
  #gather({ states }: Live, rows: Int32Array, count: number): Float32Array {
    const { stateSize } = this.description;
    const gathered = new Float32Array(count * stateSize);
    for (let i = 0; i < count; i++) {
      const row = rows[i]!;
      gathered.set(states.subarray(row * stateSize, (row + 1) * stateSize), i * stateSize);
    }
    return gathered;
  }

  /**
   * Runs operations and frees their tensors. The backend is global to tfjs, and another part of the program may have
   * chosen another; one that has been started takes over at once.
   */
  #compute<T extends core.TensorContainer>(operations: () => T): T {
    const { tf } = this.#model;
    if (tf.getBackend() !== this.#backend) void tf.setBackend(this.#backend);
    return tf.tidy(operations);
  }

  /** Matrices must not be empty: tfjs cannot multiply those. */
  #makeTensors(weights: Float32Array): CellTensors {
    const { tf } = this.#model;
    const matrices = [...this.description.tensors.values()].filter(({ rows }) => rows > 0);
    return this.#compute(() =>
      Object.fromEntries(
        matrices.map(({ name, rows, columns, offset }) => {
          const values = weights.slice(offset, offset + rows * columns);
          return [name, tf.keep(tf.tensor2d(values, [rows, columns]))];
        }),
      ),
    );
  }

  #renewTensors(live: Live): void {
    this.#model.tf.dispose(live.tensors);
    live.tensors = this.#makeTensors(live.parameters.weights);
  }
}
