import { expect, test, vi } from "vitest";

test("trained weights that the program has not loaded are an error that says how to load them", async () => {
  // Another test may have loaded them.
  vi.resetModules();
  const { createForecaster } = await import("../../../src/index.js");
  expect(() => createForecaster({ initial: "pretrained" })).toThrow(
    "initial: pretrained needs its weights; call usePretrainedWeights() of undercurrent-forecast/pretrained first",
  );
});
