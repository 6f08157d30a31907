/** Modules that were compiled elsewhere. A program has one kernel, so the test loads the library once more. */
import { readFileSync } from "node:fs";
import { expect, test, vi } from "vitest";

declare const WebAssembly: { readonly Module: new (bytes: Uint8Array) => object };

const file = (name: string): object =>
  new WebAssembly.Module(readFileSync(new URL(`../../../dist/kernel/simd/${name}.wasm`, import.meta.url)));

test("forecasters run on the modules that a program gives, once and before the first forecaster", async () => {
  vi.resetModules();
  const { kernelName, kernelNames, useKernel } = await import("../../../src/engine/wasm/kernel.js");
  const { createForecaster } = await import("../../../src/index.js");
  const modules = {
    cells: file("cells"),
    regression: file("regression"),
    horizons: file("horizons"),
    gates: file("gates"),
  };
  expect(() => useKernel({ modules: { ...modules, cells: {} } })).toThrow(
    "modules.cells: expected a WebAssembly.Module",
  );
  useKernel({ modules });
  expect(kernelName()).toBe(kernelNames.simd);
  using forecaster = createForecaster({ horizon: 2 });
  const [forecast] = forecaster.observe([{ key: "a", time: 0, value: 1 }]);
  expect(forecast!.yhat).toBe(1);
  expect(() => useKernel({ modules })).toThrow("call it once, before the first forecaster");
});
