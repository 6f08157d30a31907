/** An engine that tells how long its updates of the weights take. */
import type { EngineFactory } from "../../engine/port.js";

/** The factory's engines, each of which tells `learned` the seconds of every update. */
export function timedEngine(factory: EngineFactory, learned: (seconds: number) => void): EngineFactory {
  return (shape, seed) => {
    const engine = factory(shape, seed);
    const learn = engine.learn.bind(engine);
    // In place: what stands between the forecaster and the buffers of a step would cost every event.
    engine.learn = (count, options) => {
      const began = performance.now();
      const report = learn(count, options);
      learned((performance.now() - began) / 1000);
      return report;
    };
    return engine;
  };
}
