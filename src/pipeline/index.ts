/** Exports the pipeline of records: what runs a forecaster over sources and committers, for `undercurrent-forecast/pipeline`. */
export type { Clock } from "./clock.js";
export type { Reading } from "./decode/decode.js";
export type { ValueFormat } from "./decode/format.js";
export { decodeWith, type DecodeHook, type HookReading } from "./decode/hook.js";
export type {
  Committed,
  Live,
  Released,
  Replaying,
  Restarting,
  Retuned,
  Promoted,
  AlreadyLive,
  PromotionRefused,
  SharedKeyFound,
  LocalTimesFound,
  TakenOver,
  TakingOver,
  TaskEvent,
} from "./events.js";
export type { BatchContext, Operators, RecordForecast } from "./operator.js";
export type {
  Assignment,
  Commit,
  Committer,
  InputBatch,
  InputRecord,
  OutputRecord,
  RecordHeader,
  RoutedRecord,
  SnapshotWrite,
  Source,
  StateChange,
  StateRecord,
  Takeover,
} from "./ports.js";
export { KeyQueries, type KeyAnswer, type PartitionName } from "./query/key-queries.js";
export type { KeyReport, ReportedExpert } from "./query/key-report.js";
export { run, type RunOptions } from "./run.js";
export { pipelineSettings, type PipelineOptions, type PipelineSettings } from "./settings.js";
export {
  fanOut,
  type BatchTrace,
  type BatchTracer,
  type ForecastBatch,
  type Rejection,
  type Telemetry,
} from "./telemetry.js";
