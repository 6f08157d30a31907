/** The cells that see their last n inputs (window, conv, attention), in operations of TensorFlow.js. */
import type * as core from "@tensorflow/tfjs-core";
import type { ContextKind, EngineShape } from "../port.js";
import { contextStateSize, filterLength } from "../parameters.js";
import type { CellTensors, Tfjs, TfjsCell } from "./cell.js";

type Matrix = core.Tensor2D;

/** The last n inputs, the oldest first [B, n·I], and the latest of them [B, I], to h before its activation [B, H]. */
type Layer = (tf: Tfjs, context: Matrix, x: Matrix, weights: CellTensors) => Matrix;

const windowLayer: Layer = (tf, context, _x, { kernel, bias }) => tf.add(tf.matMul(context, kernel!), bias!);

const convLayer =
  (n: number): Layer =>
  (tf, context, x, { kernel, channelBias, dense, bias }) => {
    const [rows, inputs] = x.shape;
    const length = filterLength(n);
    const features = Array.from({ length: n - length + 1 }, (_, place) => {
      const patch = tf.slice(context, [0, place * inputs], [rows, length * inputs]);
      return tf.tanh(tf.add<Matrix>(tf.matMul(patch, kernel!), channelBias!));
    });
    return tf.add(tf.matMul(tf.concat(features, 1), dense!), bias!);
  };

const attentionLayer =
  (n: number): Layer =>
  (tf, context, x, { kernel, lags, bias }) => {
    const [rows, inputs] = x.shape;
    const [query, key, value, own] = tf.split(kernel!, 4, 1);
    const past = tf.reshape(context, [rows, n, inputs]);
    const keyed = tf.matMul(tf.matMul(x, query!), key!, false, true);
    const products = tf.sum(tf.mul(past, tf.reshape(keyed, [rows, 1, inputs])), 2);
    const shares = tf.softmax(tf.add<Matrix>(tf.mul(products, 1 / Math.sqrt(query!.shape[1]!)), lags!));
    const mix = tf.sum<Matrix>(tf.mul(past, tf.reshape(shares, [rows, n, 1])), 1);
    return tf.add(tf.add(tf.matMul(mix, value!), tf.matMul(x, own!)), bias!);
  };

/** One step of such a cell for windows of `shape.bpttSteps` inputs. */
export function contextStep(
  cell: ContextKind,
  shape: Pick<EngineShape, "hidden" | "bpttSteps">,
): TfjsCell["step"] {
  const { hidden, bpttSteps: n } = shape;
  const layer = { window: windowLayer, conv: convLayer(n), attention: attentionLayer(n) }[cell];
  return (tf, x, states, weights) => {
    const [rows, inputs] = x.shape;
    const kept = tf.slice(states, [0, hidden + inputs], [rows, (n - 1) * inputs]);
    const context = n === 1 ? x : tf.concat([kept, x], 1);
    const filler = contextStateSize({ hidden, inputs, bpttSteps: n }) - hidden - n * inputs;
    return tf.concat(
      [
        tf.tanh(layer(tf, context, x, weights)),
        context,
        ...(filler > 0 ? [tf.zeros<core.Rank.R2>([rows, filler])] : []),
      ],
      1,
    );
  };
}
