/** The cells in tfjs operations, differentiable: tfjs' own layers have no reset_after GRU. */
import * as tf from "@tensorflow/tfjs-core";
import { oracleLayout, type OracleShape, type OracleWindow } from "./cells.js";

/** The tensors of a cell and its read-out. */
export interface TfjsWeights {
  readonly kernel: tf.Variable<tf.Rank.R2>;
  readonly recurrent: tf.Variable<tf.Rank.R2>;
  /** One row, two for gru. */
  readonly bias: tf.Variable<tf.Rank.R2>;
  readonly readout: tf.Variable<tf.Rank.R2>;
  readonly skip: tf.Variable<tf.Rank.R2>;
  readonly offset: tf.Variable<tf.Rank.R1>;
}

/** Variables with the values of a flat array; S must not be 0, which tfjs cannot multiply. */
export function tfjsWeights(shape: OracleShape, flat: ArrayLike<number>): TfjsWeights {
  const at = oracleLayout(shape);
  const values = Array.from(flat);
  const matrix = (start: number, rows: number, columns: number) =>
    tf.variable(tf.tensor2d(values.slice(start, start + rows * columns), [rows, columns]));
  return {
    kernel: matrix(at.kernel, shape.inputs, at.width),
    recurrent: matrix(at.recurrent, shape.hidden, at.width),
    bias: matrix(at.bias, (at.readout - at.bias) / at.width, at.width),
    readout: matrix(at.readout, shape.hidden, 1),
    skip: matrix(at.skip, shape.skips, 1),
    offset: tf.variable(tf.tensor1d([values[at.offset]!])),
  };
}

/** One step of a reset_after GRU: x [B, I], h [B, H] → h' [B, H]. */
export function tfjsGruStep(
  { kernel, recurrent, bias }: Pick<TfjsWeights, "kernel" | "recurrent" | "bias">,
  x: tf.Tensor2D,
  h: tf.Tensor2D,
): tf.Tensor2D {
  const H = h.shape[1];
  const [biasInput, biasRecurrent] = tf.split(bias, 2, 0);
  const input = tf.add(tf.matMul(x, kernel), biasInput!);
  const hidden = tf.add(tf.matMul(h, recurrent), biasRecurrent!);
  const [xz, xr, xn] = tf.split(input, [H, H, H], 1);
  const [hz, hr, hn] = tf.split(hidden, [H, H, H], 1);
  const z = tf.sigmoid(tf.add(xz!, hz!));
  const r = tf.sigmoid(tf.add(xr!, hr!));
  const n = tf.tanh(tf.add(xn!, tf.mul(r, hn!)));
  return tf.add(n, tf.mul(z, tf.sub(h, n)));
}

/** The windows as tensors: inputs [B, K, I], skips [B, K, S], targets and observed [B, K], first states [B, ·]. */
export function tfjsWindows(windows: readonly OracleWindow[]) {
  const all = <T>(pick: (step: OracleWindow["steps"][number]) => T) =>
    windows.map(({ steps }) => steps.map(pick));
  return {
    inputs: tf.tensor3d(all(({ inputs }) => [...inputs])),
    skips: tf.tensor3d(all(({ skips }) => [...skips])),
    targets: tf.tensor2d(all(({ target }) => target)),
    observed: tf.tensor2d(all(({ observed }) => (observed ? 1 : 0))),
    states: tf.tensor2d(windows.map(({ state }) => [...state])),
  };
}

/** Mean Huber loss of the read-outs of hidden states [B, K, H]. */
export function tfjsLoss(
  { readout, skip, offset }: TfjsWeights,
  hidden: tf.Tensor3D,
  { skips, targets, observed }: Pick<ReturnType<typeof tfjsWindows>, "skips" | "targets" | "observed">,
  huber: number,
): tf.Scalar {
  const [B, K, H] = hidden.shape;
  const fromHidden = tf.matMul(tf.reshape(hidden, [B * K, H]), readout);
  const fromSkips = tf.matMul(tf.reshape(skips, [B * K, -1]), skip);
  const readouts = tf.reshape(tf.add(tf.add(fromHidden, fromSkips), offset), [B, K]);
  const error = tf.mul(tf.sub(readouts, targets), observed);
  const clipped = tf.clipByValue(error, -huber, huber);
  return tf.mean(tf.mul(clipped, tf.sub(error, tf.mul(clipped, 0.5))));
}

/** Hidden states [B, K, H] of windows through the reset_after GRU. */
export function tfjsGruWindows(
  weights: TfjsWeights,
  { inputs, states }: Pick<ReturnType<typeof tfjsWindows>, "inputs" | "states">,
): tf.Tensor3D {
  let h = states;
  const hidden = tf.unstack(inputs, 1).map((x) => (h = tfjsGruStep(weights, x as tf.Tensor2D, h)));
  return tf.stack(hidden, 1) as tf.Tensor3D;
}
