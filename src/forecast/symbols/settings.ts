/** Every setting of the forecaster of symbols: its meaning, range and default in one schema. */
import { z } from "zod";
import { recurrentKinds } from "../../engine/port.js";
import { refuseRenamed } from "../../errors/renamed-settings.js";
import { checkedSettings, forecasterSchema } from "../settings.js";

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

/** A snapshot restores only where all that shape the state are the same. */
export const symbolSchema = z.strictObject({
  kind: z.literal("symbol").default("symbol").describe("Events carry symbols, not values."),
  cell: z
    .enum(recurrentKinds)
    .default("lstm")
    .describe("Recurrent cell that reads the symbols of a key, one after the other."),
  hidden: forecasterSchema.shape.hidden.unwrap().default(64).describe("Units of the hidden state."),
  embedding: z
    .int()
    .min(4)
    .max(256)
    .multipleOf(4)
    .default(32)
    .describe("Numbers of a symbol's embedding, a multiple of 4."),
  maxSymbols: z
    .int()
    .min(4)
    .max(4096)
    .multipleOf(4)
    .default(256)
    .describe(
      "Most symbols that are told apart, a multiple of 4; one of them stands for all that are not among them.",
    ),
  order: z
    .int()
    .min(0)
    .max(8)
    .default(5)
    .describe("Symbols before the next one that the counts of n-grams look at."),
  maxNgrams: z
    .int()
    .min(1024)
    .max(4_194_304)
    .default(262_144)
    .describe("Most n-grams that are counted; where they are full, counts are halved and the rare ones go."),
  ...shared,
  bpttSteps: shared.bpttSteps.unwrap().default(32),
  stride: shared.stride.unwrap().default(16),
  learningRate: shared.learningRate.unwrap().default(0.002),
});

/** Complete settings of a forecaster of symbols. */
export type SymbolSettings = z.output<typeof symbolSchema>;

/** Settings as a user gives them: whatever is left out has its default. */
export type SymbolForecasterOptions = Partial<SymbolSettings>;

/**
 * Checks options and fills in the defaults. Throws SETTING_INVALID with the name, value and range of the first setting
 * that is wrong.
 *
 * @example
 * ```ts
 * const settings = symbolSettings({ maxSymbols: 1024 });
 * settings.cell; // "lstm"
 * ```
 */
export function symbolSettings(options: SymbolForecasterOptions = {}): SymbolSettings {
  refuseRenamed("symbolOptions", options);
  return checkedSettings(symbolSchema, options);
}
