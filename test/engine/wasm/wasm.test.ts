/** What the wasm engine promises beyond the port: its bits, its range of shapes and its memory. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { UndercurrentError } from "../../../src/errors/errors.js";
import { uniform } from "../../../src/engine/random.js";
import { cellKinds, type EngineShape } from "../../../src/engine/port.js";
import { wasmEngine } from "../../../src/engine/wasm/engine.js";
import { describeEngineContract } from "../../contracts/engine.js";
import { norm, oracleGradient } from "../../reference/cells.js";
import { loadWeights, loadWindows, randomTask, stateOf } from "../../reference/tasks.js";
import { engineMaker } from "../../support/engines.js";

describeEngineContract("wasm", wasmEngine);

const base = {
  cell: "gru",
  inputs: 3,
  hidden: 8,
  skips: 4,
  bpttSteps: 6,
  bpttWindows: 5,
  rows: 4096,
} as const;
const create = engineMaker(base);

describe("the bits of the wasm engine", () => {
  /** Steps rows through three rounds of inputs in batches of the given sizes, rows in the given order. */
  function play(
    cell: EngineShape["cell"],
    hidden: number,
    rows: readonly number[],
    sizes: readonly number[],
  ) {
    const engine = create({ cell, hidden });
    const { weights } = randomTask({ ...base, hidden, cell, bpttWindows: 0, seed: 2 });
    loadWeights(engine, weights);
    engine.reserve(rows.length);
    const buffers = engine.stepBuffers;
    const readouts = rows.map((): number[] => []);
    for (let round = 0; round < 3; round++) {
      let [first, batch] = [0, 0];
      while (first < rows.length) {
        const taken = rows.slice(first, first + sizes[batch++ % sizes.length]!);
        for (const [i, row] of taken.entries()) {
          const next = uniform(1000 * round + row);
          buffers.states[i] = row;
          for (let k = 0; k < base.inputs; k++) buffers.inputs[i * base.inputs + k] = next() - 0.5;
          for (let k = 0; k < base.skips; k++) buffers.skips[i * base.skips + k] = next() - 0.5;
        }
        engine.step(taken.length);
        for (const [i, row] of taken.entries()) readouts[row]!.push(buffers.readouts[i]!);
        first += taken.length;
      }
    }
    const states = rows.map((_, row) => [...stateOf(engine, row)]);
    engine.dispose();
    return { readouts, states };
  }

  it("are the same whatever the batch sizes and the order of rows", () => {
    const rows = Array.from({ length: 160 }, (_, row) => row);
    const shuffled = fc.shuffledSubarray(rows, { minLength: rows.length, maxLength: rows.length });
    const sizes = fc.array(fc.integer({ min: 1, max: 160 }), { minLength: 1, maxLength: 8 });
    for (const cell of cellKinds) {
      for (const hidden of [4, 32, 60]) {
        const expected = play(cell, hidden, rows, [1]);
        fc.assert(
          fc.property(shuffled, sizes, (order, cuts) => {
            expect(play(cell, hidden, order, cuts)).toEqual(expected);
          }),
          { numRuns: 8 },
        );
      }
    }
  });

  it.each(cellKinds)("are the same when %s learns the same windows again", (cell) => {
    const learn = () => {
      const task = randomTask({ ...base, cell, seed: 4 });
      const engine = create({ cell });
      loadWeights(engine, task.weights);
      loadWindows(engine, task.windows);
      const reports = [1, 2, 3].map(() => engine.learn(5, { rate: 0.01, clip: 1, huber: 1 }));
      return { reports, parameters: engine.readParameters() };
    };
    expect(learn()).toEqual(learn());
  });
});

describe("the shapes and memory of the wasm engine", () => {
  it.each([
    { cell: "gru", inputs: 1, hidden: 256, skips: 0, bpttSteps: 2, bpttWindows: 2 },
    { cell: "lstm", inputs: 70, hidden: 256, skips: 64, bpttSteps: 2, bpttWindows: 3 },
    { cell: "rnn", inputs: 3, hidden: 4, skips: 4, bpttSteps: 128, bpttWindows: 5 },
    { cell: "gru", inputs: 2, hidden: 12, skips: 4, bpttSteps: 128, bpttWindows: 2 },
    { cell: "lstm", inputs: 1, hidden: 4, skips: 0, bpttSteps: 3, bpttWindows: 256 },
    { cell: "gru", inputs: 9, hidden: 36, skips: 8, bpttSteps: 3, bpttWindows: 101 },
    { cell: "window", inputs: 70, hidden: 256, skips: 0, bpttSteps: 3, bpttWindows: 2 },
    { cell: "conv", inputs: 1, hidden: 4, skips: 4, bpttSteps: 1, bpttWindows: 53 },
    { cell: "conv", inputs: 5, hidden: 84, skips: 0, bpttSteps: 6, bpttWindows: 50 },
    { cell: "attention", inputs: 1, hidden: 4, skips: 0, bpttSteps: 128, bpttWindows: 2 },
    { cell: "attention", inputs: 7, hidden: 256, skips: 4, bpttSteps: 5, bpttWindows: 3 },
  ] as const)(
    "have right gradients at the edge: $cell I=$inputs H=$hidden S=$skips K=$bpttSteps B=$bpttWindows",
    (shape) => {
      const { weights, windows, ...task } = randomTask({ ...shape, seed: 8 });
      const engine = create({ ...shape, rows: 1 });
      loadWeights(engine, weights);
      loadWindows(engine, windows);
      const { gradientNorm } = engine.learn(shape.bpttWindows, { rate: 0, clip: 1e9, huber: 1 });
      const gradient = oracleGradient(task.shape, weights, windows, 1);
      const { firstMoments } = engine.readParameters();
      expect(gradientNorm / norm(gradient)).toBeCloseTo(1, 4);
      const worst = gradient.reduce(
        (most, value, i) => Math.max(most, Math.abs(10 * firstMoments[i]! - value)),
        0,
      );
      expect(worst / norm(gradient)).toBeLessThan(2e-5);
    },
  );

  it.each([
    { hidden: 6 },
    { hidden: 260 },
    { hidden: 0 },
    { skips: 2 },
    { inputs: 0 },
    { bpttSteps: 129 },
    { bpttWindows: 257 },
    { rows: 5000 },
    { rows: 1.5 },
  ])("end where the kernel's do: %o is refused", (shape) => {
    expect(() => create(shape)).toThrow(RangeError);
  });

  it("reach beyond 2 GiB and end at 4 GiB with MEMORY_EXHAUSTED, changing nothing", () => {
    const engine = create({ hidden: 256, rows: 1 });
    const rows = 4_000_000; // × 1 KiB
    engine.reserve(rows);
    const state = Float32Array.from({ length: 256 }, (_, i) => Math.sin(i));
    engine.writeState(rows - 1, state, 0);
    const before = engine.bytes;
    try {
      engine.reserve(4_200_000);
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(UndercurrentError);
      expect((error as UndercurrentError).code).toBe("MEMORY_EXHAUSTED");
    }
    expect(engine.bytes).toBe(before);
    expect(stateOf(engine, rows - 1)).toEqual(state);
    engine.copyState(rows - 1, 0);
    engine.stepBuffers.states[0] = rows - 1;
    engine.step(1);
    const stepped = stateOf(engine, rows - 1);
    expect(stepped).not.toEqual(state);
    engine.stepBuffers.states[0] = 0;
    engine.step(1);
    expect(stateOf(engine, 0)).toEqual(stepped);
  });

  it("are each engine's own", () => {
    const [first, second] = [create(), create()];
    first.reserve(1);
    second.reserve(1);
    first.writeState(0, new Float32Array(8).fill(0.5), 0);
    expect(new Set(stateOf(second, 0))).toEqual(new Set([0]));
  });

  it("allow hundreds of engines at once", () => {
    const many = Array.from({ length: 300 }, () => create());
    expect(many.every((engine) => engine.bytes > 0)).toBe(true);
  });
});
