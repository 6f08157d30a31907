/** Exports what browsers, workers and edge runtimes may need beside `undercurrent-forecast`, for `undercurrent-forecast/web`. */
export { useKernel, type KernelKind, type KernelModules, type KernelOptions } from "./engine/wasm/kernel.js";
