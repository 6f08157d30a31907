/** Peers of the wasm engine's GRU: tfjs on its WebAssembly backend, and plain JavaScript, as fast as they reasonably go. */
import "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
// Registers the gradients of the operations, which the core leaves out.
import "@tensorflow/tfjs-layers";
import type { OracleShape } from "../reference/cells.js";
import { tfjsGruStep, tfjsLoss, tfjsWeights } from "../reference/cells-tfjs.js";

/** Steps batches of rows: batch `index` always holds the same rows, in the same order. */
export type BatchStep = (index: number, inputs: Float32Array) => number;

/**
 * A GRU of fused matrix products on tfjs. The states of a batch stay in one tensor between its steps, which spares tfjs
 * the gathering and scattering that the engine does.
 */
export function tfjsGruSteps(shape: OracleShape, flat: ArrayLike<number>, rows: number): BatchStep {
  const { kernel, recurrent, bias, readout, offset } = tfjsWeights(shape, flat);
  const { inputs: I, hidden: H } = shape;
  // The fused product takes only biases that were made with one dimension: a reshaped row does not do.
  const [biasInput, biasRecurrent] = tf.split(bias, 2).map((row) => tf.tensor1d(row.dataSync()));
  const states: tf.Tensor2D[] = [];
  return (index, inputs) => {
    const before = states[index] ?? tf.zeros([rows, H]);
    const [after, readouts] = tf.tidy(() => {
      const x = tf.tensor2d(inputs, [rows, I]);
      const fromInput = tf.fused.matMul({ a: x, b: kernel, bias: biasInput! });
      const fromHidden = tf.fused.matMul({ a: before, b: recurrent, bias: biasRecurrent! });
      const gates = tf.add(
        tf.slice(fromInput, [0, 0], [rows, 2 * H]),
        tf.slice(fromHidden, [0, 0], [rows, 2 * H]),
      );
      const [z, r] = tf.split(tf.sigmoid(gates), 2, 1) as [tf.Tensor2D, tf.Tensor2D];
      const candidate = tf.mul(r, tf.slice(fromHidden, [0, 2 * H], [rows, H]));
      const n = tf.tanh(tf.add(tf.slice(fromInput, [0, 2 * H], [rows, H]), candidate));
      const h = tf.add<tf.Tensor2D>(n, tf.mul(z, tf.sub(before, n)));
      return [h, tf.fused.matMul({ a: h, b: readout, bias: offset })] as const;
    });
    before.dispose();
    states[index] = after;
    const [first] = readouts.dataSync();
    readouts.dispose();
    return first!;
  };
}

export interface TrainingSet {
  readonly steps: number;
  readonly windows: number;
  /** [K][B][I] and [K][B]. */
  readonly inputs: Float32Array;
  readonly targets: Float32Array;
}

/** Updates on tfjs: gradient of the mean Huber loss by its tape, clipped to norm 1, then its Adam; returns the loss. */
export function tfjsGruUpdates(shape: OracleShape, flat: ArrayLike<number>, set: TrainingSet): () => number {
  const { inputs: I, hidden: H } = shape;
  const { steps: K, windows: B } = set;
  const weights = tfjsWeights({ ...shape, skips: 4 }, flat);
  const variables = [weights.kernel, weights.recurrent, weights.bias, weights.readout, weights.offset];
  const adam = tf.train.adam(1e-3);
  return () => {
    const loss = tf.tidy(() => {
      const xs = tf.unstack(tf.tensor3d(set.inputs, [K, B, I])) as tf.Tensor2D[];
      const targets = tf.tensor2d(set.targets, [K, B]);
      const windows = { targets, observed: tf.onesLike(targets), skips: tf.zeros<tf.Rank.R3>([K, B, 4]) };
      const { value, grads } = tf.variableGrads(() => {
        let h = tf.zeros<tf.Rank.R2>([B, H]);
        const hidden = xs.map((x) => (h = tfjsGruStep(weights, x, h)));
        return tfjsLoss(weights, tf.stack(hidden) as tf.Tensor3D, windows, 1);
      }, variables);
      const squares = Object.values(grads).map((gradient) => tf.sum(tf.square(gradient)));
      const scale = tf.minimum(1, tf.div(1, tf.sqrt(tf.addN(squares))));
      adam.applyGradients(
        Object.entries(grads).map(([name, gradient]) => ({ name, tensor: tf.mul(gradient, scale) })),
      );
      return value;
    });
    const [value] = loss.dataSync();
    loss.dispose();
    return value!;
  };
}

/** sums[j] += Σ values[k] · weights[k][j], four rows of weights at a time, which spares loads and stores of the sums. */
function addProducts(
  sums: Float64Array,
  values: Float64Array,
  start: number,
  count: number,
  weights: Float64Array,
  at: number,
): void {
  const width = sums.length;
  for (let k = 0; k < count; k += 4) {
    const v0 = values[start + k]!;
    const v1 = values[start + k + 1]!;
    const v2 = values[start + k + 2]!;
    const v3 = values[start + k + 3]!;
    const w0 = at + k * width;
    const [w1, w2, w3] = [w0 + width, w0 + 2 * width, w0 + 3 * width];
    for (let j = 0; j < width; j++) {
      sums[j] =
        sums[j]! +
        v0 * weights[w0 + j]! +
        v1 * weights[w1 + j]! +
        v2 * weights[w2 + j]! +
        v3 * weights[w3 + j]!;
    }
  }
}

/**
 * The same step in loops over 64-bit typed arrays (32-bit ones cost a conversion per product), one row after another;
 * the states of all batches lie in one slab. I and H must be multiples of 4.
 */
export function javascriptGruSteps(
  { inputs: I, hidden: H }: OracleShape,
  flat: ArrayLike<number>,
  rows: number,
  batches: number,
): BatchStep {
  const w = Float64Array.from(flat);
  const width = 3 * H;
  const recurrent = I * width;
  const bias = recurrent + H * width;
  const readout = bias + 2 * width;
  const states = new Float64Array(rows * batches * H);
  const x = new Float64Array(rows * I);
  const a = new Float64Array(width);
  const b = new Float64Array(width);
  const readouts = new Float64Array(rows);
  return (index, inputs) => {
    x.set(inputs);
    for (let row = 0; row < rows; row++) {
      const state = (index * rows + row) * H;
      for (let j = 0; j < width; j++) {
        a[j] = w[bias + j]!;
        b[j] = w[bias + width + j]!;
      }
      addProducts(a, x, row * I, I, w, 0);
      addProducts(b, states, state, H, w, recurrent);
      let sum = w[readout + H]!;
      for (let j = 0; j < H; j++) {
        const z = 1 / (1 + Math.exp(-a[j]! - b[j]!));
        const r = 1 / (1 + Math.exp(-a[H + j]! - b[H + j]!));
        const n = Math.tanh(a[2 * H + j]! + r * b[2 * H + j]!);
        const h = n + z * (states[state + j]! - n);
        states[state + j] = h;
        sum += w[readout + j]! * h;
      }
      readouts[row] = sum;
    }
    return readouts[0]!;
  };
}
