/** Every setting of the forecaster: its meaning, range and default in one schema. */
import { z } from "zod";
import { UndercurrentError } from "../errors/errors.js";
import { refuseRenamed } from "../errors/renamed-settings.js";
import { cellKinds } from "../engine/port.js";

/** Read-outs, from fewest bytes a key to most; and losses of the mixture. */
export const readoutKinds = ["shared", "compact", "full"] as const;
export const lossKinds = ["absolute", "squared"] as const;

/** Most exogenous features of an event. */
export const maxFeatures = 32;

/** Beyond it a clipped gradient may leave the range of 32-bit moments: engines refuse it. */
const maxClip = 1e15;

/** Most steps ahead that are forecast. */
export const maxHorizon = 96;

/** Settings that shape the state: a snapshot restores only where all of them are the same. */
export const forecasterSchema = z.strictObject({
  cell: z
    .enum(cellKinds)
    .default("lstm")
    .describe(
      "Cell that reads the past of a key: recurrent (rnn, gru, lstm), or of the last `bpttSteps` events (window, conv, attention).",
    ),
  hidden: z
    .int()
    .min(4)
    .max(256)
    .multipleOf(4)
    .default(32)
    .describe("Units of the hidden state, a multiple of 4."),
  readout: z
    .enum(readoutKinds)
    .default("compact")
    .describe(
      "How forecasts are read from the hidden state: one read-out for all keys, or one more for each key.",
    ),
  loss: z
    .enum(lossKinds)
    .default("absolute")
    .describe(
      "What the mixture of experts minimises: absolute keeps every key close to persistence or better in MAE.",
    ),
  seed: z
    .int()
    .min(0)
    .max(4294967295)
    .default(1)
    .describe("Seed of the initial weights, the only random source."),
  intervalLevels: z
    .array(z.number().gt(0).lt(1))
    .min(1)
    .max(8)
    .default([0.9])
    .describe("Coverage of each forecast interval. The first is that of yhat_lower and yhat_upper."),
  alarmRate: z
    .number()
    .min(0.00001)
    .max(0.05)
    .default(0.001)
    .describe("Share of ordinary observations whose anomaly score exceeds 1."),
  bpttSteps: z
    .int()
    .min(2)
    .max(128)
    .default(16)
    .describe(
      "Steps of a window of truncated back-propagation through time (BPTT). The cells window, conv and attention see as many events.",
    ),
  stride: z
    .int()
    .min(1)
    .max(128)
    .default(8)
    .describe("Observations of a key between two of its windows. bpttSteps is a multiple of it."),
  bpttWindows: z
    .int()
    .min(1)
    .max(256)
    .default(16)
    .describe(
      "Most windows that one update learns from, each of another key. Where there are few keys, an update waits for a quarter of their number.",
    ),
  learningRate: z
    .number()
    .gt(0)
    .max(1)
    .default(0.001)
    .describe("Step size of Adam once learning has settled."),
  learningBoost: z
    .number()
    .min(1)
    .max(100)
    .default(3)
    .describe("Factor on the learning rate of the first update; its excess over 1 fades."),
  learningBoostUpdates: z
    .number()
    .min(1)
    .default(2000)
    .describe("Updates over which the excess of the boost fades to 1/e."),
  maxGradientNorm: z
    .number()
    .gt(0)
    .max(maxClip)
    .default(1)
    .describe("Largest global norm of the gradients; longer ones are scaled down to it."),
  huberDelta: z
    .number()
    .gt(0)
    .default(0.5)
    .describe("Error at which the training loss (Huber) turns from squared to absolute, in scaled changes."),
  harmonics: z
    .int()
    .min(0)
    .max(24)
    .default(6)
    .describe("Sine and cosine pairs of the time of day among the inputs."),
  featureCount: z
    .int()
    .min(0)
    .max(maxFeatures)
    .default(0)
    .describe(
      "Number of exogenous features that come with each observation and help to forecast the next value.",
    ),
  horizon: z
    .int()
    .min(1)
    .max(maxHorizon)
    .default(1)
    .describe("Values ahead that are forecast at each observation, each with an interval."),
  maxKeys: z
    .int()
    .min(0)
    .default(0)
    .describe(
      "Most keys that a state holds. When one more begins, the 1/64 of the keys whose last events are oldest is forgotten. 0 is no bound.",
    ),
  keyTtlMs: z
    .number()
    .min(0)
    .default(0)
    .describe(
      "Time without an event, in milliseconds of event time, after which a key may be forgotten. Keys are checked whenever their number has grown by 64 or by 1/16. 0 is never.",
    ),
});

/** Complete settings of a forecaster. */
export type ForecasterSettings = z.output<typeof forecasterSchema>;

/** Settings as a user gives them: whatever is left out has its default. */
export type ForecasterOptions = Partial<ForecasterSettings>;

/**
 * Checks options and fills in the defaults.
 *
 * @throws SETTING_INVALID with the name, value and range of the first setting that is wrong.
 *
 * @example
 * ```ts
 * const settings = forecasterSettings({ hidden: 64 });
 * settings.cell; // "lstm"
 * ```
 */
export function forecasterSettings(options: ForecasterOptions = {}): ForecasterSettings {
  refuseRenamed("forecasterOptions", options);
  return checkedSettings(forecasterSchema, options);
}

/** Options checked by a schema, `undefined` standing for the default. Throws SETTING_INVALID. */
export function checkedSettings<T extends Pick<ForecasterSettings, "bpttSteps" | "stride">>(
  schema: z.ZodType<T>,
  options: object,
): T {
  const given: [string, unknown][] = Object.entries(options);
  const result = schema.safeParse(Object.fromEntries(given.filter(([, value]) => value !== undefined)));
  if (!result.success) {
    const issue = result.error.issues[0]!;
    const path = issue.path.join(".") || "options";
    throw new UndercurrentError("SETTING_INVALID", `${path}: ${issue.message}`);
  }
  const settings = result.data;
  if (settings.bpttSteps % settings.stride !== 0) {
    throw new UndercurrentError(
      "SETTING_INVALID",
      `bpttSteps: ${settings.bpttSteps} is not a multiple of the stride, ${settings.stride}`,
    );
  }
  return settings;
}

/** The name of a model and the version of its weights, as forecasts carry it: "lstm32@1841". */
export function modelName(
  { cell, hidden }: { readonly cell?: unknown; readonly hidden?: unknown },
  version: number,
): string {
  return `${String(cell)}${String(hidden)}@${version}`;
}
