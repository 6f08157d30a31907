/** The compiled kernel: loaded once per process, an instance with its own memory per engine. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { UndercurrentError } from "../errors.js";

/** The part of the WebAssembly interface used here, which the ES library has no types for. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: unknown };
};

/** An exported global: `value` is what it holds now. */
interface Global {
  readonly value: number;
}

/** What src/kernel/index.ts exports. Addresses count bytes; they are unsigned, though they come as signed numbers. */
export interface Kernel {
  readonly memory: { readonly buffer: ArrayBuffer };
  init(
    cell: number,
    inputs: number,
    hidden: number,
    skips: number,
    steps: number,
    windows: number,
    rows: number,
  ): number;
  reserve(rows: number): number;
  pack(): void;
  step(count: number): void;
  learn(count: number, rate: number, clip: number, huber: number): number;
  copyState(from: number, to: number): void;
  readonly gradientNorm: Global;
  readonly stepStates: Global;
  readonly stepInputs: Global;
  readonly stepSkips: Global;
  readonly stepReadouts: Global;
  readonly windowStates: Global;
  readonly windowInputs: Global;
  readonly windowSkips: Global;
  readonly windowTargets: Global;
  readonly windowObserved: Global;
  readonly weights: Global;
  readonly firstMoments: Global;
  readonly secondMoments: Global;
  readonly states: Global;
}

/** Names the arithmetic: engines of one kernel name give the same bits. */
export const kernelName = "simd128-1";

/** The same relative path from src/engine and from dist/engine. */
const file = new URL("../../dist/kernel/cells.wasm", import.meta.url);

let compiled: object | undefined;

function compile(): object {
  try {
    return new WebAssembly.Module(readFileSync(file));
  } catch (cause) {
    throw new UndercurrentError("KERNEL_MISSING", `The kernel ${fileURLToPath(file)} cannot be loaded.`, {
      cause,
    });
  }
}

/** A kernel with a memory of its own. Throws KERNEL_MISSING, or MEMORY_EXHAUSTED where no address space is left. */
export function instantiateKernel(): Kernel {
  compiled ??= compile();
  try {
    return new WebAssembly.Instance(compiled).exports as Kernel;
  } catch (cause) {
    throw new UndercurrentError("MEMORY_EXHAUSTED", "There is no memory for one more engine.", { cause });
  }
}
