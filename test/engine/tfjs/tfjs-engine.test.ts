/** The engine on TensorFlow.js: the contract of every engine on its backends, its memory, its tolerance and cells of one's own. */
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, describe, expect, it } from "vitest";
import { UndercurrentError } from "../../../src/errors/errors.js";
import { uniform } from "../../../src/engine/random.js";
import type { Engine, EngineFactory } from "../../../src/engine/port.js";
import { cellKinds, type CellKind } from "../../../src/engine/port.js";
import { loadTfjsEngine, type TfjsCell } from "../../../src/tfjs.js";
import { wasmEngine } from "../../../src/engine/wasm/engine.js";
import { createForecaster, type Forecast } from "../../../src/forecast/objects.js";
import { describeEngineContract } from "../../contracts/engine.js";
import { loadWeights, loadWindows, randomTask } from "../../reference/tasks.js";

const tfjsEngine = await loadTfjsEngine({ backend: "wasm" });
describeEngineContract("tfjs", tfjsEngine);

describe("the memory of the tfjs engine", () => {
  it.each(cellKinds)("holds as many tensors after 100,000 steps and 100 updates of %s as before", (cell) => {
    const [rows, batches] = [1000, 100];
    const shape = { cell, inputs: 2, hidden: 4, skips: 4, bpttSteps: 3, bpttWindows: 4, rows };
    const before = tf.memory().numTensors;
    const engine = tfjsEngine(shape, 1);
    engine.reserve(rows);
    engine.stepBuffers.states.set(Array.from({ length: rows }, (_, row) => row));
    engine.windowBuffers.states.set([0, 1, 2, 3]);
    engine.windowBuffers.observed.fill(1);
    const made = tf.memory();
    for (let batch = 0; batch < batches; batch++) {
      engine.stepBuffers.inputs.fill(Math.sin(batch));
      engine.windowBuffers.targets.fill(Math.cos(batch));
      engine.step(rows);
      engine.learn(4, { rate: 0.01, clip: 1, huber: 1 });
      expect(tf.memory()).toMatchObject({ numTensors: made.numTensors, numBytes: made.numBytes });
    }
    engine.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it("is left as it was when a step fails", () => {
    const engine = tfjsEngine(
      { cell: "gru", inputs: 2, hidden: 4, skips: 0, bpttSteps: 2, bpttWindows: 2, rows: 4 },
      1,
    );
    const before = tf.memory().numTensors;
    expect(() => engine.step(1)).toThrow(RangeError);
    expect(tf.memory().numTensors).toBe(before);
    engine.dispose();
  });
});

const events = (count: number) => {
  const next = uniform(3);
  return Array.from({ length: count }, (_, i) => ({
    key: `key ${i % 5}`,
    time: 60_000 * i,
    value: i % 41 === 40 ? NaN : 10 * Math.sin(i / 30) * (1 + (i % 5)) + next(),
  }));
};

/** Forecasts, in batches of the given size, with a change of forecaster where `restoreAt` says. */
function forecastWith(
  engine: EngineFactory,
  { cell = "gru", batch = 64, restoreAt = -1 }: { cell?: CellKind; batch?: number; restoreAt?: number },
): Forecast[] {
  const options = { cell, hidden: 8, bpttWindows: 8, engine };
  let forecaster = createForecaster(options);
  const all = events(1500);
  const forecasts: Forecast[] = [];
  for (let at = 0; at < all.length; at += batch) {
    if (at === restoreAt) {
      const snapshot = forecaster.snapshot();
      forecaster.dispose();
      forecaster = createForecaster(options);
      forecaster.restore(snapshot);
    }
    forecasts.push(...forecaster.observe(all.slice(at, at + batch)));
  }
  forecaster.dispose();
  return forecasts;
}

/** The largest difference of forecasts, in units of the largest value. */
function difference(actual: readonly Forecast[], expected: readonly Forecast[]): number {
  expect(actual.length).toBe(expected.length);
  const errors = expected.map(({ yhat }, i) => (Number.isNaN(yhat) ? 0 : Math.abs(actual[i]!.yhat - yhat)));
  return Math.max(...errors) / 50;
}

describe("forecasts of the tfjs engine", () => {
  it.each(cellKinds)("are those of the wasm engine within 1e-4 of the values' size, with %s", (cell) => {
    expect(difference(forecastWith(tfjsEngine, { cell }), forecastWith(wasmEngine, { cell }))).toBeLessThan(
      1e-4,
    );
  });

  it("are the same within 1e-4 however events are batched, and when they go on from a snapshot", () => {
    const expected = forecastWith(tfjsEngine, {});
    expect(difference(forecastWith(tfjsEngine, { batch: 7 }), expected)).toBeLessThan(1e-4);
    expect(difference(forecastWith(tfjsEngine, { restoreAt: 640 }), expected)).toBeLessThan(1e-4);
  });
});

describe("the backends of the tfjs engine", () => {
  it("agree within 1e-5 in states, loss and gradient, and work side by side", async () => {
    const log: string[] = [];
    const cpu = await loadTfjsEngine({ backend: "cpu", log: (line) => log.push(line) });
    expect(log).toEqual([expect.stringMatching(/^engine: TensorFlow.js \d\S*, backend cpu$/)]);
    for (const cell of cellKinds) {
      const task = randomTask({
        cell,
        inputs: 3,
        hidden: 8,
        skips: 4,
        bpttSteps: 5,
        bpttWindows: 3,
        seed: 6,
      });
      const engines = [tfjsEngine, cpu].map((factory) =>
        factory({ ...task.shape, bpttSteps: 5, bpttWindows: 3, rows: 3 }, 1),
      );
      const results = engines.map((engine) => {
        loadWeights(engine, task.weights);
        loadWindows(engine, task.windows);
        engine.stepBuffers.states.set([0, 1, 2]);
        engine.stepBuffers.inputs.fill(0.5);
        const { loss } = engine.learn(3, { rate: 0, clip: 1e9, huber: 1 });
        engine.step(3);
        return [loss, ...engine.stepBuffers.readouts, ...engine.readParameters().firstMoments];
      });
      results[1]!.forEach((value, i) => expect(value).toBeCloseTo(results[0]![i]!, 5));
      expect(engines.map((engine) => engine.description.kernel.split("-")[0])).toEqual(["wasm", "cpu"]);
      engines.forEach((engine) => engine.dispose());
    }
  });
});

/** The minimal gated unit (Zhou et al., 2016). */
const minimalGatedUnit: TfjsCell = {
  name: "mgu",
  stateSize: (hidden) => hidden,
  weights: (inputs, hidden) => [
    { name: "kernel", rows: inputs, columns: 2 * hidden },
    { name: "recurrent", rows: hidden, columns: 2 * hidden },
    { name: "bias", rows: 1, columns: 2 * hidden, initial: () => 0 },
  ],
  step(tf, x, h, { kernel, recurrent, bias }) {
    const [xf, xn] = tf.split(tf.add(tf.matMul(x, kernel!), bias!), 2, 1);
    const [wf, wn] = tf.split(recurrent!, 2, 1);
    const f = tf.sigmoid(tf.add(xf!, tf.matMul(h, wf!)));
    const n = tf.tanh(tf.add(xn!, tf.matMul(tf.mul(f, h), wn!)));
    return tf.add(h, tf.mul(f, tf.sub(n, h)));
  },
};

describe("a cell of one's own", () => {
  const shape = {
    cell: "gru",
    inputs: 3,
    hidden: 4,
    skips: 4,
    bpttSteps: 5,
    bpttWindows: 3,
    rows: 3,
  } as const;
  const load = (cell: TfjsCell) => loadTfjsEngine({ backend: "wasm", cell });

  const gradientOf = (engine: Engine): Float32Array => {
    const parameters = engine.readParameters();
    parameters.firstMoments.fill(0);
    engine.writeParameters(parameters);
    engine.learn(3, { rate: 0, clip: 1e9, huber: 1 });
    return engine.readParameters().firstMoments.map((value) => 10 * value);
  };

  it("is differentiated: its gradient is that of small differences of the loss", async () => {
    const engine = (await load(minimalGatedUnit))(shape, 4);
    const { tensors, parameters: length } = engine.description;
    const { windows } = randomTask({ ...shape, seed: 2 });
    loadWindows(engine, windows);
    const parameters = engine.readParameters();
    parameters.weights.forEach((weight, i) => (parameters.weights[i] = weight + 0.3 * Math.sin(i)));
    engine.writeParameters(parameters);
    const gradient = gradientOf(engine);
    const lossAt = (index: number, weight: number): number => {
      const weights = parameters.weights.slice();
      weights[index] = weight;
      engine.writeParameters({ ...parameters, weights });
      return engine.learn(3, { rate: 0, clip: 1e9, huber: 1 }).loss;
    };
    const end = tensors.get("offset")!.offset;
    expect(length).toBeGreaterThan(end);
    for (let i = 0; i <= end; i += 3) {
      const [low, high] = [parameters.weights[i]! - 0.01, parameters.weights[i]! + 0.01];
      expect(gradient[i]!).toBeCloseTo((lossAt(i, high) - lossAt(i, low)) / 0.02, 3);
    }
    engine.dispose();
  });

  it("forecasts better than repeating the last value, under its own name", async () => {
    const forecaster = createForecaster({ engine: await load(minimalGatedUnit), hidden: 8, bpttWindows: 8 });
    const all = Array.from({ length: 1500 }, (_, i) => ({
      key: "a",
      time: 1000 * i,
      value: Math.sin(i / 3),
    }));
    const forecasts = forecaster.observe(all);
    forecaster.dispose();
    expect(forecasts.at(-1)!.model).toMatch(/^mgu8@[1-9]/);
    const scored = forecasts.slice(-300);
    const mae = (of: (f: Forecast, i: number) => number) =>
      scored.reduce((sum, f, i) => sum + Math.abs(f.value - of(f, i)), 0);
    expect(mae((f) => f.expected)).toBeLessThan(
      0.3 * mae((_, i) => forecasts[forecasts.length - 301 + i]!.value),
    );
  });

  it("has states that no other cell restores, whatever their size", async () => {
    const make = async (cell?: TfjsCell) =>
      createForecaster({ engine: cell ? await load(cell) : tfjsEngine, hidden: 8, bpttWindows: 8 });
    const forecaster = await make(minimalGatedUnit);
    forecaster.observe(events(200));
    const snapshot = forecaster.snapshot();
    const others = [await make({ ...minimalGatedUnit, name: "another" }), await make()];
    for (const other of others) {
      expect(() => other.restore(snapshot)).toThrow(UndercurrentError);
      other.dispose();
    }
    const same = await make(minimalGatedUnit);
    same.restore(snapshot);
    expect(same.keyCount).toBe(forecaster.keyCount);
    forecaster.dispose();
    same.dispose();
  });

  it("is told where its states have another shape than it says", async () => {
    const doubled: TfjsCell = { ...minimalGatedUnit, step: (tf, _, h) => tf.concat([h, h], 1) };
    const engine = (await load(doubled))(shape, 1);
    engine.reserve(1);
    expect(() => engine.step(1)).toThrow(TypeError);
    engine.dispose();
  });
});

afterAll(() => {
  expect(tf.memory().numTensors).toBe(0);
});
