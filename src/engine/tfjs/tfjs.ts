/** The engine on TensorFlow.js: finds it and makes engines with its cells or one of one's own. */
import type { EngineFactory } from "../port.js";
import type { TfjsCell } from "./tfjs-cell.js";
import { builtInCell } from "./tfjs-cells.js";
import { TfjsEngine } from "./tfjs-engine.js";
import { registerGru } from "./tfjs-gru.js";
import { loadTfjs, type TfjsLoadOptions } from "./tfjs-load.js";

/** Where to find TensorFlow.js, and what to run on it. */
export interface TfjsEngineOptions extends TfjsLoadOptions {
  /** A cell of one's own, in the place of the one that settings name. */
  readonly cell?: TfjsCell | undefined;
}

/**
 * Loads TensorFlow.js and returns a factory of engines on it, for `createForecaster`, the operators or `run`. The
 * packages are the user's to install: `npm install @tensorflow/tfjs-node` is native; @tensorflow/tfjs-core, tfjs-layers
 * and tfjs-backend-wasm (or tfjs-backend-cpu) need no native part. Stepping and learning are synchronous and take any
 * shape. Results of `wasm` and `cpu` agree with those of the default engine within 1e-5 a step; they may depend in their
 * last bits on which rows share a batch.
 *
 * Throws TFJS_MISSING, which names what to install, and FORECASTER_DISPOSED and MEMORY_EXHAUSTED as every engine.
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
