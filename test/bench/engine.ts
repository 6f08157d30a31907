/** Times the wasm engine's GRU against its peers: ours and theirs in turn, in one process, medians over the rounds. */
import * as tf from "@tensorflow/tfjs-core";
import { cellWeights, initialParameters, parameterTensors } from "../../src/engine/parameters.js";
import { uniform } from "../../src/engine/random.js";
import type { EngineFactory } from "../../src/engine/port.js";
import { wasmEngine } from "../../src/engine/wasm/engine.js";
import { cppGruSteps, nativeTfjs, onnxGruSteps, type AsyncBatchStep } from "./engine-further-peers.js";
import {
  javascriptGruSteps,
  tfjsGruSteps,
  tfjsGruUpdates,
  type BatchStep,
  type TrainingSet,
} from "./engine-peers.js";
import { compare, inProcess, type Contender } from "./contenders.js";
import { median, spread, type Figure } from "./figures.js";
import { benchScale } from "./scale.js";

const shape = { cell: "gru", inputs: 8, hidden: 32, skips: 0, context: 1 } as const;
const keys = 100_000;
/** The keys in an order that jumps about. */
const order = Int32Array.from({ length: keys }, (_, i) => (i * 61_803) % keys);

/** The first contender against each other one: medians, and half the range between the quartiles. */
async function race(
  name: string,
  unit: string,
  scale: number,
  contenders: readonly Contender[],
  budget: number,
): Promise<Figure[]> {
  const [ours, ...theirs] = await compare(contenders, budget);
  const shown = (times: readonly number[]): string =>
    `${(scale * median(times)).toPrecision(3)} ±${(scale * spread(times)).toPrecision(2)}`;
  return theirs.map((times, i) => ({
    name: `${name}_vs_${contenders[i + 1]!.name}`,
    value: scale * median(ours!),
    spread: scale * spread(ours!),
    unit,
    peer: `${contenders[i + 1]!.name} ${shown(times)}`,
    ratio: median(times) / median(ours!),
  }));
}

const noise = (length: number, seed: number) => {
  const next = uniform(seed);
  return Float32Array.from({ length }, () => 2 * next() - 1);
};

/** Weights with a read-out that is not zero. */
function weightsOf(): Float32Array {
  const weights = initialParameters(parameterTensors(cellWeights({ ...shape, bpttSteps: 1 }), shape), 1);
  return weights.map((weight, i) => (weight === 0 ? Math.sin(i) / 10 : weight));
}

/** Steps of an engine of the port: every batch gathers its rows from all over the slab. */
function engineSteps(make: EngineFactory, rows: number, batches: number): BatchStep {
  const engine = make({ ...shape, bpttSteps: 1, bpttWindows: 1, rows }, 1);
  engine.writeParameters({ ...engine.readParameters(), weights: weightsOf() });
  engine.reserve(keys);
  const buffers = engine.stepBuffers;
  return (index, inputs) => {
    const first = (index % batches) * rows;
    if (rows === 1) buffers.states[0] = order[first]!;
    else buffers.states.set(order.subarray(first, first + rows));
    buffers.inputs.set(inputs);
    engine.step(rows);
    return buffers.readouts[0]!;
  };
}

/** All copies of TensorFlow.js in a process share one current backend. */
function preparationOf(name: string): (() => Promise<unknown>) | undefined {
  if (name === "tfjs_wasm") return () => tf.setBackend("wasm");
  return name === "tfjs_node" ? () => tf.setBackend("tensorflow") : undefined;
}

async function benchSteps(rows: number): Promise<Figure[]> {
  const batches = Math.floor(keys / rows);
  const inputs = noise(rows * shape.inputs, 3);
  const steps = new Map<string, BatchStep | AsyncBatchStep>([
    ["ours", engineSteps(wasmEngine, rows, batches)],
    ["tfjs_wasm", tfjsGruSteps(shape, weightsOf(), rows)],
    ["javascript", javascriptGruSteps(shape, weightsOf(), rows, batches)],
  ]);
  const native = await nativeTfjs();
  if (native !== undefined) steps.set("tfjs_node", engineSteps(native, rows, batches));
  const onnx = await onnxGruSteps(shape, weightsOf(), rows, order);
  if (onnx !== undefined) steps.set("onnxruntime", onnx.gathered).set("onnxruntime_in_place", onnx.inPlace);
  // The first read-outs of sixteen batches must be ours, or a peer does other work.
  for (let index = 0; index < 16; index++) {
    const read: number[] = [];
    for (const [name, step] of steps) {
      await preparationOf(name)?.();
      read.push(await step(index, inputs));
    }
    for (const peer of read) if (Math.abs(peer - read[0]!) > 1e-5) throw new Error("a peer disagrees");
  }
  const contenders = [...steps].map(([name, step]) =>
    inProcess(name, (call) => step(call % batches, inputs), preparationOf(name)),
  );
  const compiled = rows === 1024 ? cppGruSteps(rows) : undefined;
  if (compiled !== undefined) contenders.push(compiled);
  return race(`gru_step_h32_b${rows}`, "ns/event", 1e6 / rows, contenders, 100);
}

async function benchUpdates(): Promise<Figure[]> {
  const [steps, windows] = [32, 32];
  const set: TrainingSet = {
    steps,
    windows,
    inputs: noise(steps * windows * shape.inputs, 4),
    targets: noise(steps * windows, 5),
  };
  const ours = engineUpdates(wasmEngine, set);
  const peer = tfjsGruUpdates(shape, weightsOf(), set);
  if (Math.abs(ours() - peer()) > 1e-5) throw new Error("the peer disagrees");
  const contenders = [inProcess("ours", ours), inProcess("tfjs_wasm", peer, preparationOf("tfjs_wasm"))];
  const native = await nativeTfjs();
  if (native !== undefined)
    contenders.push(inProcess("tfjs_node", engineUpdates(native, set), preparationOf("tfjs_node")));
  return race("bptt_t32_b32_h32", "ms/update", 1, contenders, 300);
}

/** Updates of an engine of the port; each returns its loss. */
function engineUpdates(make: EngineFactory, set: TrainingSet): () => number {
  const { steps, windows } = set;
  const engine = make({ ...shape, bpttSteps: steps, bpttWindows: windows, rows: 1 }, 1);
  engine.writeParameters({ ...engine.readParameters(), weights: weightsOf() });
  engine.reserve(windows);
  return () => {
    const buffers = engine.windowBuffers;
    for (let b = 0; b < windows; b++) buffers.states[b] = b;
    buffers.inputs.set(set.inputs);
    buffers.targets.set(set.targets);
    buffers.observed.fill(1);
    return engine.learn(windows, { rate: 1e-3, clip: 1, huber: 1 }).loss;
  };
}

/**
 * GRU steps over 100,000 keys (H 32, I 8) in batches of 1,024 and of 1, updates from 32 windows of 32 steps, and what a
 * thousand and a million keys cost. Peers that are not here are named on standard error.
 */
export async function benchEngine(): Promise<Figure[]> {
  await tf.setBackend("wasm");
  const figures = [...(await benchSteps(1024)), ...(await benchSteps(1)), ...(await benchUpdates())];
  tf.disposeVariables();
  return [...figures, ...benchScale()];
}
