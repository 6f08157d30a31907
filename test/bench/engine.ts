/** Times the wasm engine's GRU against its peers: ours and theirs in turn, in one process, medians over the rounds. */
import * as tf from "@tensorflow/tfjs-core";
import { cellWeights, initialParameters, parameterTensors } from "../../src/engine/parameters.js";
import { uniform } from "../../src/engine/random.js";
import { wasmEngine } from "../../src/engine/wasm.js";
import {
  javascriptGruSteps,
  tfjsGruSteps,
  tfjsGruUpdates,
  type BatchStep,
  type TrainingSet,
} from "./engine-peers.js";
import { median, type Figure } from "./figures.js";

const shape = { cell: "gru", inputs: 8, hidden: 32, skips: 0, context: 1 } as const;
const keys = 100_000;
const rounds = 9;

/** Milliseconds of one call, over calls of about `budget` milliseconds. */
function time(run: (call: number) => void, budget: number): number {
  const start = performance.now();
  let calls = 0;
  let elapsed = 0;
  while (elapsed < budget) {
    run(calls++);
    elapsed = performance.now() - start;
  }
  return elapsed / calls;
}

/** Median milliseconds of a call of each, measured in turn after a first round that does not count. */
export function compare(runs: readonly ((call: number) => void)[], budget: number): number[] {
  const times = runs.map((): number[] => []);
  for (let round = 0; round <= rounds; round++) {
    for (const [i, run] of runs.entries()) {
      const one = time(run, budget);
      if (round > 0) times[i]!.push(one);
    }
  }
  return times.map(median);
}

function figure(name: string, unit: string, value: number, peer: string, theirs: number): Figure {
  return { name, value, unit, peer: `${peer} ${theirs.toPrecision(4)}`, ratio: theirs / value };
}

const noise = (length: number, seed: number) => {
  const next = uniform(seed);
  return Float32Array.from({ length }, () => 2 * next() - 1);
};

/** Weights with a read-out that is not zero. */
function weightsOf(): Float32Array {
  const weights = initialParameters(parameterTensors(cellWeights({ ...shape, steps: 1 }), shape), 1);
  return weights.map((weight, i) => (weight === 0 ? Math.sin(i) / 10 : weight));
}

/** Our step of the same batches: every batch gathers its rows from all over the slab. */
function wasmSteps(rows: number, batches: number): BatchStep {
  const engine = wasmEngine({ ...shape, steps: 1, windows: 1, rows }, 1);
  engine.writeParameters({ ...engine.readParameters(), weights: weightsOf() });
  engine.reserve(keys);
  const order = Int32Array.from({ length: keys }, (_, i) => (i * 61_803) % keys);
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

function benchSteps(rows: number): Figure[] {
  const batches = Math.floor(keys / rows);
  const inputs = noise(rows * shape.inputs, 3);
  const steps = [
    wasmSteps(rows, batches),
    tfjsGruSteps(shape, weightsOf(), rows),
    javascriptGruSteps(shape, weightsOf(), rows, batches),
  ];
  // The peers' first read-outs of sixteen batches must be ours, or they do other work.
  for (let index = 0; index < 16; index++) {
    const [ours, ...peers] = steps.map((step) => step(index, inputs));
    for (const peer of peers) if (Math.abs(peer - ours!) > 1e-5) throw new Error("a peer disagrees");
  }
  const runs = steps.map((step) => (call: number) => void step(call % batches, inputs));
  const [ours, tfjs, javascript] = compare(runs, 100).map((ms) => (1e6 * ms) / rows);
  return [
    figure(`gru_step_h32_b${rows}_vs_tfjs_wasm`, "ns/event", ours!, "tfjs-wasm", tfjs!),
    figure(`gru_step_h32_b${rows}_vs_javascript`, "ns/event", ours!, "plain JavaScript", javascript!),
  ];
}

function benchUpdates(): Figure {
  const [steps, windows] = [32, 32];
  const set: TrainingSet = {
    steps,
    windows,
    inputs: noise(steps * windows * shape.inputs, 4),
    targets: noise(steps * windows, 5),
  };
  const engine = wasmEngine({ ...shape, steps, windows, rows: 1 }, 1);
  engine.writeParameters({ ...engine.readParameters(), weights: weightsOf() });
  engine.reserve(windows);
  const update = () => {
    const buffers = engine.windowBuffers;
    for (let b = 0; b < windows; b++) buffers.states[b] = b;
    buffers.inputs.set(set.inputs);
    buffers.targets.set(set.targets);
    buffers.observed.fill(1);
    return engine.learn(windows, { rate: 1e-3, clip: 1, huber: 1 }).loss;
  };
  const peer = tfjsGruUpdates(shape, weightsOf(), set);
  if (Math.abs(update() - peer()) > 1e-5) throw new Error("the peer disagrees");
  const [ours, tfjs] = compare([() => void update(), () => void peer()], 300);
  engine.dispose();
  return figure("bptt_t32_b32_h32_vs_tfjs_wasm", "ms/update", ours!, "tfjs-wasm", tfjs!);
}

/** GRU steps over 100,000 keys (H 32, I 8) in batches of 1,024 and of 1, and updates from 32 windows of 32 steps. */
export async function benchEngine(): Promise<Figure[]> {
  await tf.setBackend("wasm");
  const figures = [...benchSteps(1024), ...benchSteps(1), benchUpdates()];
  tf.disposeVariables();
  return figures;
}
