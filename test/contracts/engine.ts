/** What every engine does behind the engine port; run it for each implementation. */
import { afterEach, describe, expect, it } from "vitest";
import { cellWeights, parameterCount, parameterTensors } from "../../src/engine/parameters.js";
import { cellKinds, type Engine, type EngineFactory, type EngineShape } from "../../src/engine/port.js";
import { oracleLoss, oracleStateSize } from "../reference/cells.js";
import { loadWeights, loadWindows, randomTask } from "../reference/tasks.js";
import { codeOf } from "../support/code-of.js";

const base = { inputs: 3, hidden: 8, skips: 4, bpttSteps: 6, bpttWindows: 5, rows: 16 } as const;
const options = { rate: 0.01, clip: 1, huber: 1 } as const;

export function describeEngineContract(name: string, factory: EngineFactory): void {
  const engines: Engine[] = [];
  const create = (shape: Partial<EngineShape> = {}, seed = 1): Engine => {
    const engine = factory({ ...base, cell: "gru", ...shape }, seed);
    engines.push(engine);
    return engine;
  };
  afterEach(() => engines.splice(0).forEach((engine) => engine.dispose()));

  /** An engine with the weights and windows of a random task. */
  const prepare = (cell: EngineShape["cell"], bpttWindows: number = base.bpttWindows) => {
    const task = randomTask({ ...base, bpttWindows, cell, seed: 5 });
    const engine = create({ cell });
    loadWeights(engine, task.weights);
    loadWindows(engine, task.windows);
    return { engine, task };
  };
  const read = (engine: Engine, row: number): number[] => {
    const state = new Float32Array(engine.description.stateSize);
    engine.readState(row, state, 0);
    return [...state];
  };
  const write = (engine: Engine, row: number, seed: number): number[] => {
    const state = Float32Array.from({ length: engine.description.stateSize }, (_, i) => Math.sin(seed + i));
    engine.writeState(row, state, 0);
    return [...state];
  };

  describe.each(cellKinds)(`${name} engine, %s`, (cell) => {
    it("describes itself by its shape, name, kernel and sizes", () => {
      const engine = create({ cell });
      const stateSize = oracleStateSize({ ...base, cell, context: base.bpttSteps });
      const tensors = parameterTensors(cellWeights({ ...base, cell }), base);
      const parameters = parameterCount(tensors);
      expect(engine.description).toMatchObject({ ...base, cell, stateSize, parameters });
      expect([...engine.description.tensors.keys()]).toEqual([...tensors.keys()]);
      expect(engine.description.name).toBe(name);
      expect(engine.description.kernel).not.toBe("");
      expect(engine.bytes).toBeGreaterThan(0);
    });

    it("starts from weights that the seed fixes and forecasts no change", () => {
      const engine = create({ cell }, 7);
      const { weights, firstMoments, secondMoments } = engine.readParameters();
      expect(create({ cell }, 7).readParameters().weights).toEqual(weights);
      expect(create({ cell }, 8).readParameters().weights).not.toEqual(weights);
      expect(new Set([...firstMoments, ...secondMoments])).toEqual(new Set([0]));
      engine.reserve(1);
      engine.stepBuffers.inputs.fill(1);
      engine.stepBuffers.skips.fill(1);
      engine.step(1);
      expect(engine.stepBuffers.readouts[0]).toBe(0);
      expect(new Set(read(engine, 0))).not.toEqual(new Set([0]));
    });

    it("keeps states when rows are added, and starts new ones from zero", () => {
      const engine = create({ cell });
      engine.reserve(3);
      const states = [0, 1, 2].map((row) => write(engine, row, row));
      for (const rows of [4, 1000, 100_000, 2]) {
        engine.reserve(rows);
        for (const [row, state] of states.entries()) expect(read(engine, row)).toEqual(state);
      }
      for (const row of [3, 4, 999, 99_999]) expect(new Set(read(engine, row))).toEqual(new Set([0]));
    });

    it("keeps parameters and works on its buffers, fetched anew, after rows were added", () => {
      const engine = create({ cell });
      const before = engine.readParameters();
      engine.reserve(200_000);
      expect(engine.readParameters()).toEqual(before);
      engine.stepBuffers.states[0] = 199_999;
      engine.stepBuffers.inputs.fill(0.5);
      engine.step(1);
      expect(new Set(read(engine, 199_999))).not.toEqual(new Set([0]));
    });

    it("copies, reads and writes single rows of state", () => {
      const engine = create({ cell });
      engine.reserve(3);
      const [first, second] = [write(engine, 0, 1), write(engine, 1, 2)];
      engine.copyState(0, 2);
      expect([0, 1, 2].map((row) => read(engine, row))).toEqual([first, second, first]);
      const size = engine.description.stateSize;
      const into = new Float32Array(size + 4).fill(9);
      engine.readState(1, into, 2);
      expect([...into]).toEqual([9, 9, ...second, 9, 9]);
      engine.writeState(2, into, 2);
      expect(read(engine, 2)).toEqual(second);
    });

    it("steps the named rows and no others", () => {
      const { engine } = prepare(cell);
      const before = [0, 1, 2, 3, 4].map((row) => read(engine, row));
      engine.stepBuffers.states.set([3, 1]);
      engine.stepBuffers.inputs.fill(0.5);
      engine.step(2);
      for (const [row, state] of before.entries()) {
        if (row === 1 || row === 3) expect(read(engine, row)).not.toEqual(state);
        else expect(read(engine, row)).toEqual(state);
      }
    });

    it("takes a batch of none", () => {
      const { engine } = prepare(cell);
      const before = read(engine, 0);
      engine.step(0);
      expect(read(engine, 0)).toEqual(before);
    });

    it("gives parameters away as copies and goes on with them as the engine they came from", () => {
      const { engine, task } = prepare(cell);
      engine.learn(base.bpttWindows, options);
      const other = create({ cell }, 99);
      other.writeParameters(engine.readParameters());
      loadWindows(other, task.windows);
      engine.readParameters().weights.fill(0);
      for (let update = 0; update < 3; update++) {
        expect(other.learn(base.bpttWindows, options)).toEqual(engine.learn(base.bpttWindows, options));
      }
      expect(other.readParameters()).toEqual(engine.readParameters());
    });

    it("reports the loss that its own steps have", () => {
      const { engine, task } = prepare(cell);
      const { loss } = engine.learn(base.bpttWindows, options);
      expect(loss).toBeCloseTo(oracleLoss(task.shape, task.weights, task.windows, options.huber), 4);
    });

    it("leaves the states alone when it learns", () => {
      const { engine } = prepare(cell);
      const before = [0, 1, 2, 3, 4].map((row) => read(engine, row));
      engine.learn(base.bpttWindows, options);
      expect([0, 1, 2, 3, 4].map((row) => read(engine, row))).toEqual(before);
    });

    it("learns nothing from targets that were not observed and from windows beyond the count", () => {
      const learnWith = (target: number) => {
        const { engine } = prepare(cell);
        const { targets, observed, inputs, skips } = engine.windowBuffers;
        observed.forEach((value, i) => (targets[i] = value === 0 ? target : targets[i]!));
        const last = base.bpttWindows - 1;
        for (let k = 0; k < base.bpttSteps; k++) {
          const at = k * base.bpttWindows + last;
          inputs.fill(target, at * base.inputs, (at + 1) * base.inputs);
          skips.fill(target, at * base.skips, (at + 1) * base.skips);
          targets[at] = target;
        }
        return { report: engine.learn(last, options), parameters: engine.readParameters() };
      };
      const expected = learnWith(0);
      expect(Number.isFinite(expected.report.loss)).toBe(true);
      for (const target of [1, 1e30, NaN]) expect(learnWith(target)).toEqual(expected);
    });

    it("reduces the loss of a task it sees again and again", () => {
      const { engine } = prepare(cell);
      const first = engine.learn(base.bpttWindows, options).loss;
      for (let update = 0; update < 300; update++) engine.learn(base.bpttWindows, options);
      expect(engine.learn(base.bpttWindows, options).loss).toBeLessThan(first / 4);
    });

    it("clips the gradient to a global norm and reports the norm it had", () => {
      const { engine } = prepare(cell);
      const { gradientNorm } = engine.learn(base.bpttWindows, { ...options, clip: 0.001 });
      expect(gradientNorm).toBeGreaterThan(0.001);
      const clipped = Math.hypot(...engine.readParameters().firstMoments) / 0.1;
      expect(clipped).toBeCloseTo(0.001, 7);
    });

    it("skips an update whose loss is not finite, and says so", () => {
      const { engine } = prepare(cell);
      const parameters = engine.readParameters();
      const { tensors } = engine.description;
      parameters.weights.fill(100, tensors.get("skip")!.offset, tensors.get("offset")!.offset);
      engine.writeParameters(parameters);
      engine.windowBuffers.skips.fill(3e38);
      expect(engine.learn(base.bpttWindows, options).loss).toBeNaN();
      expect(engine.readParameters()).toEqual(parameters);
      engine.windowBuffers.skips.fill(0);
      expect(engine.learn(base.bpttWindows, options).loss).toBeGreaterThan(0);
    });

    it("gives up its memory once and refuses every use after", () => {
      const { engine } = prepare(cell);
      const state = new Float32Array(engine.description.stateSize);
      const parameters = engine.readParameters();
      engine.dispose();
      engine.dispose();
      const uses: (() => unknown)[] = [
        () => engine.stepBuffers,
        () => engine.windowBuffers,
        () => engine.bytes,
        () => engine.reserve(1),
        () => engine.step(1),
        () => engine.learn(1, options),
        () => engine.copyState(0, 1),
        () => engine.readState(0, state, 0),
        () => engine.writeState(0, state, 0),
        () => engine.readParameters(),
        () => engine.writeParameters(parameters),
      ];
      expect(uses.map(codeOf)).toEqual(uses.map(() => "FORECASTER_DISPOSED"));
    });

    it("refuses rows that do not exist, counts that do not fit and parameters of another shape", () => {
      const { engine } = prepare(cell);
      const parameters = engine.readParameters();
      const state = new Float32Array(engine.description.stateSize);
      expect(() => engine.step(base.rows + 1)).toThrow(RangeError);
      expect(() => engine.step(-1)).toThrow(RangeError);
      expect(() => engine.learn(base.bpttWindows + 1, options)).toThrow(RangeError);
      expect(() => engine.learn(0, options)).toThrow(RangeError);
      for (const row of [-1, base.bpttWindows]) {
        engine.stepBuffers.states[1] = row;
        expect(() => engine.step(2)).toThrow(RangeError);
        engine.windowBuffers.states[1] = row;
        expect(() => engine.learn(2, options)).toThrow(RangeError);
        expect(() => engine.copyState(0, row)).toThrow(RangeError);
        expect(() => engine.readState(row, state, 0)).toThrow(RangeError);
        expect(() => engine.writeState(row, state, 0)).toThrow(RangeError);
      }
      expect(() => engine.writeParameters({ ...parameters, weights: new Float32Array(4) })).toThrow(
        RangeError,
      );
      expect(engine.readParameters()).toEqual(parameters);
    });
  });
}
