/** The engine that an option or a setting names, loaded: TensorFlow.js is looked for only where it is wanted. */
import type { EngineFactory, EngineKind } from "../../engine/port.js";
import { wasmEngine } from "../../engine/wasm/engine.js";

/** `log` is told which backend of TensorFlow.js it is. Throws TFJS_MISSING. */
export async function loadEngine(kind: EngineKind, log = logToStandardError): Promise<EngineFactory> {
  if (kind === "wasm") return wasmEngine;
  const { loadTfjsEngine } = await import("../../engine/tfjs/factory.js");
  return loadTfjsEngine({ log });
}

function logToStandardError(line: string): void {
  process.stderr.write(`${line}\n`);
}
