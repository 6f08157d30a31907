/** Whether the model's state fits a batch: told at the start, for the first snapshot may be hours away. */
import type { Config } from "../../config/schema.js";
import { UndercurrentError } from "../../errors/errors.js";
import type { ForecasterSettings } from "../../forecast/settings.js";
import { configuredModels } from "../shared/pipeline.js";
import { modelRecordBytes } from "../../pipeline/state/state-records.js";

/** Bytes of a batch beyond its one record. */
const batchOverhead = 200;

/** Throws RECORD_TOO_LARGE where a snapshot could not be written. */
export function checkModelRecord(config: Config): void {
  const { forecaster, candidate } = configuredModels(config);
  checkRecord(forecaster, config, "the model");
  if (candidate !== undefined) checkRecord(candidate, config, "the candidate");
}

function checkRecord(settings: ForecasterSettings, { kafka }: Pick<Config, "kafka">, name: string): void {
  const bytes = modelRecordBytes(settings);
  if (bytes + batchOverhead <= kafka.maxBatchBytes) return;
  throw new UndercurrentError(
    "RECORD_TOO_LARGE",
    `${name}'s state record has up to ${bytes} bytes, but kafka.maxBatchBytes is ${kafka.maxBatchBytes}`,
  );
}
