/** Peers of the wasm engine's GRU that not every machine has: native TensorFlow, ONNX Runtime, and C++. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createRequire, register } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { EngineFactory } from "../../src/engine/port.js";
import { loadTfjsEngine } from "../../src/tfjs.js";
import type { OracleShape } from "../reference/cells.js";
import type { Contender } from "./contenders.js";
import { median } from "./figures.js";
import { onnxGru } from "./onnx.js";

const missing = new Set<string>();

/** Says once which peer is not here, and how to get it. */
function notHere(peer: string, how: string): void {
  if (!missing.has(peer)) process.stderr.write(`not measured: ${peer}; ${how}\n`);
  missing.add(peer);
}

const nativeName = "@tensorflow/tfjs-node";

/** The engine on @tensorflow/tfjs-node, where UNDERCURRENT_TFJS_NODE names a folder that has it. */
export async function nativeTfjs(): Promise<EngineFactory | undefined> {
  const folder = process.env["UNDERCURRENT_TFJS_NODE"];
  if (folder === undefined) {
    notHere("tfjs_node", `UNDERCURRENT_TFJS_NODE names no folder with ${nativeName}`);
    return undefined;
  }
  const entry = pathToFileURL(createRequire(join(folder, "any.js")).resolve(nativeName)).href;
  const hooks = `export const resolve = (name, context, next) =>
    next(name === ${JSON.stringify(nativeName)} ? ${JSON.stringify(entry)} : name, context);`;
  register(`data:text/javascript,${encodeURIComponent(hooks)}`);
  return loadTfjsEngine({ backend: "tensorflow" });
}

export type AsyncBatchStep = (index: number, inputs: Float32Array) => Promise<number>;

/** What is used of onnxruntime-node, which is loaded by name. */
interface OnnxRuntime {
  readonly InferenceSession: {
    create(
      model: Uint8Array,
      options: { readonly intraOpNumThreads: number; readonly interOpNumThreads: number },
    ): Promise<{ run(feeds: Record<string, OnnxTensor>): Promise<Record<"next" | "readouts", OnnxTensor>> }>;
  };
  readonly Tensor: new (type: "float32", data: Float32Array, shape: readonly number[]) => OnnxTensor;
}
interface OnnxTensor {
  readonly data: Float32Array;
}

/**
 * ONNX Runtime's GRU operator on one thread, as all peers. `gathered` does the whole work of the engine's step: the rows
 * of a batch come from all over a slab of states and go back there. `inPlace` is spared that: the states of a batch stay
 * in one tensor, as if the same keys always came together.
 */
export async function onnxGruSteps(
  { inputs, hidden }: OracleShape,
  weights: Float32Array,
  rows: number,
  order: Int32Array,
): Promise<{ readonly gathered: AsyncBatchStep; readonly inPlace: AsyncBatchStep } | undefined> {
  const folder = process.env["UNDERCURRENT_ONNXRUNTIME"];
  if (folder === undefined) {
    notHere("onnxruntime", "UNDERCURRENT_ONNXRUNTIME names no folder with onnxruntime-node");
    return undefined;
  }
  const onnx = createRequire(join(folder, "any.js"))("onnxruntime-node") as OnnxRuntime;
  const threads = { intraOpNumThreads: 1, interOpNumThreads: 1 };
  const session = await onnx.InferenceSession.create(onnxGru(weights, rows, inputs, hidden), threads);
  const tensor = (data: Float32Array, width: number): OnnxTensor =>
    new onnx.Tensor("float32", data, [1, rows, width]);
  const states: OnnxTensor[] = [];
  const slab = new Float32Array(order.length * hidden);
  const batch = new Float32Array(rows * hidden);
  return {
    async inPlace(index, x) {
      const h = states[index] ?? tensor(new Float32Array(rows * hidden), hidden);
      const { next, readouts } = await session.run({ x: tensor(x, inputs), h });
      states[index] = next;
      return readouts.data[0]!;
    },
    async gathered(index, x) {
      const first = index * rows;
      for (let row = 0; row < rows; row++) {
        const from = order[first + row]! * hidden;
        for (let unit = 0; unit < hidden; unit++) batch[row * hidden + unit] = slab[from + unit]!;
      }
      const { next, readouts } = await session.run({ x: tensor(x, inputs), h: tensor(batch, hidden) });
      const after = next.data;
      for (let row = 0; row < rows; row++) {
        const to = order[first + row]! * hidden;
        for (let unit = 0; unit < hidden; unit++) slab[to + unit] = after[row * hidden + unit]!;
      }
      return readouts.data[0]!;
    },
  };
}

/** gru-step.cpp for this very processor, where there is a compiler. */
export function cppGruSteps(rows: number): Contender | undefined {
  const folder = mkdtempSync(join(tmpdir(), "undercurrent-bench-"));
  process.once("exit", () => rmSync(folder, { recursive: true }));
  const program = join(folder, "gru-step");
  const source = fileURLToPath(new URL("gru-step.cpp", import.meta.url));
  const flags = ["-O3", "-march=native", "-mprefer-vector-width=512", "-ffp-contract=fast"];
  const compiled = spawnSync(process.env["CXX"] ?? "g++", [...flags, "-o", program, source], {
    encoding: "utf8",
  });
  if (compiled.status !== 0) {
    notHere("cpp", "g++, or what CXX names, does not compile it");
    return undefined;
  }
  return {
    name: "cpp",
    time() {
      const { stdout } = spawnSync(program, ["5"], { encoding: "utf8" });
      const nanoseconds = median(stdout.trim().split("\n").map(Number));
      return Promise.resolve((nanoseconds * rows) / 1e6);
    },
  };
}
