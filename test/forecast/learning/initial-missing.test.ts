import { expect, test } from "vitest";
import { createForecaster } from "../../../src/index.js";

test("trained weights that the program has not loaded are an error that says how to load them", () => {
  expect(() => createForecaster({ initial: "pretrained" })).toThrow(
    "initial: pretrained needs its weights; call usePretrainedWeights() of undercurrent-forecast/pretrained first",
  );
});
