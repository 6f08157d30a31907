/** The port of cells on TensorFlow.js: what a cell, built in or of one's own, has to say. */
import type * as core from "@tensorflow/tfjs-core";
import type { WeightMatrix } from "../port.js";

/** The module of TensorFlow.js that an engine computes with. */
export type Tfjs = typeof core;

type Matrix = core.Tensor2D;

/** The weights of a cell as tensors, by name. */
export type CellTensors = Readonly<Record<string, Matrix>>;

/**
 * A recurrent cell of one's own: what it remembers, which weights it has, and one step. Everything else is the
 * engine's: states of keys, read-out, loss, back-propagation through time, Adam, snapshots.
 *
 * @example
 * ```ts
 * // The minimal gated unit (Zhou et al., 2016): one gate decides what is forgotten and what is taken.
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
  /** Stands in the model's name and in the state's signature: another name is another state. */
  readonly name: string;
  /** Floats of a key's state: at least `hidden`, and the first `hidden` of them are what the read-out sees. */
  stateSize(hidden: number, inputs: number): number;
  /**
   * Its weights. That of name `kernel` has a row for each input and multiplies it; the names readout, skip and offset
   * are taken.
   */
  weights(inputs: number, hidden: number): readonly WeightMatrix[];
  /**
   * One step of B keys: inputs [B, I] and states [B, stateSize] to new states [B, stateSize], which should be bounded.
   * It is a function of these alone, made of differentiable operations of `tf`. Rows must not see one another.
   */
  step(tf: Tfjs, inputs: Matrix, states: Matrix, weights: CellTensors): Matrix;
}
