/** How far the kernel's rational activations are from the functions they stand for, seen through one-unit cells. */
import { expect, it } from "vitest";
import { wasmEngine } from "../../src/engine/wasm/engine.js";

const points = Array.from({ length: 4001 }, (_, i) => Math.fround((i - 2000) / 100));

/** States of a cell whose weights are all zero but for the first unit's weight of its one input, from state 1. */
function respond(cell: "rnn" | "gru"): number[] {
  const shape = { cell, inputs: 1, hidden: 4, skips: 0, bpttSteps: 1, bpttWindows: 1, rows: 4096 } as const;
  const engine = wasmEngine(shape, 1);
  const parameters = engine.readParameters();
  parameters.weights.fill(0);
  parameters.weights[engine.description.tensors.get("kernel")!.offset] = 1;
  engine.writeParameters(parameters);
  engine.reserve(points.length);
  const one = new Float32Array(4).fill(1);
  points.forEach((point, row) => {
    engine.writeState(row, one, 0);
    engine.stepBuffers.states[row] = row;
    engine.stepBuffers.inputs[row] = point;
  });
  engine.step(points.length);
  const state = new Float32Array(4);
  return points.map((_, row) => {
    engine.readState(row, state, 0);
    return state[0]!;
  });
}

function worst(actual: readonly number[], expected: (x: number) => number): number {
  return Math.max(...points.map((x, i) => Math.abs(actual[i]! - expected(x))));
}

it("computes tanh within 1.8e-6 everywhere, never beyond ±1", () => {
  const states = respond("rnn");
  expect(worst(states, Math.tanh)).toBeLessThan(1.8e-6);
  expect(Math.max(...states.map(Math.abs))).toBeLessThan(1);
});

it("computes the logistic function within 1.1e-6 everywhere, never 0 or 1", () => {
  // With a candidate of zero, gru's new state is its update gate.
  const states = respond("gru");
  expect(worst(states, (x) => 1 / (1 + Math.exp(-x)))).toBeLessThan(1.1e-6);
  expect(Math.min(...states)).toBeGreaterThan(0);
  expect(Math.max(...states)).toBeLessThan(1);
});
