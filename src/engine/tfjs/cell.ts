/** Defines the interface of cells on TensorFlow.js, built-in and custom. */
import type * as core from "@tensorflow/tfjs-core";
import type { WeightMatrix } from "../port.js";

/** The TensorFlow.js module of an engine. */
export type Tfjs = typeof core;

type Matrix = core.Tensor2D;

/** The weights of a cell as tensors, by name. */
export type CellTensors = Readonly<Record<string, Matrix>>;

/**
 * A custom recurrent cell: its state, its weights and one step. The engine adds the states of keys, read-out, loss,
 * back-propagation through time, Adam and snapshots.
 *
 * @example
 * ```ts
 * // The minimal gated unit (Zhou et al., 2016): one gate mixes the old state and the new one.
 * const minimalGatedUnit: TfjsCell = {
 *   name: "mgu",
 *   stateSize: (hidden) => hidden,
 *   weights: (inputs, hidden) => [
 *     { name: "kernel", rows: inputs, columns: 2 * hidden },
 *     { name: "recurrent", rows: hidden, columns: 2 * hidden },
 *     { name: "bias", rows: 1, columns: 2 * hidden, initial: () => 0 },
 *   ],
 *   step(tf, x, h, { kernel, recurrent, bias }) {
 *     const [xf, xn] = tf.split(tf.add(tf.matMul(x, kernel!), bias!), 2, 1);
 *     const [wf, wn] = tf.split(recurrent!, 2, 1);
 *     const f = tf.sigmoid(tf.add(xf!, tf.matMul(h, wf!)));
 *     const n = tf.tanh(tf.add(xn!, tf.matMul(tf.mul(f, h), wn!)));
 *     return tf.add(h, tf.mul(f, tf.sub(n, h)));
 *   },
 * };
 * const engine = await loadTfjsEngine({ cell: minimalGatedUnit });
 * const forecaster = createForecaster({ engine, hidden: 16 }); // its model is "mgu16"
 * ```
 */
export interface TfjsCell {
  /** Name in the model's name and the state's signature. A cell with another name cannot restore the state. */
  readonly name: string;
  /** Returns the floats of a key's state, at least `hidden`. The read-out sees the first `hidden` of them. */
  stateSize(hidden: number, inputs: number): number;
  /**
   * Returns the weight matrices. The matrix `kernel` has one row per input. The names readout, skip and offset are
   * reserved.
   */
  weights(inputs: number, hidden: number): readonly WeightMatrix[];
  /**
   * Steps B keys: inputs [B, I] and states [B, stateSize] to new states [B, stateSize], which should be bounded. It must
   * be a pure function of differentiable `tf` operations. Rows must not influence each other.
   */
  step(tf: Tfjs, inputs: Matrix, states: Matrix, weights: CellTensors): Matrix;
}
