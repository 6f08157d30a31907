/** An engine against the 64-bit oracle: forward steps, loss, gradients and sequences of updates. */
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import {
  cellKinds,
  recurrentKinds,
  type Engine,
  type EngineFactory,
  type EngineShape,
} from "../../src/engine/port.js";
import {
  norm,
  oracleAdam,
  oracleGradient,
  oracleLoss,
  oracleStep,
  type OracleWindow,
} from "../reference/cells.js";
import { loadWeights, loadWindows, randomTask, type Task, type TaskOptions } from "../reference/tasks.js";

const engines: Engine[] = [];
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
  bpttSteps: fc.integer({ min: 1, max: 10 }),
  bpttWindows: fc.integer({ min: 1, max: 9 }),
  seed: fc.integer({ min: 0, max: 0xffffffff }),
});

/** Describes what an engine shares with the oracle; `share` is that of the shapes to try: the slower it is, the fewer. */
export function describeOracle(name: string, factory: EngineFactory, share: number): void {
  describe(`the ${name} engine against the 64-bit oracle`, () => {
    function create(shape: EngineShape): Engine {
      const engine = factory(shape, 1);
      engines.push(engine);
      return engine;
    }

    /**
     * Steps an engine through the windows of a task, beside the oracle. Returns the largest errors of states (as a share
     * of values above 1) and read-outs; `restart` takes each step of the oracle from the engine's state before it.
     */
    function follow(options: TaskOptions & { readonly length: number }, restart: boolean) {
      const { shape, weights, windows } = randomTask(options);
      const engine = create({ ...options, rows: windows.length });
      loadWeights(engine, weights);
      loadWindows(
        engine,
        windows.map(({ state }) => ({ state, steps: [] })),
      );
      const buffers = engine.stepBuffers;
      const states = windows.map(({ state }) => [...state]);
      const state = new Float32Array(engine.description.stateSize);
      const worst = { state: 0, readout: 0 };
      for (let k = 0; k < options.length; k++) {
        for (const [row, { steps }] of windows.entries()) {
          buffers.states[row] = row;
          buffers.inputs.set(steps[k]!.inputs, row * shape.inputs);
          buffers.skips.set(steps[k]!.skips, row * shape.skips);
        }
        engine.step(windows.length);
        for (const [row, { steps }] of windows.entries()) {
          const { inputs, skips } = steps[k]!;
          const expected = oracleStep(shape, weights, states[row]!, inputs, skips);
          engine.readState(row, state, 0);
          const errors = expected.after.map((v, j) => Math.abs(state[j]! - v) / Math.max(1, Math.abs(v)));
          worst.state = Math.max(worst.state, ...errors);
          worst.readout = Math.max(worst.readout, Math.abs(buffers.readouts[row]! - expected.readout));
          states[row] = restart ? [...state] : [...expected.after];
        }
      }
      engine.dispose();
      return worst;
    }

    it("takes each of 50 steps as the oracle does from the same state, within 5e-6, or 3e-5 with a context", () => {
      fc.assert(
        fc.property(shapes, (options) => {
          const worst = follow({ ...options, length: 50 }, true);
          // Cells of a context sum hundreds of inputs, or, in conv, features that are off by a tanh of the kernel each.
          const bound = recurrentKinds.some((kind) => kind === options.cell) ? 5e-6 : 3e-5;
          expect(worst.state).toBeLessThan(bound);
          expect(worst.readout).toBeLessThan(bound);
        }),
        { numRuns: share * 60 },
      );
    });

    // Of fixed weights: there are random ones whose recurrence spreads any rounding further over so many steps.
    it.each(cellKinds)("stays within 2e-5 of the oracle's %s over 500 steps", (cell) => {
      const task = { inputs: 5, hidden: 32, skips: 4, bpttSteps: 16, seed: 9 };
      const worst = follow({ ...task, cell, length: 500, bpttWindows: 4 }, false);
      expect(worst.state).toBeLessThan(2e-5);
      expect(worst.readout).toBeLessThan(2e-5);
    });

    /**
     * Moves the targets at least a quarter away from the oracle's read-outs. Near them, loss and gradient are differences
     * of almost equal numbers, and their relative errors say nothing.
     */
    function keepApart({ shape, weights, windows }: Task): OracleWindow[] {
      return windows.map(({ state, steps }) => {
        let before = state;
        return {
          state,
          steps: steps.map((step) => {
            const { after, readout } = oracleStep(shape, weights, before, step.inputs, step.skips);
            before = after;
            return { ...step, target: Math.fround(readout + step.target + Math.sign(step.target) / 4) };
          }),
        };
      });
    }

    it("has the oracle's loss, gradient norm and gradient of every tensor within 5e-5, for any shape", () => {
      fc.assert(
        fc.property(
          shapes,
          fc.constantFrom(0.05, 0.5, 5),
          fc.integer({ min: 0, max: 5 }),
          (options, huber, spare) => {
            const task = randomTask(options);
            const { shape, weights } = task;
            const windows = keepApart(task);
            const engine = create({ ...options, bpttWindows: options.bpttWindows + spare, rows: 1 });
            loadWeights(engine, weights);
            loadWindows(engine, windows);
            const { loss, gradientNorm } = engine.learn(windows.length, { rate: 0, clip: 1e9, huber });
            const gradient = oracleGradient(shape, weights, windows, huber);
            expect(relativeError([loss], [oracleLoss(shape, weights, windows, huber)])).toBeLessThan(5e-5);
            expect(relativeError([gradientNorm], [norm(gradient)])).toBeLessThan(5e-5);
            // From moments of zero, the first moment after an update is a tenth of the gradient.
            const { firstMoments, weights: after } = engine.readParameters();
            expect(
              relativeError(
                firstMoments.map((value) => 10 * value),
                gradient,
              ),
            ).toBeLessThan(5e-5);
            expect(after.slice(0, weights.length)).toEqual(Float32Array.from(weights));
            engine.dispose();
          },
        ),
        { numRuns: share * 150 },
      );
    });

    it.each(cellKinds)(
      "stays with the oracle's weights and moments through 20 clipped updates of %s",
      (cell) => {
        const task = { cell, inputs: 5, hidden: 16, skips: 4, bpttSteps: 12, bpttWindows: 7 };
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
}
