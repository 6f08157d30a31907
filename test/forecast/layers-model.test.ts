/** Weights of snapshots to and from layers models: an exported model, run by tfjs, says what the forecaster's cell says. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, describe, expect, it, test } from "vitest";
import { readLayersModels, writeLayersModels } from "../../src/adapters/files/layers-models.js";
import { contextKinds, recurrentKinds, type CellKind, type Engine } from "../../src/engine/port.js";
import { wasmEngine } from "../../src/engine/wasm/engine.js";
import { UndercurrentError } from "../../src/errors/errors.js";
import { createForecaster, type Observation } from "../../src/forecast/objects.js";
import {
  layersModelFiles,
  layersModelFromFiles,
  layersModelOfSnapshot,
  snapshotWithLayersModel,
} from "../../src/tfjs.js";

const backend = { backend: "wasm" } as const;
const folder = mkdtempSync(join(tmpdir(), "undercurrent-"));
afterAll(() => rmSync(folder, { recursive: true }));

function series(key: string, count: number): Observation[] {
  return Array.from({ length: count }, (_, i) => ({
    key,
    time: i * 3_600_000,
    value: 20 + 5 * Math.sin(i / 3) + Math.sin(i * i),
  }));
}

/** A forecaster and the engine it has. */
function forecasterOf(cell: CellKind, { seed = 1, hidden = 8, snapshot }: Options = {}) {
  let engine: Engine | undefined;
  const forecaster = createForecaster({
    cell,
    seed,
    hidden,
    bpttSteps: 32,
    engine: (shape, number) => (engine = wasmEngine(shape, number)),
  });
  if (snapshot === undefined) forecaster.observe([...series("a", 300), ...series("b", 200)]);
  else forecaster.restore(snapshot);
  return { forecaster, engine: engine! };
}
interface Options {
  readonly seed?: number;
  readonly hidden?: number;
  readonly snapshot?: Uint8Array;
}

function snapshotOf(cell: CellKind, options: Options = {}): Uint8Array {
  const { forecaster } = forecasterOf(cell, options);
  const snapshot = forecaster.snapshot();
  forecaster.dispose();
  return snapshot;
}

async function codeOf(action: () => unknown): Promise<string> {
  try {
    await action();
  } catch (error) {
    if (error instanceof UndercurrentError) return error.code;
    throw error;
  }
  return "no error";
}

describe.each(recurrentKinds)("a layers model of a snapshot with %s", (cell) => {
  it("says of a new key, in tfjs, what the forecaster's shared read-out says", async () => {
    const snapshot = snapshotOf(cell);
    const { forecaster, engine } = forecasterOf(cell, { snapshot });
    const { inputs: I, skips: S } = engine.description;
    const steps = series("new", 30).map((event) => {
      forecaster.observe([event]);
      const { inputs, skips, readouts } = engine.stepBuffers;
      return { inputs: [...inputs.subarray(0, I)], skips: [...skips.subarray(0, S)], said: readouts[0]! };
    });
    forecaster.dispose();

    const exported = await layersModelOfSnapshot(snapshot, backend);
    const model = await layersModelFromFiles(await layersModelFiles(exported), backend);
    exported.dispose();
    const predicted = tf.tidy(() => {
      const columns = [steps.map(({ inputs }) => inputs), steps.map(({ skips }) => skips)];
      const output = model.predict(columns.map((rows) => tf.tensor3d([rows]))) as tf.Tensor;
      return [...output.dataSync()];
    });
    model.dispose();
    expect(new Set(predicted).size).toBeGreaterThan(20);
    steps.forEach(({ said }, i) => expect(predicted[i]).toBeCloseTo(said, 5));
  });

  it("gives its weights to another snapshot, whose keys stay as they are", async () => {
    const [from, into] = [snapshotOf(cell), snapshotOf(cell, { seed: 2 })];
    const model = await layersModelOfSnapshot(from, backend);
    const changed = snapshotWithLayersModel(into, model);
    model.dispose();
    const parametersOf = (snapshot: Uint8Array, seed?: number) => {
      const { forecaster, engine } = forecasterOf(cell, { snapshot, seed: seed ?? 1 });
      const parameters = engine.readParameters();
      forecaster.dispose();
      return parameters;
    };
    const parameters = parametersOf(changed, 2);
    expect(parameters.weights).toEqual(parametersOf(from).weights);
    expect(parameters.weights).not.toEqual(parametersOf(into, 2).weights);
    expect(new Set([...parameters.firstMoments, ...parameters.secondMoments])).toEqual(new Set([0]));
    // Keys' records follow the model's, which is as long as it was.
    expect(changed.length).toBe(into.length);
    expect(changed.slice(-1000)).toEqual(into.slice(-1000));
  });

  it("is refused by a snapshot of another cell or size", async () => {
    const model = await layersModelOfSnapshot(snapshotOf(cell), backend);
    for (const kind of recurrentKinds) {
      const other = snapshotOf(kind, { hidden: kind === cell ? 12 : 8 });
      expect(await codeOf(() => snapshotWithLayersModel(other, model))).toBe("LAYERS_MODEL_UNFIT");
    }
    model.dispose();
  });
});

test.each(contextKinds)("there is no layers model of a snapshot with %s", async (cell) => {
  expect(await codeOf(() => layersModelOfSnapshot(snapshotOf(cell), backend))).toBe("LAYERS_MODEL_UNFIT");
});

describe("a folder of layers models", () => {
  const models = async function* (partitions: readonly number[]) {
    for (const partition of partitions) {
      const model = await layersModelOfSnapshot(snapshotOf("gru", { seed: partition }), backend);
      yield { partition, files: await layersModelFiles(model) };
      model.dispose();
    }
  };

  it("gives back the model of each partition", async () => {
    const path = join(folder, "models");
    expect(await writeLayersModels(path, models([0, 3]))).toEqual([0, 3]);
    const read = await readLayersModels(path, backend);
    expect([...read.keys()].sort()).toEqual([0, 3]);
    for (const [partition, model] of read) {
      const weights = model.getWeights().flatMap((tensor) => [...tensor.dataSync()]);
      const expected = await layersModelOfSnapshot(snapshotOf("gru", { seed: partition }), backend);
      expect(weights).toEqual(expected.getWeights().flatMap((tensor) => [...tensor.dataSync()]));
      [model, expected].forEach((each) => each.dispose());
    }
    expect(await codeOf(() => writeLayersModels(path, models([0])))).toBe("OUTPUT_UNWRITABLE");
  });

  it("does not appear where writing breaks off, or there is nothing to write", async () => {
    const path = join(folder, "broken");
    const broken = async function* () {
      yield* models([0]);
      throw new UndercurrentError("STATE_TORN", "of partition 1");
    };
    expect(await codeOf(() => writeLayersModels(path, broken()))).toBe("STATE_TORN");
    expect(await writeLayersModels(path, models([]))).toEqual([]);
    expect(existsSync(path)).toBe(false);
    expect(readdirSync(dirname(path)).filter((name) => name.endsWith(".partial"))).toEqual([]);
  });

  it("is refused where it is missing, empty or holds something else", async () => {
    const path = join(folder, "others");
    expect(await codeOf(() => readLayersModels(path, backend))).toBe("FILE_UNREADABLE");
    mkdirSync(join(path, "partition-0"), { recursive: true });
    expect(await codeOf(() => readLayersModels(path, backend))).toBe("FILE_UNREADABLE");
    writeFileSync(join(path, "partition-0", "weights.bin"), "");
    for (const text of ["", "[]", "{}", "null", '{"modelTopology":{"class_name":"Spaceship"}}']) {
      writeFileSync(join(path, "partition-0", "model.json"), text);
      expect(await codeOf(() => readLayersModels(path, backend)), text).toBe("LAYERS_MODEL_UNFIT");
    }
  });
});
