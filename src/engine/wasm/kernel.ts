/**
 * Loads the compiled kernel. The process chooses one of two builds and compiles it once; each engine has its own instance
 * and memory.
 */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { UndercurrentError } from "../../errors/errors.js";
import type { EngineShape } from "../port.js";

/** The part of the WebAssembly interface used here, which the ES library has no types for. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  validate(bytes: Uint8Array): boolean;
  readonly Instance: new (module: object) => { readonly exports: unknown };
};

/** An exported global with its current `value`. */
interface Global {
  readonly value: number;
}

/** An exported global that the engine writes. */
interface WritableGlobal {
  value: number;
}

/** The fields of the shape, which the kernel has as globals of the same names. They are written before `init`. */
export type KernelShape = Readonly<Record<keyof EngineShape, WritableGlobal>>;

/**
 * What src/kernel/cells/index.ts exports. Addresses count bytes; they are unsigned, though they come as signed numbers.
 */
export interface Kernel extends KernelShape {
  readonly memory: { readonly buffer: ArrayBuffer };
  init(): number;
  reserve(rows: number): number;
  pack(): void;
  step(count: number): void;
  learn(count: number, rate: number, clip: number, huber: number): number;
  copyState(from: number, to: number): void;
  setKnown(count: number): void;
  renew(symbol: number): void;
  readonly gradientNorm: Global;
  readonly stepStates: Global;
  readonly stepInputs: Global;
  readonly stepSkips: Global;
  readonly stepReadouts: Global;
  readonly stepSymbols: Global;
  readonly stepDistributions: Global;
  readonly windowStates: Global;
  readonly windowInputs: Global;
  readonly windowSkips: Global;
  readonly windowTargets: Global;
  readonly windowObserved: Global;
  readonly windowSymbols: Global;
  readonly weights: Global;
  readonly firstMoments: Global;
  readonly secondMoments: Global;
  readonly slab: Global;
}

/** What src/kernel/regression/regression.ts exports. */
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

/** What src/kernel/regression/horizons.ts exports. */
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

/** What src/kernel/text/text.ts exports. */
export interface TextKernel {
  readonly memory: { readonly buffer: ArrayBuffer };
  init(): number;
  reserve(end: number): number;
  integer(piece: number, value: number, at: number): number;
  long(piece: number, value: number, at: number): number;
  number(piece: number, value: number, at: number): number;
  time(piece: number, milliseconds: number, at: number): number;
  readonly powers: Global;
  readonly pieces: Global;
}

/**
 * The builds, and the names of their arithmetic: engines of one name give the same bits on every machine. `fma` rounds a
 * multiply-add once. It needs relaxed SIMD, which Node has from 22 on, and a processor with a fused multiply-add.
 */
export const kernelNames = { simd: "simd128-1", fma: "simd128-fma-1" } as const;
export type KernelKind = keyof typeof kernelNames;

/** The path is the same from src/engine/wasm and from dist/engine/wasm. */
const folder = new URL("../../../dist/kernel/", import.meta.url);

function load<T>(name: string, use: (bytes: Uint8Array) => T): T {
  const file = new URL(name, folder);
  try {
    return use(readFileSync(file));
  } catch (cause) {
    throw new UndercurrentError("KERNEL_MISSING", `cannot load the kernel ${fileURLToPath(file)}`, {
      cause,
    });
  }
}

const compile = (name: string): object => load(name, (bytes) => new WebAssembly.Module(bytes));

/** Whether Node knows relaxed SIMD and the processor rounds its multiply-add once. */
function fuses(): boolean {
  if (!load("fma/fused.wasm", (bytes) => WebAssembly.validate(bytes))) return false;
  const { exports } = new WebAssembly.Instance(compile("fma/fused.wasm"));
  return (exports as { fused(): number }).fused() === 1;
}

/**
 * Chooses the build for all engines of the process: the one that the variable UNDERCURRENT_KERNEL names, else the fastest
 * that runs here. Throws SETTING_INVALID where the variable names no build, or one that does not run here.
 */
export function chooseKernel(
  wish: string | undefined = process.env["UNDERCURRENT_KERNEL"],
  fused: () => boolean = fuses,
): KernelKind {
  if (wish === undefined || wish === "") return fused() ? "fma" : "simd";
  if (wish !== "simd" && wish !== "fma") {
    throw new UndercurrentError(
      "SETTING_INVALID",
      `environment variable UNDERCURRENT_KERNEL: expected simd or fma, found "${wish}"`,
    );
  }
  if (wish === "fma" && !fused()) {
    throw new UndercurrentError(
      "SETTING_INVALID",
      "environment variable UNDERCURRENT_KERNEL: this machine does not support fma; use simd",
    );
  }
  return wish;
}

let chosen: KernelKind | undefined;

/** The name of the arithmetic of this process. Throws as `chooseKernel`, and KERNEL_MISSING. */
export function kernelName(): string {
  chosen ??= chooseKernel();
  return kernelNames[chosen];
}

const compiled = new Map<string, object>();

function instantiate(name: string): unknown {
  chosen ??= chooseKernel();
  const module = compiled.get(name) ?? compile(`${chosen}/${name}`);
  compiled.set(name, module);
  try {
    return new WebAssembly.Instance(module).exports;
  } catch (cause) {
    throw new UndercurrentError("MEMORY_EXHAUSTED", "out of memory: cannot allocate another engine", {
      cause,
    });
  }
}

/** Creates an instance of the cells. Throws KERNEL_MISSING, or MEMORY_EXHAUSTED if no address space is left. */
export function instantiateKernel(): Kernel {
  return instantiate("cells.wasm") as Kernel;
}

/** Makes an instance of the regressions. Throws like `instantiateKernel`. */
export function instantiateRegressionKernel(): RegressionKernel {
  return instantiate("regression.wasm") as RegressionKernel;
}

/** Makes an instance of the models of further steps. Throws like `instantiateKernel`. */
export function instantiateHorizonKernel(): HorizonKernel {
  return instantiate("horizons.wasm") as HorizonKernel;
}

/** Makes an instance of the writer of numbers and times as text. Throws like `instantiateKernel`. */
export function instantiateTextKernel(): TextKernel {
  return instantiate("text.wasm") as TextKernel;
}
