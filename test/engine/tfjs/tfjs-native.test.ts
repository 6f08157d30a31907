/** The engine on the native TensorFlow of @tensorflow/tfjs-node, where UNDERCURRENT_TFJS_NODE names a folder that has it. */
import { describe, expect, it } from "vitest";
import type { EngineFactory } from "../../../src/engine/port.js";
import { loadTfjsEngine } from "../../../src/engine/tfjs/factory.js";
import { wasmEngine } from "../../../src/engine/wasm/engine.js";
import { createForecaster } from "../../../src/forecast/objects.js";
import { describeEngineContract } from "../../contracts/engine.js";

if (process.env["UNDERCURRENT_TFJS_NODE"] === undefined) {
  console.warn(
    "SKIPPED: native TensorFlow; UNDERCURRENT_TFJS_NODE names no folder with @tensorflow/tfjs-node.",
  );
  describe.skip("native TensorFlow", () => it("is not here", () => undefined));
} else {
  const log: string[] = [];
  const native = await loadTfjsEngine({ log: (line) => log.push(line) });
  describeEngineContract("tfjs", native);

  describe("native TensorFlow", () => {
    it("is what the engine chooses where it is installed", () => {
      expect(log).toEqual([expect.stringMatching(/^engine: TensorFlow.js \S+, backend tensorflow$/)]);
    });

    it("forecasts as the wasm engine does, within 1e-4", () => {
      const events = Array.from({ length: 600 }, (_, i) => ({
        key: `key ${i % 3}`,
        time: 60_000 * i,
        value: Math.sin(i / 20) + (i % 3),
      }));
      const forecastsOf = (engine: EngineFactory) => {
        const forecaster = createForecaster({ engine, hidden: 8, bpttWindows: 8 });
        const forecasts = forecaster.observe(events);
        forecaster.dispose();
        return forecasts;
      };
      const expected = forecastsOf(wasmEngine);
      for (const [i, { yhat, model }] of forecastsOf(native).entries()) {
        expect(yhat).toBeCloseTo(expected[i]!.yhat, 4);
        expect(model).toBe(expected[i]!.model);
      }
    });
  });
}
