/** Every setting of the forecaster: its meaning, range and default in one schema. */
import { z } from "zod";
import { UndercurrentError } from "../errors/errors.js";
import { cellKinds } from "../engine/port.js";

/** Read-outs, from fewest bytes a key to most; and losses of the mixture. */
export const readoutKinds = ["shared", "compact", "full"] as const;
export const lossKinds = ["absolute", "squared"] as const;

/** Most exogenous features of an event. */
export const maximumFeatures = 32;

/** Beyond it a clipped gradient may leave the range of 32-bit moments: engines refuse it. */
const maximumClip = 1e15;

/** Most steps ahead that are forecast. */
export const maximumHorizon = 96;

/** Settings that shape the state: a snapshot restores only where all of them are the same. */
export const forecasterSchema = z.strictObject({
  cell: z
    .enum(cellKinds)
    .default("lstm")
    .describe(
      "Cell that reads the past of a key: recurrent (rnn, gru, lstm), or of the last `window` events (window, conv, attention).",
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
  levels: z
    .array(z.number().gt(0).lt(1))
    .min(1)
    .max(8)
    .default([0.9])
    .describe("Coverage of the forecast intervals; the first is that of yhat_lower and yhat_upper."),
  alarmRate: z
    .number()
    .min(0.00001)
    .max(0.05)
    .default(0.001)
    .describe("Share of ordinary observations whose anomaly score exceeds 1."),
  window: z
    .int()
    .min(2)
    .max(128)
    .default(16)
    .describe(
      "Steps of a window of truncated back-propagation, K; and the last events that the cells window, conv and attention see.",
    ),
  stride: z
    .int()
    .min(1)
    .max(128)
    .default(8)
    .describe("Observations of a key between two of its windows; the window is a multiple of it."),
  windows: z
    .int()
    .min(1)
    .max(256)
    .default(16)
    .describe(
      "Most windows of distinct keys that one update learns from; few keys wait for fewer, a quarter of their number.",
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
  gradientClip: z
    .number()
    .gt(0)
    .max(maximumClip)
    .default(1)
    .describe("Global norm that gradients are clipped to."),
  huber: z
    .number()
    .gt(0)
    .default(0.5)
    .describe("Where the training loss turns from squared to absolute, in scaled changes."),
  harmonics: z
    .int()
    .min(0)
    .max(24)
    .default(6)
    .describe("Sine and cosine pairs of the time of day among the inputs."),
  features: z
    .int()
    .min(0)
    .max(maximumFeatures)
    .default(0)
    .describe("Exogenous numbers that come with each observation and help to forecast the next value."),
  horizon: z
    .int()
    .min(1)
    .max(maximumHorizon)
    .default(1)
    .describe("Values ahead that are forecast at each observation, each with an interval."),
  maximumKeys: z
    .int()
    .min(0)
    .default(0)
    .describe(
      "Most keys that a state holds: where another begins, those whose last event is oldest are forgotten, a 64th at once. 0 is no bound.",
    ),
  keyTimeToLive: z
    .number()
    .min(0)
    .default(0)
    .describe(
      "Milliseconds, by the times of the events, after which a key that had none may be forgotten: looked at as the number of keys grows, by 64 or a 16th. 0 is never.",
    ),
});

/** Complete settings of a forecaster. */
export type ForecasterSettings = z.output<typeof forecasterSchema>;

/** Settings as a user gives them: whatever is left out has its default. */
export type ForecasterOptions = Partial<ForecasterSettings>;

/**
 * Checks options and fills in the defaults. Throws SETTING_INVALID with the name, value and range of the first
 * setting that is wrong.
 *
 * @example
 * ```ts
 * const settings = forecasterSettings({ hidden: 64 });
 * settings.cell; // "lstm"
 * ```
 */
export function forecasterSettings(options: ForecasterOptions = {}): ForecasterSettings {
  return checkedSettings(forecasterSchema, options);
}

/** Options checked by a schema, `undefined` standing for the default. Throws SETTING_INVALID. */
export function checkedSettings<T extends Pick<ForecasterSettings, "window" | "stride">>(
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
  if (settings.window % settings.stride !== 0) {
    throw new UndercurrentError(
      "SETTING_INVALID",
      `window: ${settings.window} is not a multiple of the stride, ${settings.stride}`,
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
