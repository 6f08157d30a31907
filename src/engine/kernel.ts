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

/** What src/kernel/regression.ts exports. */
export interface RegressionKernel {
  readonly memory: { readonly buffer: ArrayBuffer };
  init(features: number, rows: number): number;
  rowSize(): number;
  reserve(rows: number): number;
  start(row: number): void;
  learn(count: number, forgetting: number, width: number, drift: number): void;
  forecast(count: number): void;
  readonly batchRows: Global;
  readonly batchFeatures: Global;
  readonly batchTargets: Global;
  readonly batchForecasts: Global;
  readonly slab: Global;
}

/** What src/kernel/horizons.ts exports. */
export interface HorizonKernel {
  readonly memory: { readonly buffer: ArrayBuffer };
  init(features: number, horizon: number): number;
  rowSize(): number;
  reserve(rows: number): number;
  start(row: number): void;
  skip(row: number, place: number): void;
  gain(row: number, place: number, forgetting: number): void;
  learn(row: number, place: number): void;
  forecast(row: number, place: number): void;
  readonly eventFeatures: Global;
  readonly targets: Global;
  readonly forecasts: Global;
  readonly slab: Global;
}

/** The same relative path from src/engine and from dist/engine. */
const folder = new URL("../../dist/kernel/", import.meta.url);

const compiled = new Map<string, object>();

function compile(name: string): object {
  const file = new URL(name, folder);
  try {
    return new WebAssembly.Module(readFileSync(file));
  } catch (cause) {
    throw new UndercurrentError("KERNEL_MISSING", `The kernel ${fileURLToPath(file)} cannot be loaded.`, {
      cause,
    });
  }
}

function instantiate(name: string): unknown {
  const module = compiled.get(name) ?? compile(name);
  compiled.set(name, module);
  try {
    return new WebAssembly.Instance(module).exports;
  } catch (cause) {
    throw new UndercurrentError("MEMORY_EXHAUSTED", "There is no memory for one more engine.", { cause });
  }
}

/** The cells with a memory of their own. Throws KERNEL_MISSING, or MEMORY_EXHAUSTED where no address space is left. */
export function instantiateKernel(): Kernel {
  return instantiate("cells.wasm") as Kernel;
}

/** The regressions with a memory of their own; throws like `instantiateKernel`. */
export function instantiateRegressionKernel(): RegressionKernel {
  return instantiate("regression.wasm") as RegressionKernel;
}

/** The models of further steps with a memory of their own; throws like `instantiateKernel`. */
export function instantiateHorizonKernel(): HorizonKernel {
  return instantiate("horizons.wasm") as HorizonKernel;
}
