/** Engines of a suite, which are disposed of after each of its tests. */
import { afterEach } from "vitest";
import type { Engine, EngineShape } from "../../src/engine/port.js";
import { wasmEngine } from "../../src/engine/wasm/engine.js";

/** Makes engines of the default kind, seed 1, of a shape that differs from `base` as a test says. */
export function engineMaker(base: EngineShape): (shape?: Partial<EngineShape>) => Engine {
  const engines: Engine[] = [];
  afterEach(() => engines.splice(0).forEach((engine) => engine.dispose()));
  return (shape = {}) => {
    const engine = wasmEngine({ ...base, ...shape }, 1);
    engines.push(engine);
    return engine;
  };
}
