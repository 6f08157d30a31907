/** Declares what the parts of the command `learn` share. */
import type { ValueFormat } from "../../pipeline/decode/format.js";
import type { Learner } from "../../pipeline/learner.js";
import type { PipelineSettings } from "../../pipeline/settings.js";
import type { ExportedState } from "../../pipeline/state/transfer.js";
import type { ColumnFlags, FileFlags } from "../backtest/form-options.js";
import type { InputConfig, InputFlag } from "../shared/inputs.js";
import type { TimeoutFlag } from "../shared/options.js";
import type { Rejections } from "../shared/rejections.js";

/** The options of the command. */
export interface LearnFlags extends TimeoutFlag, InputFlag, ColumnFlags, Omit<FileFlags, "delimiter"> {
  readonly config?: string;
  readonly out: string;
  readonly topic?: string;
  readonly from?: number;
  readonly to?: number;
  readonly delimiter?: string;
  readonly features?: readonly string[];
  readonly partitions?: number;
  readonly partitionBy?: "key" | "first-part";
}

/** What learning made of the history. */
export interface Learned {
  readonly partitions: number;
  readonly events: number;
  readonly keys: number;
  /** In order of the partitions. */
  readonly states: readonly ExportedState[];
}

/** Parts that learning from files and from topics share. */
export interface LearnContext {
  readonly config: InputConfig;
  readonly flags: LearnFlags;
  readonly settings: PipelineSettings;
  readonly featureCount: number;
  readonly reject: Rejections["add"];
  readonly newLearner: (partition: number, format?: ValueFormat) => Learner;
  readonly format: () => Promise<ValueFormat | undefined>;
}
