/** Random weights and windows for the tests of engines and oracles, all exact in 32 bits. */
import { uniform } from "../../src/engine/random.js";
import type { Engine } from "../../src/engine/port.js";
import {
  oracleLayout,
  oracleStateSize,
  type OracleCell,
  type OracleShape,
  type OracleWindow,
} from "./cells.js";

export interface TaskOptions extends Omit<OracleShape, "context"> {
  readonly cell: OracleCell;
  /** Steps of a window, and what cells of a context see. */
  readonly bpttSteps: number;
  /** Steps of the windows of this task, where they are to be others. */
  readonly length?: number;
  readonly bpttWindows: number;
  readonly seed: number;
}

export interface Task {
  readonly shape: OracleShape;
  readonly weights: Float64Array;
  readonly windows: readonly OracleWindow[];
}

/** A task with weights of a size that neither saturates nor idles the gates, and about a fifth of targets unobserved. */
export function randomTask({ bpttSteps, length = bpttSteps, bpttWindows, seed, ...rest }: TaskOptions): Task {
  const shape = { ...rest, context: bpttSteps };
  const next = uniform(seed);
  const value = (size: number) => Math.fround((2 * next() - 1) * size);
  const list = (length: number, size: number) => Array.from({ length }, () => value(size));
  return {
    shape,
    weights: Float64Array.from(list(oracleLayout(shape).length, 1.5 / Math.sqrt(shape.hidden))),
    windows: Array.from({ length: bpttWindows }, () => ({
      state: list(oracleStateSize(shape), 0.9),
      steps: Array.from({ length }, () => ({
        inputs: list(shape.inputs, 1),
        skips: list(shape.skips, 1),
        target: value(1),
        observed: next() > 0.2,
      })),
    })),
  };
}

/** A copy of a row of an engine's states. */
export function stateOf(engine: Engine, row: number): Float32Array {
  const state = new Float32Array(engine.description.stateSize);
  engine.readState(row, state, 0);
  return state;
}

/** Gives an engine 32-bit weights, and moments that are zero unless given. */
export function loadWeights(
  engine: Engine,
  weights: Float64Array,
  first = new Float64Array(0),
  second = first,
): void {
  const fill = (values: Float64Array) => {
    const floats = new Float32Array(engine.description.parameters);
    floats.set(values);
    return floats;
  };
  engine.writeParameters({
    weights: fill(weights),
    firstMoments: fill(first),
    secondMoments: fill(second),
  });
}

/** Puts windows into an engine's buffers, their first states into its rows 0, 1, ... */
export function loadWindows(engine: Engine, windows: readonly OracleWindow[]): void {
  const { inputs: I, skips: S, bpttWindows: B } = engine.description;
  engine.reserve(windows.length);
  const buffers = engine.windowBuffers;
  for (const [b, window] of windows.entries()) {
    buffers.states[b] = b;
    engine.writeState(b, Float32Array.from(window.state), 0);
    for (const [k, step] of window.steps.entries()) {
      const at = k * B + b;
      buffers.inputs.set(step.inputs, at * I);
      buffers.skips.set(step.skips, at * S);
      buffers.targets[at] = step.target;
      buffers.observed[at] = step.observed ? 1 : 0;
    }
  }
}
