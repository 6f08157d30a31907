/** Declares the settings of a pipeline, except those of the forecaster: decoding, late events, snapshots, recovery, commits. */
import { z } from "zod";
import { refuseRenamed, renamedSettings, UndercurrentError } from "../errors/errors.js";
import { checkInitial } from "../forecast/learning/initial/pretrained.js";
import { usePretrainedWeights } from "../forecast/learning/initial/use-pretrained.js";
import {
  changedNames,
  compareSettings,
  signedSettings,
  tuningNames,
} from "../forecast/snapshot/signature.js";
import { decodeSchema, featureCountOf, type DecodeSettings } from "./decode-settings.js";
import { encodeSchema } from "./encode-settings.js";
import type { PipelineOptions } from "./options.js";
import { forecasterSettings, type ForecasterOptions, type ForecasterSettings } from "../forecast/settings.js";

const lateSchema = z
  .enum(["process", "drop", "dead-letter"])
  .default("process")
  .describe(
    "What to do with an event older than the previous event of its key: process it, drop it and count it, or send it to the dead letters. With windows (aggregate), an event is late if its window is closed, and process drops and counts it too. With drop and dead-letter, an event time more than 7 days after its record's timestamp also goes to the dead letters, because every later event of the key would be late.",
  );

const snapshotSchema = z.strictObject({
  everyEvents: z
    .int()
    .min(1)
    .default(100_000)
    .describe(
      "Largest number of events between two snapshots. A recovery replays at most these events and one commit.",
    ),
  everyMs: z
    .int()
    .min(1)
    .max(86_400_000)
    .default(300_000)
    .describe(
      "Longest time between two snapshots, in milliseconds. Shorter times make recovery faster and write more.",
    ),
});

const recoverySchema = z.strictObject({
  changedModel: z
    .enum(["fail", "fresh", "migrate"])
    .default("fail")
    .describe(
      `What to do if the state was made with other model settings: fail, start with an empty state (fresh), or keep the state (migrate). migrate accepts changes of these settings only: ${tuningNames.join(", ")}. After any other change it fails too.`,
    ),
  gap: z
    .enum(["fail", "fresh"])
    .default("fail")
    .describe(
      "What to do if the state cannot be restored to the committed offset because input or state is gone: fail, or resume at the committed offset with an empty state (fresh).",
    ),
});

const commitSchema = z.strictObject({
  maxEvents: z
    .int()
    .min(1)
    .max(100_000)
    .default(5000)
    .describe(
      "Largest number of input records per commit. Smaller commits lower latency and cost throughput.",
    ),
});

export const pipelineSchema = z.strictObject({
  application: z
    .string()
    .default("undercurrent")
    .describe("Name of the application in the output: the field application, and the source of CloudEvents."),
  decode: decodeSchema.prefault({}),
  encode: encodeSchema.prefault({}),
  late: lateSchema,
  snapshot: snapshotSchema.prefault({}),
  recovery: recoverySchema.prefault({}),
  commit: commitSchema.prefault({}),
});

export type LatePolicy = z.output<typeof lateSchema>;
export type RecoverySettings = z.output<typeof recoverySchema>;
/** Complete settings of a pipeline. */
export type PipelineSettings = z.output<typeof pipelineSchema>;
export type { PipelineOptions };

/**
 * Checks options and fills in the defaults.
 *
 * @param options Settings of the pipeline.
 * @returns The complete settings.
 * @throws SETTING_INVALID with the name and range of the first invalid setting.
 *
 * @example
 * ```ts
 * const settings = pipelineSettings({ decode: { value: "payload.celsius" }, late: "drop" });
 * settings.snapshot.everyEvents; // 100000
 * ```
 */
export function pipelineSettings(options: PipelineOptions = {}): PipelineSettings {
  refuseRenamed(renamedSettings.decode, options.decode, "decode.");
  refuseRenamed(renamedSettings.snapshot, options.snapshot, "snapshot.");
  const result = pipelineSchema.safeParse(options);
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  throw new UndercurrentError("SETTING_INVALID", `${issue.path.join(".") || "options"}: ${issue.message}`);
}

/**
 * Returns the complete settings of a pipeline's forecaster, with one feature per path of `decode.features`. Without paths,
 * `featureCount` may be set for an operator to fill in. Throws SETTING_INVALID if both are set and differ.
 */
export function modelSettings(options: ForecasterOptions, decode: DecodeSettings): ForecasterSettings {
  usePretrainedWeights();
  const paths = featureCountOf(decode);
  const features = options.featureCount ?? paths;
  if (paths > 0 && features !== paths) {
    throw new UndercurrentError(
      "SETTING_INVALID",
      `featureCount: expected ${paths}, the number of paths in decode.features, found ${features}; omit featureCount`,
    );
  }
  const settings = forecasterSettings({ ...options, featureCount: features });
  checkInitial(settings);
  return settings;
}

/**
 * Returns the complete settings of a candidate beside a model. It has the model's windows, which it may repeat.
 *
 * @throws SETTING_INVALID if they are those of the model, or take another number of features or other windows.
 */
export function candidateSettings(
  options: ForecasterOptions,
  model: ForecasterSettings,
  decode: DecodeSettings,
): ForecasterSettings {
  const settings = modelSettings({ ...options, aggregate: options.aggregate ?? model.aggregate }, decode);
  if (changedNames(settings.aggregate ?? {}, model.aggregate ?? {}).length > 0) {
    throw new UndercurrentError(
      "SETTING_INVALID",
      "candidate: expected the windows of the model (aggregate): both models observe the same",
    );
  }
  if (settings.featureCount !== model.featureCount) {
    throw new UndercurrentError(
      "SETTING_INVALID",
      `candidate: expected featureCount ${model.featureCount} as in the model, found ${settings.featureCount}`,
    );
  }
  if (compareSettings(signedSettings(model), settings) === "same") {
    throw new UndercurrentError("SETTING_INVALID", "candidate: the settings are those of the model");
  }
  return settings;
}
