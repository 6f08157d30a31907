/** Defines the telemetry port, through which the pipeline reports to metrics, live page and log without waiting. */
import type { ErrorCode } from "../errors/errors.js";
import type { ForecastColumns } from "../forecast/columns.js";
import type { ForgottenKeys } from "../forecast/keys/eviction.js";
import type { GroupNote } from "../forecast/incidents/groups/watcher.js";
import type { IncidentNote } from "../forecast/incidents/watcher.js";
import type { Forecaster } from "../forecast/forecaster.js";
import type { UpdateReport } from "../forecast/learning/schedule.js";
import type { Commit, InputRecord } from "./ports.js";

/** A batch of forecasts. The columns are reused: copy values that are needed after the call. */
export interface ForecastBatch {
  /** Number of valid rows; the columns may be longer. */
  readonly count: number;
  readonly columns: ForecastColumns;
  /** Changes of incidents by these rows, in order. */
  readonly incidents?: readonly IncidentNote[];
  /** Changes of the incidents of groups by these rows, in order. */
  readonly groupIncidents?: readonly GroupNote[];
  /** Returns the key of a slot. */
  keyOf(slot: number): string;
  /** Access to the experts' weights during the call; ask only for the few displayed keys. */
  readonly experts?: Pick<Forecaster, "expertNames" | "expertWeights">;
}

/** An event rejected before the forecaster. */
export interface Rejection {
  readonly code: ErrorCode;
  readonly message: string;
  /** Origin of the event: file and line, or topic, partition and offset. */
  readonly origin: string;
}

/** Receives reports in order. Implementations must return at once and not throw. */
export interface Telemetry {
  /** Reports a batch of forecasts. */
  forecasts(batch: ForecastBatch): void;
  /** Reports a rejected event. */
  rejection(rejection: Rejection): void;
  /** Reports a weight update. */
  update(update: UpdateReport): void;
  /** Reports keys evicted by `maxKeys` or `keyTtlMs`. */
  forgotten?(keys: ForgottenKeys): void;
  /** Receives what the candidate does; rejections are reported once, with the live model's. */
  readonly candidate?: Telemetry | undefined;
}

/**
 * Combines several telemetry receivers into one.
 *
 * @param targets Receivers, called in this order.
 *
 * @example
 * ```ts
 * run(source, committer, { telemetry: fanOut(metrics, livePage) }).subscribe();
 * ```
 */
export function fanOut(...targets: readonly Telemetry[]): Telemetry {
  const candidates = targets.flatMap(({ candidate }) => candidate ?? []);
  return {
    ...(candidates.length > 0 && { candidate: fanOut(...candidates) }),
    forecasts: (batch) => targets.forEach((target) => target.forecasts(batch)),
    rejection: (rejection) => targets.forEach((target) => target.rejection(rejection)),
    update: (update) => targets.forEach((target) => target.update(update)),
    forgotten: (keys) => targets.forEach((target) => target.forgotten?.(keys)),
  };
}

/**
 * Returns the telemetry of one of several topics: a key is named `topic/key`. Topics have no slash, so that no two keys get one
 * name.
 */
export function withTopic(telemetry: Telemetry, topic: string): Telemetry {
  const { candidate } = telemetry;
  return {
    ...(candidate !== undefined && { candidate: withTopic(candidate, topic) }),
    forecasts: (batch) => telemetry.forecasts({ ...batch, keyOf: (slot) => `${topic}/${batch.keyOf(slot)}` }),
    rejection: (rejection) => telemetry.rejection(rejection),
    update: (update) => telemetry.update(update),
    forgotten: (keys) => telemetry.forgotten?.(keys),
  };
}

/** Follows batches of records from their first record to their commit, for traces. Implementations must not throw. */
export interface BatchTracer {
  /** A batch of a partition begins. */
  begin(topic: string, partition: number): BatchTrace;
}

/** Follows one batch, in this order of calls. */
export interface BatchTrace {
  /** The forecasts of these records are made, and their commit waits for its turn. */
  forecast(records: readonly InputRecord[], commit: Commit): void;
  /** The commit is on its way. */
  committing(): void;
  /** The commit is durable. With an error: the batch or its commit has failed, and no other call follows. */
  ended(error?: unknown): void;
}
