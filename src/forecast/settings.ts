/** Declares every setting of the forecaster: name, meaning, range and default. */
import { z } from "zod";
import { refuseRenamed, UndercurrentError } from "../errors/errors.js";
import { cellKinds } from "../engine/port.js";

/** Lists the read-outs, in rising order of bytes per key, and the losses of the mixture. */
export const readoutKinds = ["shared", "compact", "full"] as const;
export const lossKinds = ["absolute", "squared"] as const;

/** Largest number of exogenous features per event. */
export const maxFeatures = 32;

/** A larger gradient norm can overflow the 32-bit moments of Adam; the engines refuse it. */
const maxClip = 1e15;

/** Largest forecast horizon, in values ahead. */
export const maxHorizon = 96;

/** Schema of the forecaster's settings. A snapshot restores only into a forecaster with the same settings. */
export const forecasterSchema = z.strictObject({
  cell: z
    .enum(cellKinds)
    .default("lstm")
    .describe(
      "Neural cell that encodes a key's past: recurrent (rnn, gru, lstm) or over the last `bpttSteps` events (window, conv, attention).",
    ),
  hidden: z.int().min(4).max(256).multipleOf(4).default(32).describe("Size of the hidden state, in units."),
  readout: z
    .enum(readoutKinds)
    .default("compact")
    .describe(
      "Read-outs of the hidden state. shared: one for all keys. compact and full add one per key; full uses more memory.",
    ),
  loss: z
    .enum(lossKinds)
    .default("absolute")
    .describe(
      "Loss that the mixture of experts minimises. absolute optimises MAE and stays close to persistence on every key; squared optimises MSE.",
    ),
  seed: z
    .int()
    .min(0)
    .max(4294967295)
    .default(1)
    .describe("Seed of the initial weights, the only source of randomness."),
  intervalLevels: z
    .array(z.number().gt(0).lt(1))
    .min(1)
    .max(8)
    .refine((levels) => new Set(levels).size === levels.length, "every level may be given once")
    .meta({ uniqueItems: true })
    .default([0.9])
    .describe("Nominal coverage of each forecast interval. The first one sets yhat_lower and yhat_upper."),
  alarmRate: z
    .number()
    .min(0.00001)
    .max(0.05)
    .default(0.001)
    .describe("Expected share of ordinary observations with an anomaly score above 1 (false alarms)."),
  bpttSteps: z
    .int()
    .min(2)
    .max(128)
    .default(16)
    .describe(
      "Length of a training window, in observations (truncated back-propagation through time). Also the number of events that window, conv and attention see.",
    ),
  stride: z
    .int()
    .min(1)
    .max(128)
    .default(8)
    .describe("Observations of a key between two training windows. Must divide bpttSteps."),
  bpttWindows: z
    .int()
    .min(1)
    .max(256)
    .default(16)
    .describe(
      "Largest number of training windows per weight update, each of a different key. With few keys, an update takes a quarter of the number of keys.",
    ),
  learningRate: z
    .number()
    .gt(0)
    .max(1)
    .default(0.001)
    .describe("Learning rate of Adam after the initial boost has faded."),
  learningBoost: z
    .number()
    .min(1)
    .max(100)
    .default(3)
    .describe("Factor on the learning rate at the first update. It decays to 1; see learningBoostUpdates."),
  learningBoostUpdates: z
    .number()
    .min(1)
    .default(2000)
    .describe("Weight updates in which the boost's excess over 1 decays to 1/e."),
  maxGradientNorm: z
    .number()
    .gt(0)
    .max(maxClip)
    .default(1)
    .describe("Largest global gradient norm. Larger gradients are scaled down to this norm."),
  huberDelta: z
    .number()
    .gt(0)
    .default(0.5)
    .describe(
      "Error at which the Huber training loss turns from squared to absolute, in units of the key's typical change.",
    ),
  harmonics: z
    .int()
    .min(0)
    .max(24)
    .default(6)
    .describe(
      "Number of sine and cosine pairs of the time of day among the cell's inputs. 0 turns them off.",
    ),
  featureCount: z
    .int()
    .min(0)
    .max(maxFeatures)
    .default(0)
    .describe("Number of exogenous features per observation that help to forecast the next value."),
  horizon: z
    .int()
    .min(1)
    .max(maxHorizon)
    .default(1)
    .describe("Number of values ahead to forecast at each observation, each with its intervals."),
  maxKeys: z
    .int()
    .min(0)
    .default(0)
    .describe(
      "Largest number of keys in a state (one state per partition). At the limit, a new key evicts the 1/64 of the keys with the oldest last events. 0: no limit.",
    ),
  keyTtlMs: z
    .number()
    .min(0)
    .default(0)
    .describe(
      "Event time without an event after which a key may be evicted, in milliseconds. The check runs each time the number of keys has grown by 64 or by 1/16. 0: never.",
    ),
});

/** Complete settings of a forecaster. */
export type ForecasterSettings = z.output<typeof forecasterSchema>;

/** Options of a forecaster. Omitted options have their default. */
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
      `bpttSteps: expected a multiple of stride (${settings.stride}), found ${settings.bpttSteps}`,
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
