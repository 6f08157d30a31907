/** Extreme numbers in the wasm engine: what can be computed from finite input stays finite, and never turns slow. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cellKinds } from "../../src/engine/port.js";
import { loadWeights, randomTask, stateOf } from "../reference/tasks.js";
import { engineMaker } from "../support/engines.js";

const base = { cell: "gru", inputs: 3, hidden: 8, skips: 4, bpttSteps: 4, bpttWindows: 1, rows: 4 } as const;
const create = engineMaker(base);

describe("extreme numbers in the wasm engine", () => {
  const isSound = (value: number) => Number.isFinite(value) && (value === 0 || Math.abs(value) >= 1e-31);
  const extreme = fc.oneof(
    fc.float({ noNaN: true, noDefaultInfinity: true }),
    fc.constantFrom(0, -0, 3.4e38, -3.4e38, 1e-45, -1e-45, 1e-38, 1, -1),
  );
  const extremes = (length: number) => fc.array(extreme, { minLength: length, maxLength: length });

  it("never leave NaN, Infinity or denormals in states, nor NaN or Infinity in weights and moments", () => {
    const window = fc.record({
      states: extremes(16),
      inputs: extremes(base.inputs * 4),
      skips: extremes(base.skips * 4),
      targets: extremes(4),
      size: fc.constantFrom(0.1, 1, 1e3, 1e30),
      rate: fc.constantFrom(1e-3, 1, 1e3),
    });
    fc.assert(
      fc.property(
        fc.constantFrom(...cellKinds),
        window,
        (cell, { states, inputs, skips, targets, size, rate }) => {
          const engine = create({ cell });
          const { weights } = randomTask({ ...base, cell, seed: 6 });
          loadWeights(
            engine,
            weights.map((weight) => weight * size),
          );
          engine.reserve(4);
          engine.writeState(0, Float32Array.from(states), 0);
          for (let round = 0; round < 3; round++) {
            engine.windowBuffers.inputs.set(inputs);
            engine.windowBuffers.skips.set(skips);
            engine.windowBuffers.targets.set(targets);
            engine.windowBuffers.observed.fill(1);
            engine.windowBuffers.states[0] = 0;
            engine.learn(1, { rate, clip: 1, huber: 1 });
            engine.stepBuffers.states.set([0, 1, 2, 3]);
            engine.stepBuffers.inputs.set(inputs);
            engine.stepBuffers.skips.set(skips);
            engine.step(4);
            for (let row = 0; row < 4; row++)
              expect([...stateOf(engine, row)].filter((v) => !isSound(v))).toEqual([]);
          }
          const parameters = engine.readParameters();
          for (const name of ["weights", "firstMoments", "secondMoments"] as const) {
            expect(parameters[name].every(Number.isFinite)).toBe(true);
          }
          engine.dispose();
        },
      ),
      { numRuns: 300 },
    );
  });

  it.each(cellKinds)(
    "do not survive in the states of %s: NaN and Infinity in inputs saturate the gates",
    (cell) => {
      const engine = create({ cell });
      engine.reserve(3);
      engine.stepBuffers.states.set([0, 1, 2]);
      engine.stepBuffers.inputs.set([NaN, Infinity, -Infinity, NaN, NaN, NaN, Infinity, Infinity, Infinity]);
      engine.step(3);
      for (let row = 0; row < 3; row++) expect(stateOf(engine, row).every(isSound)).toBe(true);
    },
  );

  it.each(["gru", "lstm"] as const)("decay to zero in %s instead of becoming denormals", (cell) => {
    const engine = create({ cell });
    engine.writeParameters({
      ...engine.readParameters(),
      weights: new Float32Array(engine.description.parameters),
    });
    engine.reserve(1);
    engine.writeState(0, new Float32Array(engine.description.stateSize).fill(1), 0);
    engine.stepBuffers.states[0] = 0;
    for (let k = 0; k < 200; k++) {
      engine.step(1);
      expect(stateOf(engine, 0).every(isSound)).toBe(true);
    }
    expect(new Set(stateOf(engine, 0))).toEqual(new Set([0]));
  });
});
