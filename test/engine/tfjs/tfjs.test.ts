/**
 * The wasm engine against tfjs with the same weights: hidden states and gradients within 1e-5 (both compute in 32
 * bits; the engine's activations are off by up to 1.2e-6). tfjs' GRU layer resets before the product, which is the
 * same as after it where the recurrent weights of the candidate are diagonal and their bias zero; the general case is
 * built of tfjs operations.
 */
import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import { layers } from "@tensorflow/tfjs-layers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { wasmEngine } from "../../../src/engine/wasm/engine.js";
import { oracleLayout } from "../../reference/cells.js";
import {
  tfjsGruWindows,
  tfjsLoss,
  tfjsWeights,
  tfjsWindows,
  type TfjsWeights,
} from "../../reference/cells-tfjs.js";
import { loadWeights, loadWindows, randomTask, type Task } from "../../reference/tasks.js";

const sizes = { inputs: 5, hidden: 12, skips: 4, bpttSteps: 9, bpttWindows: 6 };
const huber = 0.5;

beforeAll(async () => {
  await tf.setBackend("cpu");
});
afterAll(() => tf.disposeVariables());

/** Hidden states [B][K][H] by steps, then first moments × 10, the gradient, of one update. */
function runEngine({ shape, weights, windows }: Task) {
  const rows = windows.length;
  const engine = wasmEngine({ ...shape, ...sizes, rows }, 1);
  loadWeights(engine, weights);
  loadWindows(engine, windows);
  const { loss } = engine.learn(rows, { rate: 0, clip: 1e9, huber });
  const gradient = engine.readParameters().firstMoments.map((value) => 10 * value);
  const hidden = windows.map((): number[][] => []);
  const state = new Float32Array(engine.description.stateSize);
  for (let k = 0; k < sizes.bpttSteps; k++) {
    windows.forEach(({ steps }, row) => {
      engine.stepBuffers.states[row] = row;
      engine.stepBuffers.inputs.set(steps[k]!.inputs, row * sizes.inputs);
    });
    engine.step(rows);
    hidden.forEach((list, row) => {
      engine.readState(row, state, 0);
      list.push([...state.subarray(0, sizes.hidden)]);
    });
  }
  engine.dispose();
  return { loss, gradient, hidden };
}

function largestDifference(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  return Math.max(...Array.from(expected, (value, i) => Math.abs(actual[i]! - value)));
}

/** Runs a recurrent layer of tfjs over the windows of a task: hidden states, loss and gradients by tensor. */
function runLayer(task: Task, weights: TfjsWeights) {
  const { cell } = task.shape;
  const config = {
    units: sizes.hidden,
    returnSequences: true,
    recurrentActivation: "sigmoid" as const,
    // The default one needs chained operations, which are not part of the core.
    recurrentInitializer: "zeros" as const,
  };
  const layer =
    cell === "rnn" ? layers.simpleRNN(config) : cell === "gru" ? layers.gru(config) : layers.lstm(config);
  const windows = tfjsWindows(task.windows);
  const initialState = tf.split(windows.states, cell === "lstm" ? 2 : 1, 1);
  const forward = () => layer.apply(windows.inputs, { initialState }) as tf.Tensor3D;
  // The first call makes the weights.
  forward();
  const bias = tf.slice(weights.bias, [0, 0], [1, weights.bias.shape[1]]);
  layer.setWeights([weights.kernel, weights.recurrent, tf.squeeze(bias)]);
  const { value, grads } = tf.variableGrads(() => tfjsLoss(weights, forward(), windows, huber));
  const [kernel, recurrent, input] = layer.trainableWeights.map(({ name }) => grads[name]!.dataSync());
  const gradients = { kernel: kernel!, recurrent: recurrent!, bias: input! };
  return { hidden: forward().arraySync(), loss: value.dataSync()[0]!, gradients };
}

describe("the wasm engine against tfjs' layers", () => {
  it.each(["rnn", "gru", "lstm"] as const)("agrees with the %s layer in states and gradients", (cell) => {
    const task = randomTask({ ...sizes, cell, seed: 11 });
    const at = oracleLayout(task.shape);
    const H = sizes.hidden;
    const isOffDiagonal = (k: number, column: number) =>
      cell === "gru" && column >= 2 * H && column - 2 * H !== k;
    if (cell === "gru") {
      task.weights.fill(0, at.bias + at.width, at.readout);
      for (let k = 0; k < H; k++) {
        for (let column = 0; column < at.width; column++) {
          if (isOffDiagonal(k, column)) task.weights[at.recurrent + k * at.width + column] = 0;
        }
      }
    }
    const engine = runEngine(task);
    const { hidden, loss, gradients } = runLayer(task, tfjsWeights(task.shape, task.weights));
    expect(largestDifference(engine.hidden.flat(2), hidden.flat(2))).toBeLessThan(1e-5);
    expect(Math.abs(engine.loss - loss)).toBeLessThan(1e-5);
    expect(largestDifference(engine.gradient, gradients.kernel)).toBeLessThan(1e-5);
    expect(largestDifference(engine.gradient.subarray(at.bias), gradients.bias)).toBeLessThan(1e-5);
    // Off the diagonal the two GRUs are different functions of the weights.
    const differences = Array.from(gradients.recurrent, (value, i) => {
      const [k, column] = [Math.floor(i / at.width), i % at.width];
      return isOffDiagonal(k, column) ? 0 : Math.abs(value - engine.gradient[at.recurrent + i]!);
    });
    expect(Math.max(...differences)).toBeLessThan(1e-5);
  });

  it("agrees with a reset_after GRU of tfjs operations in states, loss and the gradient of every tensor", () => {
    const task = randomTask({ ...sizes, cell: "gru", seed: 12 });
    const weights = tfjsWeights(task.shape, task.weights);
    const windows = tfjsWindows(task.windows);
    const forward = () => tfjsGruWindows(weights, windows);
    const names = ["kernel", "recurrent", "bias", "readout", "skip", "offset"] as const;
    const { value, grads } = tf.variableGrads(
      () => tfjsLoss(weights, forward(), windows, huber),
      names.map((name) => weights[name]),
    );
    const gradient = names.flatMap((name) => [...grads[weights[name].name]!.dataSync()]);
    const engine = runEngine(task);
    expect(largestDifference(engine.hidden.flat(2), forward().arraySync().flat(2))).toBeLessThan(1e-5);
    expect(Math.abs(engine.loss - value.dataSync()[0]!)).toBeLessThan(1e-5);
    expect(largestDifference(engine.gradient, gradient)).toBeLessThan(1e-5);
  });
});
