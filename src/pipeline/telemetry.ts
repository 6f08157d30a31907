/** The port of telemetry: what the pipeline tells metrics, the live page and the log; it never waits for them. */
import type { ErrorCode } from "../errors/errors.js";
import type { ForecastColumns } from "../forecast/columns.js";
import type { ForgottenKeys } from "../forecast/keys/eviction.js";
import type { Forecaster } from "../forecast/forecaster.js";
import type { UpdateReport } from "../forecast/learning/schedule.js";

/** A batch of forecasts. The columns are reused: read them during the call, copy what is kept. */
export interface ForecastBatch {
  /** Rows 0 .. count-1 of the columns are valid. */
  readonly count: number;
  readonly columns: ForecastColumns;
  /** The key that a slot stands for. */
  keyOf(slot: number): string;
  /** Who knows the experts' weights: to be asked, during the call, for the few keys that someone looks at. */
  readonly experts?: Pick<Forecaster, "expertNames" | "expertWeights">;
}

/** An event that was refused; nothing of it reached the forecaster. */
export interface Rejection {
  readonly code: ErrorCode;
  readonly message: string;
  /** Where it came from: a file and line, a topic, partition and offset. */
  readonly origin: string;
}

/** Told of each thing as it happens, in order; must return at once and not throw. */
export interface Telemetry {
  /** A batch of forecasts was made. */
  forecasts(batch: ForecastBatch): void;
  /** An event was refused. */
  rejection(rejection: Rejection): void;
  /** The weights were updated. */
  update(update: UpdateReport): void;
  /** Keys were forgotten, to keep the bounds of the settings. */
  forgotten?(keys: ForgottenKeys): void;
}

/** Tells several at once, in order. */
export function fanOut(...targets: readonly Telemetry[]): Telemetry {
  return {
    forecasts: (batch) => targets.forEach((target) => target.forecasts(batch)),
    rejection: (rejection) => targets.forEach((target) => target.rejection(rejection)),
    update: (update) => targets.forEach((target) => target.update(update)),
    forgotten: (keys) => targets.forEach((target) => target.forgotten?.(keys)),
  };
}
