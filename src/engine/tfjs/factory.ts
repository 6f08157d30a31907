/** Loads TensorFlow.js and creates engines with built-in or custom cells. */
import type { EngineFactory } from "../port.js";
import type { TfjsCell } from "./cell.js";
import { builtInCell } from "./built-in-cells.js";
import { TfjsEngine } from "./engine.js";
import { registerGru } from "./gru.js";
import { loadTfjs, type TfjsLoadOptions } from "./load.js";

/** Options of the TensorFlow.js engine. */
export interface TfjsEngineOptions extends TfjsLoadOptions {
  /** Custom cell that replaces the cell of the settings. */
  readonly cell?: TfjsCell | undefined;
}

/**
 * Loads TensorFlow.js and returns an engine factory for `createForecaster`, the operators or `run`. Install the packages
 * first: `@tensorflow/tfjs-node` (native), or `@tensorflow/tfjs-core`, `tfjs-layers` and `tfjs-backend-wasm` (or
 * `tfjs-backend-cpu`). One step of the backends `wasm` and `cpu` agrees with the default engine within 1e-5; the last
 * bits may depend on the rows that share a batch.
 *
 * @param options Backend, log, and a custom cell. Default: the first installed of tensorflow, wasm and cpu.
 * @returns The factory for the option `engine`.
 * @throws TFJS_MISSING with the packages to install. Its engines throw FORECASTER_DISPOSED and MEMORY_EXHAUSTED.
 *
 * @example
 * ```ts
 * const engine = await loadTfjsEngine({ log: console.error });
 * const forecaster = createForecaster({ engine, cell: "lstm" });
 * ```
 */
export async function loadTfjsEngine({ cell, ...options }: TfjsEngineOptions = {}): Promise<EngineFactory> {
  const tfjs = await loadTfjs(options);
  registerGru(tfjs);
  return (shape, seed) => new TfjsEngine(tfjs, cell ?? builtInCell(shape.cell, shape), shape, seed);
}
