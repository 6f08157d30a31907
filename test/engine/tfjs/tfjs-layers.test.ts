/** Weights to and from layers models of TensorFlow.js: an exported model, run by tfjs, forecasts as the engine does. */
import * as tf from "@tensorflow/tfjs-core";
import { io } from "@tensorflow/tfjs-core";
import * as api from "@tensorflow/tfjs-layers";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import {
  contextKinds,
  recurrentKinds,
  type CellKind,
  type Engine,
  type EngineFactory,
} from "../../../src/engine/port.js";
import { exportLayersModel, importLayersModel, loadTfjsEngine } from "../../../src/tfjs.js";
import { wasmEngine } from "../../../src/engine/wasm/engine.js";
import { loadWeights, randomTask } from "../../reference/tasks.js";

const sizes = { inputs: 3, hidden: 8, bpttSteps: 12, bpttWindows: 4, rows: 4 };
const disposables: { dispose(): unknown }[] = [];
function owned<T extends { dispose(): unknown }>(part: T): T {
  disposables.push(part);
  return part;
}
afterEach(() => disposables.splice(0).forEach((part) => part.dispose()));
afterAll(() => {
  expect(tf.memory().numTensors).toBe(0);
});

const tfjsEngine = await loadTfjsEngine({ backend: "wasm" });

function engineWithWeights(factory: EngineFactory, cell: CellKind, skips: number, seed = 3) {
  const task = randomTask({ ...sizes, cell, skips, seed });
  const engine = owned(factory({ ...sizes, cell, skips }, 1));
  loadWeights(engine, task.weights);
  return { engine, windows: task.windows };
}

/** Read-outs [B][K] from states of zero. */
function readoutsOf(engine: Engine, windows: ReturnType<typeof randomTask>["windows"]): number[][] {
  const { stepBuffers } = (engine.reserve(windows.length), engine);
  const zeros = new Float32Array(engine.description.stateSize);
  windows.forEach((_, b) => engine.writeState(b, zeros, 0));
  const readouts = windows.map((): number[] => []);
  for (let k = 0; k < sizes.bpttSteps; k++) {
    windows.forEach(({ steps }, b) => {
      stepBuffers.states[b] = b;
      stepBuffers.inputs.set(steps[k]!.inputs, b * sizes.inputs);
      stepBuffers.skips.set(steps[k]!.skips, b * engine.description.skips);
    });
    engine.step(windows.length);
    readouts.forEach((list, b) => list.push(stepBuffers.readouts[b]!));
  }
  return readouts;
}

function predictionsOf(
  model: api.LayersModel,
  windows: ReturnType<typeof randomTask>["windows"],
): number[][] {
  return tf.tidy(() => {
    const inputs = tf.tensor3d(windows.map(({ steps }) => steps.map((step) => [...step.inputs])));
    const skips = windows.map(({ steps }) => steps.map((step) => [...step.skips]));
    const output = model.predict(model.inputs.length === 1 ? inputs : [inputs, tf.tensor3d(skips)]);
    return tf.squeeze<tf.Tensor2D>(output as tf.Tensor, [2]).arraySync();
  });
}

function expectClose(actual: number[][], expected: number[][]): void {
  expect(actual.flat().length).toBe(expected.flat().length);
  expect(new Set(expected.flat()).size).toBeGreaterThan(1);
  actual.flat().forEach((value, i) => expect(value).toBeCloseTo(expected.flat()[i]!, 5));
}

describe.each(recurrentKinds)("a layers model of a %s", (cell) => {
  it.each([
    { name: "wasm", factory: wasmEngine, skips: 4 },
    { name: "tfjs", factory: tfjsEngine, skips: 0 },
  ])("forecasts as the $name engine that it comes from, with $skips skips", async ({ factory, skips }) => {
    const { engine, windows } = engineWithWeights(factory, cell, skips);
    const model = owned(await exportLayersModel(engine, { backend: "wasm" }));
    expectClose(predictionsOf(model, windows), readoutsOf(engine, windows));
  });

  it("keeps its forecasts when it is saved, loaded and given to another engine", async () => {
    const { engine, windows } = engineWithWeights(wasmEngine, cell, 4);
    const model = owned(await exportLayersModel(engine, { backend: "wasm" }));
    let saved: io.ModelArtifacts = {};
    await model.save({
      save: (artifacts) => {
        saved = artifacts;
        return Promise.resolve({ modelArtifactsInfo: io.getModelArtifactsInfoForJSON(artifacts) });
      },
    });
    const loaded = owned(await api.loadLayersModel(io.fromMemory(saved)));
    const { engine: other } = engineWithWeights(wasmEngine, cell, 4, 77);
    importLayersModel(loaded, other);
    expect(readoutsOf(other, windows)).toEqual(readoutsOf(engine, windows));
    expect(new Set(other.readParameters().firstMoments)).toEqual(new Set([0]));
  });

  it("is refused by an engine of another cell or size, which stays as it was", async () => {
    const { engine } = engineWithWeights(wasmEngine, cell, 4);
    const model = owned(await exportLayersModel(engine, { backend: "wasm" }));
    const others = recurrentKinds.map((kind) => {
      const hidden = kind === cell ? 12 : 8;
      return owned(wasmEngine({ ...sizes, skips: 4, cell: kind, hidden }, 1));
    });
    for (const other of others) {
      const before = other.readParameters();
      expect(() => importLayersModel(model, other)).toThrow(RangeError);
      expect(other.readParameters()).toEqual(before);
    }
  });
});

describe("a layers model", () => {
  it.each(["rnn", "lstm"] as const)("of a %s without a read-out of its own leaves the engine's", (cell) => {
    const { engine } = engineWithWeights(wasmEngine, cell, 4);
    const before = engine.readParameters().weights;
    const input = api.input({ shape: [null, sizes.inputs] });
    const config = { units: sizes.hidden, recurrentInitializer: "zeros" } as const;
    const layer =
      cell === "rnn"
        ? api.layers.simpleRNN(config)
        : api.layers.lstm({ ...config, recurrentActivation: "sigmoid" });
    const model = owned(api.model({ inputs: input, outputs: layer.apply(input) as api.SymbolicTensor }));
    importLayersModel(model, engine);
    const after = engine.readParameters().weights;
    const { offset } = engine.description.tensors.get("readout")!;
    expect(after.subarray(offset)).toEqual(before.subarray(offset));
    expect(after.subarray(0, offset)).not.toEqual(before.subarray(0, offset));
  });
});

describe("layers that are other functions than the engine's", () => {
  it("are refused: tfjs' GRU, which resets before the product, and an LSTM of hard sigmoids", () => {
    const input = api.input({ shape: [null, sizes.inputs] });
    const config = { units: sizes.hidden, recurrentInitializer: "zeros" } as const;
    const models = { gru: api.layers.gru(config), lstm: api.layers.lstm(config) };
    for (const [cell, layer] of Object.entries(models)) {
      const model = owned(api.model({ inputs: input, outputs: layer.apply(input) as api.SymbolicTensor }));
      const { engine } = engineWithWeights(wasmEngine, cell as CellKind, 4);
      expect(() => importLayersModel(model, engine)).toThrow(RangeError);
    }
  });

  it.each(contextKinds)("are %s, whose layers see what is no state of theirs", async (cell) => {
    const { engine } = engineWithWeights(wasmEngine, cell, 4);
    await expect(exportLayersModel(engine, { backend: "wasm" })).rejects.toThrow(RangeError);
  });

  it("are cells of one's own, for which there is no layer", async () => {
    const own = await loadTfjsEngine({
      backend: "wasm",
      cell: {
        name: "leaky",
        stateSize: (hidden) => hidden,
        weights: (inputs, hidden) => [{ name: "kernel", rows: inputs, columns: hidden }],
        step: (tf, x, h, { kernel }) => tf.tanh(tf.add(tf.mul(h, 0.9), tf.matMul(x, kernel!))),
      },
    });
    const engine = owned(own({ ...sizes, skips: 4, cell: "gru" }, 1));
    await expect(exportLayersModel(engine, { backend: "wasm" })).rejects.toThrow(RangeError);
  });
});
