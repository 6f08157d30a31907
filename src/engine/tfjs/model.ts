/** A cell with its read-out as a function of tensors: one step of it, and the mean Huber loss over windows of steps. */
import type * as core from "@tensorflow/tfjs-core";
import type { EngineDescription, WindowBuffers } from "../port.js";
import type { CellTensors, Tfjs, TfjsCell } from "./cell.js";

type Matrix = core.Tensor2D;

export interface TfjsModel {
  readonly tf: Tfjs;
  readonly cell: TfjsCell;
  readonly shape: EngineDescription;
}

/** Runs one step of the cell and checks the shape of its result. */
export function advance(
  { tf, cell, shape }: TfjsModel,
  x: Matrix,
  states: Matrix,
  weights: CellTensors,
): Matrix {
  const after = cell.step(tf, x, states, weights);
  const expected = [x.shape[0], shape.stateSize];
  if (after.shape.join() === expected.join()) return after;
  throw new TypeError(
    `cell ${cell.name} made states [${after.shape.join()}] instead of [${expected.join()}]`,
  );
}

/** r = c + w·h + v·skips: states [n, stateSize] and n rows of skips to read-outs [n, 1]. */
export function readOut(
  { tf, shape: { hidden, skips: S } }: TfjsModel,
  states: Matrix,
  skips: Float32Array,
  { readout, skip, offset }: CellTensors,
): Matrix {
  const rows = states.shape[0];
  const h = tf.slice(states, [0, 0], [rows, hidden]);
  const fromHidden = tf.add<Matrix>(tf.matMul(h, readout!), offset!);
  // tfjs cannot multiply empty matrices.
  if (S === 0) return fromHidden;
  return tf.add(fromHidden, tf.matMul(tf.tensor2d(skips, [rows, S]), skip!));
}

/** The first `count` windows of the buffers, step by step: rows are k·count + b. */
export interface Windows {
  readonly states: Float32Array;
  readonly inputs: Float32Array;
  readonly skips: Float32Array;
  readonly targets: Float32Array;
  readonly observed: Float32Array;
}

/** Copies them; a target that was not observed may be anything, and is zero here. */
export function firstWindows(
  { inputs: I, skips: S, bpttSteps: K, bpttWindows: B }: EngineDescription,
  buffers: WindowBuffers,
  states: Float32Array,
  count: number,
): Windows {
  const first = (values: Float32Array, width: number): Float32Array => {
    const taken = new Float32Array(K * count * width);
    for (let k = 0; k < K; k++) {
      const step = values.subarray(k * B * width, (k * B + count) * width);
      taken.set(step, k * count * width);
    }
    return taken;
  };
  const observed = first(buffers.observed, 1);
  return {
    states,
    inputs: first(buffers.inputs, I),
    skips: first(buffers.skips, S),
    targets: first(buffers.targets, 1).map((target, i) => (observed[i] === 0 ? 0 : target)),
    observed,
  };
}

/** Mean Huber loss over all steps of the windows, steps without an observed target counting as zero. */
function windowLoss(model: TfjsModel, windows: Windows, weights: CellTensors, huber: number): core.Scalar {
  const { tf, shape } = model;
  const { inputs: I, bpttSteps: K, stateSize } = shape;
  const count = windows.states.length / stateSize;
  const xs = tf.unstack(tf.tensor3d(windows.inputs, [K, count, I])) as Matrix[];
  let state = tf.tensor2d(windows.states, [count, stateSize]);
  const states = xs.map((x) => (state = advance(model, x, state, weights)));
  const column = (values: Float32Array): Matrix => tf.tensor2d(values, [K * count, 1]);
  const readouts = readOut(model, tf.concat(states, 0), windows.skips, weights);
  const error = tf.mul(tf.sub(readouts, column(windows.targets)), column(windows.observed));
  const clipped = tf.clipByValue(error, -huber, huber);
  // ½ e² inside, huber (|e| − ½ huber) outside: both are this.
  return tf.mean(tf.mul(clipped, tf.sub(error, tf.mul(clipped, 0.5))));
}

/** The loss and its gradient by back-propagation through all steps, as one flat array. */
export function lossAndGradient(
  model: TfjsModel,
  windows: Windows,
  weights: CellTensors,
  huber: number,
): { readonly loss: number; readonly gradient: Float32Array } {
  const names = Object.keys(weights);
  const lossOf = (...values: core.Tensor[]): core.Scalar =>
    windowLoss(
      model,
      windows,
      Object.fromEntries(names.map((name, i) => [name, values[i] as Matrix])),
      huber,
    );
  const { value, grads } = model.tf.valueAndGrads(lossOf)(Object.values(weights));
  const gradient = new Float32Array(model.shape.parameters);
  for (const [i, name] of names.entries()) {
    gradient.set(grads[i]!.dataSync(), model.shape.tensors.get(name)!.offset);
  }
  return { loss: value.dataSync()[0]!, gradient };
}
