/** Recurrent cells in operations of TensorFlow.js, which differentiates them: the built-in ones, and what one's own is. */
import type * as core from "@tensorflow/tfjs-core";
import { cellWeights, stateSizeOf } from "./parameters.js";
import type { CellKind, EngineShape, WeightMatrix } from "./port.js";
import { contextStep } from "./tfjs-context-cells.js";

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

/** h' = tanh(x·U + h·W + b). */
function rnnStep(tf: Tfjs, x: Matrix, h: Matrix, { kernel, recurrent, bias }: CellTensors): Matrix {
  return tf.tanh(tf.add(tf.add(tf.matMul(x, kernel!), tf.matMul(h, recurrent!)), bias!));
}

/** The gated recurrent unit (Cho et al., 2014) with the reset gate after the product, as in cuDNN and Keras 2 and 3. */
function gruStep(tf: Tfjs, x: Matrix, h: Matrix, { kernel, recurrent, bias }: CellTensors): Matrix {
  const [biasInput, biasRecurrent] = tf.split(bias!, 2, 0);
  const [xz, xr, xn] = tf.split(tf.add(tf.matMul(x, kernel!), biasInput!), 3, 1);
  const [hz, hr, hn] = tf.split(tf.add(tf.matMul(h, recurrent!), biasRecurrent!), 3, 1);
  const z = tf.sigmoid(tf.add(xz!, hz!));
  const r = tf.sigmoid(tf.add(xr!, hr!));
  const n = tf.tanh(tf.add(xn!, tf.mul(r, hn!)));
  return tf.add(n, tf.mul(z, tf.sub(h, n)));
}

/** Long short-term memory (Hochreiter & Schmidhuber, 1997; Gers et al., 2000); a state is h, then c. */
function lstmStep(tf: Tfjs, x: Matrix, state: Matrix, { kernel, recurrent, bias }: CellTensors): Matrix {
  const [h, before] = tf.split(state, 2, 1) as [Matrix, Matrix];
  const gates = tf.add(tf.add(tf.matMul(x, kernel!), tf.matMul(h, recurrent!)), bias!);
  const [i, f, candidate, o] = tf.split(gates, 4, 1);
  const c = tf.add<Matrix>(tf.mul(tf.sigmoid(f!), before), tf.mul(tf.sigmoid(i!), tf.tanh(candidate!)));
  return tf.concat([tf.mul<Matrix>(tf.sigmoid(o!), tf.tanh(c)), c], 1);
}

/** A cell of the port, with the weights and gate conventions of the kernel, for these units and steps of a window. */
export function builtInCell(cell: CellKind, shape: Pick<EngineShape, "hidden" | "steps">): TfjsCell {
  const { steps } = shape;
  return {
    name: cell,
    stateSize: (hidden, inputs) => stateSizeOf({ cell, inputs, hidden, steps }),
    weights: (inputs, hidden) => cellWeights({ cell, inputs, hidden, steps }),
    step: stepOf(cell, shape),
  };
}

function stepOf(cell: CellKind, shape: Pick<EngineShape, "hidden" | "steps">): TfjsCell["step"] {
  switch (cell) {
    case "rnn":
      return rnnStep;
    case "gru":
      return gruStep;
    case "lstm":
      return lstmStep;
    case "window":
    case "conv":
    case "attention":
      return contextStep(cell, shape);
  }
}
