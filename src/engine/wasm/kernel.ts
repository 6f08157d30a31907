/**
 * The compiled kernel, one of two builds of it: loaded once per process, an instance with its own memory per engine.
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

/** An exported global: `value` is what it holds now. */
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
  number(piece: number, value: number, at: number): number;
  time(piece: number, milliseconds: number, at: number): number;
  readonly powers: Global;
  readonly pieces: Global;
}

/**
 * The builds by name, and the name of each one's arithmetic: engines of one name give the same bits on every machine.
 * `fma` rounds a multiply-add once and takes relaxed SIMD, on a processor that fuses: Node 22 on most.
 */
export const kernelNames = { simd: "simd128-1", fma: "simd128-fma-1" } as const;
export type KernelKind = keyof typeof kernelNames;

/** The same relative path from src/engine and from dist/engine. */
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

/** Whether this engine knows relaxed SIMD and this processor rounds its multiply-add once. */
function fuses(): boolean {
  if (!load("fma/fused.wasm", (bytes) => WebAssembly.validate(bytes))) return false;
  const { exports } = new WebAssembly.Instance(compile("fma/fused.wasm"));
  return (exports as { fused(): number }).fused() === 1;
}

/**
 * The build to use, for all engines of a process: the fastest that runs here, or what the variable UNDERCURRENT_KERNEL
 * names. Throws SETTING_INVALID where that is none, or does not run here.
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

/** The writer of numbers and times as text with a memory of its own; throws like `instantiateKernel`. */
export function instantiateTextKernel(): TextKernel {
  return instantiate("text.wasm") as TextKernel;
}
