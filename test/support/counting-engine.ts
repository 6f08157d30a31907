/** The default engine, counted, for tests of who gives its memory back. */
import type { Engine, EngineFactory } from "../../src/engine/port.js";
import { wasmEngine } from "../../src/engine/wasm/engine.js";

/** The default engine, which also tells which of its instances were disposed of. */
export function countingEngine(): { engine: EngineFactory; alive: () => number } {
  let alive = 0;
  const engine: EngineFactory = (shape, seed) => {
    const inner: Engine = wasmEngine(shape, seed);
    alive++;
    const dispose = inner.dispose.bind(inner);
    inner.dispose = () => {
      alive--;
      dispose();
    };
    return inner;
  };
  return { engine, alive: () => alive };
}
