/** Whether the model's state fits a batch: told at the start, for the first snapshot may be hours away. */
import type { Config } from "../../config/schema.js";
import { UndercurrentError } from "../../errors/errors.js";
import { modelSettings } from "../../pipeline/settings.js";
import { modelRecordBytes } from "../../pipeline/state/state-records.js";

/** Bytes of a batch beside its one record. */
const batchOverhead = 200;

/** Throws RECORD_TOO_LARGE where a snapshot could not be written. */
export function checkModelRecord({ model, decode, kafka }: Pick<Config, "model" | "decode" | "kafka">): void {
  const bytes = modelRecordBytes(modelSettings(model, decode));
  if (bytes + batchOverhead <= kafka.maxBatchBytes) return;
  throw new UndercurrentError(
    "RECORD_TOO_LARGE",
    `the model's state record has up to ${bytes} bytes, but kafka.maxBatchBytes is ${kafka.maxBatchBytes}`,
  );
}
