/** Loads the engine that an option or setting names. TensorFlow.js is loaded only if it is named. */
import type { EngineFactory, EngineKind } from "../../engine/port.js";
import { wasmEngine } from "../../engine/wasm/engine.js";

/** Loads an engine. `log` takes a line with the backend of TensorFlow.js. Throws TFJS_MISSING. */
export async function loadEngine(kind: EngineKind, log = logToStandardError): Promise<EngineFactory> {
  if (kind === "wasm") return wasmEngine;
  const { loadTfjsEngine } = await import("../../engine/tfjs/factory.js");
  return loadTfjsEngine({ log });
}

function logToStandardError(line: string): void {
  process.stderr.write(`${line}\n`);
}
