/** Declares every setting of the symbol forecaster: name, meaning, range and default. */
import { z } from "zod";
import { recurrentKinds } from "../../engine/port.js";
import { forecasterSchema } from "../schema/forecaster.js";

const shared = forecasterSchema.pick({
  seed: true,
  bpttSteps: true,
  stride: true,
  bpttWindows: true,
  learningRate: true,
  learningBoost: true,
  learningBoostUpdates: true,
  maxGradientNorm: true,
  maxKeys: true,
}).shape;

/** Schema of the symbol forecaster's settings. A snapshot restores only into a forecaster with the same settings. */
export const symbolSchema = z.strictObject({
  kind: z
    .literal("symbol")
    .default("symbol")
    .describe("Kind of forecaster: events carry symbols, not numbers."),
  cell: z
    .enum(recurrentKinds)
    .default("lstm")
    .describe("Recurrent cell that encodes a key's sequence of symbols."),
  hidden: forecasterSchema.shape.hidden.unwrap().default(64).describe("Size of the hidden state, in units."),
  embedding: z
    .int()
    .min(4)
    .max(256)
    .multipleOf(4)
    .default(32)
    .describe("Size of a symbol's embedding vector, a multiple of 4."),
  maxSymbols: z
    .int()
    .min(4)
    .max(4096)
    .multipleOf(4)
    .default(256)
    .describe(
      "Size of the vocabulary in symbols, a multiple of 4. One entry stands for every symbol outside the vocabulary.",
    ),
  order: z
    .int()
    .min(0)
    .max(8)
    .default(5)
    .describe("Longest context of the n-gram counts, in symbols. 0 counts single symbols only."),
  maxNgrams: z
    .int()
    .min(1024)
    .max(4_194_304)
    .default(262_144)
    .describe(
      "Largest number of counted n-grams. At the limit, all counts are halved and rare n-grams are dropped.",
    ),
  ...shared,
  bpttSteps: shared.bpttSteps.unwrap().default(32),
  stride: shared.stride.unwrap().default(16),
  learningRate: shared.learningRate.unwrap().default(0.002),
});
