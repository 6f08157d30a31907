/** Implements the engine port on the WebAssembly kernel: the default engine. */
import { UndercurrentError } from "../../errors/library.js";
import { checkAlive, checkLearning, checkRow, checkRows, noMemoryForStates } from "../checks.js";
import { instantiateKernel, kernelName, type Kernel, type KernelShape } from "./kernel.js";
import {
  cellWeights,
  copyParameters,
  initialParameters,
  isRecurrent,
  parameterCount,
  parameterTensors,
  stateSizeOf,
  writeParameters,
} from "../parameters.js";
import { cellKinds, recurrentKinds } from "../port.js";
import { viewMemory, type Views } from "./views.js";
import type {
  Engine,
  EngineDescription,
  EngineFactory,
  EngineShape,
  LearnOptions,
  LearnReport,
  ParameterSet,
  StepBuffers,
  WindowBuffers,
} from "../port.js";

/** Counts of a shape, with the range that the kernel takes; `hidden`, `skips` and `symbols` are multiples of 4. */
const ranges = {
  inputs: [1, 1024],
  hidden: [4, 256],
  skips: [0, 1024],
  symbols: [0, 4096],
  bpttSteps: [1, 128],
  bpttWindows: [1, 256],
  rows: [1, 4096],
} as const satisfies Record<Exclude<keyof EngineShape, "cell">, readonly [number, number]>;

const counts = Object.keys(ranges) as (keyof typeof ranges)[];

const byFours: ReadonlySet<string> = new Set(["hidden", "skips", "symbols"]);

function ofSymbols({ symbols = 0 }: Pick<EngineShape, "symbols">): boolean {
  return symbols > 0;
}

function checkShape(shape: EngineShape): void {
  for (const name of counts) {
    const [least, most] = ranges[name];
    const value = shape[name] ?? 0;
    const multiple = byFours.has(name) || (name === "inputs" && ofSymbols(shape)) ? 4 : 1;
    if (!Number.isInteger(value) || value < least || value > most || value % multiple !== 0) {
      const of = multiple === 1 ? "an integer" : `a multiple of ${multiple}`;
      throw new RangeError(
        `${name} must be ${of} from ${least} to ${most} for the wasm engine, found ${value}`,
      );
    }
  }
  if (ofSymbols(shape) && !isRecurrent(shape.cell)) {
    throw new RangeError(`cell must be one of ${recurrentKinds.join(", ")} for symbols, found ${shape.cell}`);
  }
}

/** Writes a shape into the kernel, field by field. */
function writeShape(kernel: KernelShape, shape: EngineShape): void {
  kernel.cell.value = cellKinds.indexOf(shape.cell);
  for (const name of counts) kernel[name].value = shape[name] ?? 0;
}

class WasmEngine implements Engine {
  readonly description: EngineDescription;
  /** Gone after `dispose`, so that the memory can be collected. */
  #live: { readonly kernel: Kernel; views: Views } | undefined;
  #stateRows = 0;

  constructor(shape: EngineShape, seed: number) {
    checkShape(shape);
    const tensors = parameterTensors(cellWeights(shape), shape);
    this.description = {
      ...shape,
      name: "wasm",
      kernel: kernelName(),
      stateSize: stateSizeOf(shape),
      tensors,
      parameters: parameterCount(tensors),
    };
    const kernel = instantiateKernel();
    writeShape(kernel, shape);
    if (!kernel.init()) {
      throw new UndercurrentError(
        "MEMORY_EXHAUSTED",
        "out of memory: cannot allocate the weights and buffers of an engine",
      );
    }
    this.#live = { kernel, views: viewMemory(kernel, this.description, 0) };
    this.#live.views.weights.set(initialParameters(tensors, seed));
    kernel.pack();
  }

  #use(): { readonly kernel: Kernel; views: Views } {
    return checkAlive(this.#live);
  }

  get stepBuffers(): StepBuffers {
    return this.#use().views.step;
  }

  get windowBuffers(): WindowBuffers {
    return this.#use().views.window;
  }

  get bytes(): number {
    return this.#use().kernel.memory.buffer.byteLength;
  }

  reserve(rows: number): void {
    const live = this.#use();
    if (rows <= this.#stateRows) return;
    if (rows > 0x7fffffff || !live.kernel.reserve(rows)) {
      throw noMemoryForStates(rows, this.description.stateSize);
    }
    this.#stateRows = rows;
    live.views = viewMemory(live.kernel, this.description, rows);
  }

  step(count: number): void {
    const { kernel, views } = this.#use();
    checkRows(views.step.states, count, this.#stateRows);
    kernel.step(count);
  }

  learn(count: number, options: LearnOptions): LearnReport {
    const { kernel, views } = this.#use();
    checkRows(views.window.states, count, this.#stateRows);
    checkLearning(count, options);
    const { rate, clip, huber } = options;
    const loss = kernel.learn(count, rate, clip, huber);
    return { loss, gradientNorm: kernel.gradientNorm.value };
  }

  setKnownSymbols(count: number): void {
    const { symbols = 0 } = this.description;
    if (!Number.isInteger(count) || count < 1 || count > symbols) {
      throw new RangeError(`the engine has room for ${symbols} symbols, found ${count}`);
    }
    this.#use().kernel.setKnown(count);
  }

  renewSymbol(symbol: number): void {
    const { symbols = 0 } = this.description;
    if (!Number.isInteger(symbol) || symbol < 1 || symbol >= symbols) {
      throw new RangeError(`symbol ${symbol} does not exist: the engine has room for ${symbols} symbols`);
    }
    this.#use().kernel.renew(symbol);
  }

  copyState(from: number, to: number): void {
    const { kernel } = this.#use();
    checkRow(from, this.#stateRows);
    checkRow(to, this.#stateRows);
    kernel.copyState(from, to);
  }

  readState(row: number, into: Float32Array, at: number): void {
    const { states } = this.#use().views;
    checkRow(row, this.#stateRows);
    const size = this.description.stateSize;
    const start = row * size;
    for (let i = 0; i < size; i++) into[at + i] = states[start + i]!;
  }

  writeState(row: number, from: Float32Array, at: number): void {
    const { states } = this.#use().views;
    checkRow(row, this.#stateRows);
    const size = this.description.stateSize;
    const start = row * size;
    for (let i = 0; i < size; i++) states[start + i] = from[at + i]!;
  }

  readParameters(): ParameterSet {
    return copyParameters(this.#use().views);
  }

  writeParameters(parameters: ParameterSet): void {
    const { kernel, views } = this.#use();
    writeParameters(parameters, views);
    kernel.pack();
  }

  dispose(): void {
    this.#live = undefined;
  }
}

/**
 * An engine on the WebAssembly kernel, with initial weights fixed by the seed and no state rows.
 *
 * Takes H a multiple of 4 up to 256, S a multiple of 4, K up to 128, B up to 256 and 4,096 rows a batch; its memory
 * ends at 4 GiB. Throws RangeError for another shape, KERNEL_MISSING and MEMORY_EXHAUSTED.
 *
 * @example
 * ```ts
 * const engine = wasmEngine({ cell: "gru", inputs: 1, hidden: 32, skips: 0, bpttSteps: 32, bpttWindows: 32, rows: 1024 }, 1);
 * engine.reserve(2);
 * engine.stepBuffers.states.set([0, 1]);
 * engine.stepBuffers.inputs.set([0.5, -0.5]);
 * engine.step(2);
 * const [first, second] = engine.stepBuffers.readouts;
 * ```
 */
export const wasmEngine: EngineFactory = (shape, seed) => new WasmEngine(shape, seed);
