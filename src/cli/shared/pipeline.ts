/** The part of a configuration that the pipeline goes by. */
import type { Config } from "../../config/schema.js";
import {
  forecasterSettings,
  type ForecasterOptions,
  type ForecasterSettings,
} from "../../forecast/settings.js";
import { candidateSettings, modelSettings } from "../../pipeline/settings.js";
import type { PipelineOptions } from "../../pipeline/settings.js";
import type { ModelHistory } from "../../pipeline/task/candidate/past-models.js";

/** Returns the options of the pipeline: what runs and what explains a run go by the same. */
export function pipelineOptions({
  applicationId: application,
  decode,
  encode,
  late,
  snapshot,
  recovery,
  commit,
}: Config): PipelineOptions {
  return { application, decode, encode, late, snapshot, recovery, commit };
}

/** Returns the options of the forecaster, which has the windows before it. */
export function forecasterOptions({
  model,
  aggregate,
}: Pick<Config, "model" | "aggregate">): ForecasterOptions {
  return { ...model, aggregate };
}

/** Returns the complete settings of the forecaster. */
export function modelOf(config: Pick<Config, "model" | "aggregate" | "decode">): ForecasterSettings {
  return modelSettings(forecasterOptions(config), config.decode);
}

/** Returns the settings of the live model where a history begins. */
export function modelAt({ state }: ModelHistory, config: Config): ForecasterSettings {
  return state === undefined ? modelOf(config) : forecasterSettings(state.settings);
}

/** Returns the options of the candidate; undefined without one. */
export function candidateOptions({ model, candidate }: Config): ForecasterOptions | undefined {
  return candidate && { ...model, ...candidate.model };
}

/** The complete settings of the model and of the candidate. */
export interface ConfiguredModels {
  readonly forecaster: ForecasterSettings;
  readonly candidate: ForecasterSettings | undefined;
}

/** Returns the settings of both models. Throws SETTING_INVALID. */
export function configuredModels(config: Config): ConfiguredModels {
  const forecaster = modelOf(config);
  const candidate = candidateOptions(config);
  return { forecaster, candidate: candidate && candidateSettings(candidate, forecaster, config.decode) };
}
