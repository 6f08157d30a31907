/**
 * Compiles the kernel, whose WebAssembly is part of the JavaScript, so that no file has to be found beside a bundle. The
 * process chooses one of two builds and compiles it once; each engine has its own instance and memory.
 */
import { kernels } from "#kernel";
import { UndercurrentError } from "../../errors/library.js";
import type { EngineShape } from "../port.js";
import { bytesOfText } from "./wasm-text.js";

/** The part of the WebAssembly interface used here, which the ES library has no types for. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  validate(bytes: Uint8Array): boolean;
  readonly Instance: new (module: object) => { readonly exports: unknown };
};

/** An exported global with its current `value`. */
export interface Global {
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
  init(features: number, first: number, count: number): number;
  rowSize(): number;
  reserve(rows: number): number;
  start(row: number): void;
  learnNext(row: number, gains: number, forgetting: number): void;
  absorbFeatures(row: number, forgetting: number): void;
  learn(row: number, from: number, to: number, events: number): void;
  forecast(row: number): void;
  readonly eventFeatures: Global;
  readonly targets: Global;
  readonly forecasts: Global;
  readonly slab: Global;
}

/** What src/kernel/gates/gates.ts exports. */
export interface GateKernel {
  readonly memory: { readonly buffer: ArrayBuffer };
  init(members: number, further: number): number;
  rowSize(): number;
  reserve(rows: number): number;
  start(row: number): void;
  look(row: number, ofValues: number, ofFew: number): void;
  forecast(row: number, panel: number, ofValues: number, ofFew: number): number;
  whole(row: number): number;
  learn(row: number, target: number, spread: number, soonest: number, squared: number): void;
  readonly said: Global;
  readonly weights: Global;
  readonly inputs: Global;
  readonly shares: Global;
  readonly trust: Global;
  readonly slab: Global;
}

/**
 * The builds, and the names of their arithmetic: engines of one name give the same bits on every machine. `fma` rounds a
 * multiply-add once. It needs relaxed SIMD, which Node has from 22 on, and a processor with a fused multiply-add.
 */
export const kernelNames = { simd: "simd128-1", fma: "simd128-fma-1" } as const satisfies Record<
  KernelKind,
  string
>;
/** The builds: `simd` runs everywhere, `fma` where the runtime has relaxed SIMD with one rounding. */
export type KernelKind = "simd" | "fma";

/** Compiled modules of one build, by name. They may have been compiled for another thread, or with the program. */
export interface KernelModules {
  readonly cells: object;
  readonly regression: object;
  readonly horizons: object;
  readonly gates: object;
}

/** Options of `useKernel`. */
export interface KernelOptions {
  /** The files `cells.wasm`, `regression.wasm`, `horizons.wasm` and `gates.wasm` of one build, each a `WebAssembly.Module`. */
  readonly modules: KernelModules;
  /** The build that the files are of. Default: `simd`. */
  readonly kind?: KernelKind;
}

/** The name of a module with an interface of its own. */
type ModuleName = keyof KernelModules;

function compile(bytes: Uint8Array): object {
  try {
    return new WebAssembly.Module(bytes);
  } catch (cause) {
    throw new UndercurrentError("KERNEL_REFUSED", "this runtime refuses to compile the kernel", { cause });
  }
}

const bytesOf = (text: string): Uint8Array => bytesOfText(text, kernels.frequent);

/** Whether the runtime knows relaxed SIMD and the processor rounds its multiply-add once. */
function fuses(): boolean {
  if (kernels.fma === undefined) return false;
  const bytes = bytesOf(kernels.fma.fused);
  if (!WebAssembly.validate(bytes)) return false;
  const { exports } = new WebAssembly.Instance(compile(bytes));
  return (exports as { fused(): number }).fused() === 1;
}

/** The value of an environment variable; undefined where the runtime has no environment. */
function environment(name: string): string | undefined {
  const { process } = globalThis as { process?: { env?: Readonly<Record<string, string | undefined>> } };
  return process?.env?.[name];
}

/**
 * Chooses the build for all engines of the process: the one that the variable UNDERCURRENT_KERNEL names, else the fastest
 * that runs here. Throws SETTING_INVALID where the variable names no build, or one that does not run here.
 */
export function chooseKernel(
  wish: string | undefined = environment("UNDERCURRENT_KERNEL"),
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

/** The name of the arithmetic of this process. Throws as `chooseKernel`, and KERNEL_REFUSED. */
export function kernelName(): string {
  chosen ??= chooseKernel();
  return kernelNames[chosen];
}

const compiled = new Map<ModuleName, object>();

/**
 * Uses modules that are compiled already, where a runtime forbids compiling or several threads share one compilation.
 *
 * @throws SETTING_INVALID after a forecaster was created, because all of a program use one kernel.
 *
 * @example
 * ```ts
 * import cells from "undercurrent-forecast/kernel/simd/cells.wasm";
 * import gates from "undercurrent-forecast/kernel/simd/gates.wasm";
 * import horizons from "undercurrent-forecast/kernel/simd/horizons.wasm";
 * import regression from "undercurrent-forecast/kernel/simd/regression.wasm";
 *
 * useKernel({ modules: { cells, gates, horizons, regression } });
 * ```
 */
export function useKernel({ modules, kind = "simd" }: KernelOptions): void {
  if (chosen !== undefined) {
    throw new UndercurrentError("SETTING_INVALID", "useKernel: call it once, before the first forecaster");
  }
  for (const name of ["cells", "regression", "horizons", "gates"] as const) {
    // Not by instanceof: a frame or a worker may have compiled it.
    if (Object.prototype.toString.call(modules[name]) !== "[object WebAssembly.Module]") {
      throw new UndercurrentError("SETTING_INVALID", `modules.${name}: expected a WebAssembly.Module`);
    }
    compiled.set(name, modules[name]);
  }
  chosen = kind;
}

function instantiate(name: ModuleName): unknown {
  chosen ??= chooseKernel();
  const module = compiled.get(name) ?? compile(bytesOf((kernels[chosen] ?? kernels.simd)[name]));
  compiled.set(name, module);
  return instanceOf(module);
}

/** Makes an instance of a module. Throws MEMORY_EXHAUSTED if no address space is left. */
function instanceOf(module: object): unknown {
  try {
    return new WebAssembly.Instance(module).exports;
  } catch (cause) {
    throw new UndercurrentError("MEMORY_EXHAUSTED", "out of memory: cannot allocate another engine", {
      cause,
    });
  }
}

/** Creates an instance of the cells. Throws KERNEL_REFUSED, or MEMORY_EXHAUSTED if no address space is left. */
export function instantiateKernel(): Kernel {
  return instantiate("cells") as Kernel;
}

/** Makes an instance of the regressions. Throws like `instantiateKernel`. */
export function instantiateRegressionKernel(): RegressionKernel {
  return instantiate("regression") as RegressionKernel;
}

/** Makes an instance of the models of further steps. Throws like `instantiateKernel`. */
export function instantiateHorizonKernel(): HorizonKernel {
  return instantiate("horizons") as HorizonKernel;
}

/** Makes an instance of the gates. Throws like `instantiateKernel`. */
export function instantiateGateKernel(): GateKernel {
  return instantiate("gates") as GateKernel;
}

let textModule: object | undefined;

/** Makes an instance of a module of text, which is the same in both builds. Throws like `instantiateKernel`. */
export function instantiateText(text: { readonly bytes: string; readonly frequent: string }): unknown {
  textModule ??= compile(bytesOfText(text.bytes, text.frequent));
  return instanceOf(textModule);
}
