/** The built-in cells in operations of TensorFlow.js, which computes their gradients. */
import type * as core from "@tensorflow/tfjs-core";
import { cellWeights, stateSizeOf } from "../parameters.js";
import type { CellKind, EngineShape } from "../port.js";
import type { CellTensors, Tfjs, TfjsCell } from "./cell.js";
import { contextStep } from "./context-cells.js";

type Matrix = core.Tensor2D;

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
export function builtInCell(cell: CellKind, shape: Pick<EngineShape, "hidden" | "bpttSteps">): TfjsCell {
  const { bpttSteps } = shape;
  return {
    name: cell,
    stateSize: (hidden, inputs) => stateSizeOf({ cell, inputs, hidden, bpttSteps }),
    weights: (inputs, hidden) => cellWeights({ cell, inputs, hidden, bpttSteps }),
    step: stepOf(cell, shape),
  };
}

function stepOf(cell: CellKind, shape: Pick<EngineShape, "hidden" | "bpttSteps">): TfjsCell["step"] {
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
