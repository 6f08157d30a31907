/** The wasm engine against the 64-bit oracle: forward steps, loss, gradients and sequences of updates. */
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { cellKinds, type Engine, type EngineShape } from "../../src/engine/port.js";
import { wasmEngine } from "../../src/engine/wasm.js";
import { norm, oracleAdam, oracleGradient, oracleLoss, oracleStep } from "../reference/cells.js";
import { loadWeights, loadWindows, randomTask } from "../reference/tasks.js";

const engines: Engine[] = [];
function create(shape: EngineShape): Engine {
  const engine = wasmEngine(shape, 1);
  engines.push(engine);
  return engine;
}
afterEach(() => engines.splice(0).forEach((engine) => engine.dispose()));

/** Largest difference, as a share of the norm of what is expected. */
function relativeError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  let worst = 0;
  for (let i = 0; i < expected.length; i++) worst = Math.max(worst, Math.abs(actual[i]! - expected[i]!));
  return worst / Math.max(norm(Array.from(expected)), 1e-12);
}

const shapes = fc.record({
  cell: fc.constantFrom(...cellKinds),
  inputs: fc.oneof(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 64 })),
  hidden: fc.oneof(fc.integer({ min: 1, max: 8 }), fc.integer({ min: 1, max: 20 })).map((n) => 4 * n),
  skips: fc.integer({ min: 0, max: 4 }).map((n) => 4 * n),
  steps: fc.integer({ min: 1, max: 10 }),
  windows: fc.integer({ min: 1, max: 9 }),
  seed: fc.integer({ min: 0, max: 0xffffffff }),
});

describe("the wasm engine against the 64-bit oracle", () => {
  it("follows the oracle's states and read-outs over 50 steps within 2e-5, for any shape", () => {
    fc.assert(
      fc.property(shapes, (options) => {
        const { shape, weights, windows } = randomTask({ ...options, steps: 50 });
        const rows = windows.length;
        const engine = create({ ...options, rows });
        loadWeights(engine, weights);
        loadWindows(
          engine,
          windows.map(({ state }) => ({ state, steps: [] })),
        );
        const buffers = engine.stepBuffers;
        const states = windows.map(({ state }) => [...state]);
        const state = new Float32Array(engine.description.stateSize);
        for (let k = 0; k < 50; k++) {
          for (const [row, window] of windows.entries()) {
            buffers.states[row] = row;
            buffers.inputs.set(window.steps[k]!.inputs, row * shape.inputs);
            buffers.skips.set(window.steps[k]!.skips, row * shape.skips);
          }
          engine.step(rows);
          for (const [row, window] of windows.entries()) {
            const { inputs, skips } = window.steps[k]!;
            const expected = oracleStep(shape, weights, states[row]!, inputs, skips);
            states[row] = [...expected.after];
            engine.readState(row, state, 0);
            const errors = expected.after.map((v, j) => Math.abs(state[j]! - v) / Math.max(1, Math.abs(v)));
            expect(Math.max(...errors)).toBeLessThan(2e-5);
            expect(Math.abs(buffers.readouts[row]! - expected.readout)).toBeLessThan(1e-4);
          }
        }
        engine.dispose();
      }),
      { numRuns: 60 },
    );
  });

  it("has the oracle's loss, gradient norm and gradient of every tensor within 2e-5, for any shape", () => {
    fc.assert(
      fc.property(
        shapes,
        fc.constantFrom(0.05, 0.5, 5),
        fc.integer({ min: 0, max: 5 }),
        (options, huber, spare) => {
          const { shape, weights, windows } = randomTask(options);
          const engine = create({ ...options, windows: options.windows + spare, rows: 1 });
          loadWeights(engine, weights);
          loadWindows(engine, windows);
          const { loss, gradientNorm } = engine.learn(windows.length, { rate: 0, clip: 1e9, huber });
          const gradient = oracleGradient(shape, weights, windows, huber);
          expect(relativeError([loss], [oracleLoss(shape, weights, windows, huber)])).toBeLessThan(2e-5);
          expect(relativeError([gradientNorm], [norm(gradient)])).toBeLessThan(2e-5);
          // From moments of zero, the first moment after an update is a tenth of the gradient.
          const { firstMoments, weights: after } = engine.readParameters();
          expect(
            relativeError(
              firstMoments.map((value) => 10 * value),
              gradient,
            ),
          ).toBeLessThan(2e-5);
          expect(after.slice(0, weights.length)).toEqual(Float32Array.from(weights));
          engine.dispose();
        },
      ),
      { numRuns: 150 },
    );
  });

  it.each(cellKinds)(
    "stays with the oracle's weights and moments through 20 clipped updates of %s",
    (cell) => {
      const task = { cell, inputs: 5, hidden: 16, skips: 4, steps: 12, windows: 7 };
      const first = randomTask({ ...task, seed: 3 });
      const weights = Float64Array.from(first.weights);
      const [firstMoments, secondMoments] = [
        new Float64Array(weights.length),
        new Float64Array(weights.length),
      ];
      const engine = create({ ...task, rows: 1 });
      loadWeights(engine, weights);
      for (let update = 1; update <= 20; update++) {
        const { windows } = randomTask({ ...task, seed: 100 + update });
        loadWindows(engine, windows);
        const rate = (0.003 * Math.sqrt(1 - 0.999 ** update)) / (1 - 0.9 ** update);
        const gradient = oracleGradient(first.shape, weights, windows, 1);
        const scale = Math.min(1, 0.05 / norm(gradient));
        oracleAdam(
          weights,
          firstMoments,
          secondMoments,
          gradient.map((value) => value * scale),
          rate,
        );
        engine.learn(windows.length, { rate, clip: 0.05, huber: 1 });
      }
      const actual = engine.readParameters();
      expect(relativeError(actual.weights, weights)).toBeLessThan(1e-4);
      expect(relativeError(actual.firstMoments, firstMoments)).toBeLessThan(1e-3);
      expect(relativeError(actual.secondMoments, secondMoments)).toBeLessThan(1e-3);
    },
  );
});
