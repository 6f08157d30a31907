/** The pipeline: a task for every partition that the source hands out. */
import { setMaxListeners } from "node:events";
import {
  catchError,
  concat,
  defer,
  EMPTY,
  finalize,
  mergeMap,
  Observable,
  takeUntil,
  throwError,
} from "rxjs";
import type { EngineFactory } from "../engine/port.js";
import type { ForecasterOptions } from "../forecast/settings.js";
import { systemClock, type Clock } from "./clock.js";
import type { TaskEvent } from "./events.js";
import { checkHookTimeout, defaultHookTimeoutMs, type Operators } from "./operator.js";
import type { Committer, Source } from "./ports.js";
import { modelSettings, pipelineSettings, type PipelineOptions } from "./settings.js";
import { KeyPartitions } from "./task/key-partitions.js";
import { task } from "./task/task.js";
import type { Telemetry } from "./telemetry.js";

/** Settings and parts of a pipeline; whatever is left out has its default. */
export interface RunOptions extends PipelineOptions, Operators {
  readonly forecaster?: ForecasterOptions;
  /** The engine that steps and learns; WebAssembly by default. */
  readonly engine?: EngineFactory;
  readonly telemetry?: Telemetry;
  /**
   * Longest time in milliseconds that `beforeBatch` or `afterBatch` may take for one commit, 30,000 by default. The task
   * ends with OPERATOR_TIMEOUT then.
   */
  readonly hookTimeoutMs?: number;
  readonly clock?: Clock;
  /**
   * Aborted, it ends the pipeline gracefully: every task finishes its batch, commits a snapshot and releases its
   * partition, then the observable completes.
   */
  readonly stop?: AbortSignal;
}

/**
 * Forecasts from a source, exactly once into a committer, for as long as it is subscribed to; emits what happens to its
 * tasks. Unsubscribing abandons them: nothing further is committed, and a successor goes on from the last commit.
 *
 * When a task fails for good, the others stop gracefully, then the observable errors with that failure. Throws
 * SETTING_INVALID at once where an option is wrong.
 *
 * @example
 * ```ts
 * const stop = new AbortController();
 * process.once("SIGTERM", () => stop.abort());
 * await lastValueFrom(
 *   run(source, committer, {
 *     decode: { value: "celsius" },
 *     before: filter((reading) => reading.key !== "test"),
 *     stop: stop.signal,
 *   }),
 *   { defaultValue: undefined },
 * );
 * ```
 */
export function run(source: Source, committer: Committer, options: RunOptions = {}): Observable<TaskEvent> {
  const { forecaster = {}, engine, telemetry, clock = systemClock, stop, ...others } = options;
  const { before, beforeBatch, after, afterBatch, hookTimeoutMs = defaultHookTimeoutMs, ...rest } = others;
  const settings = pipelineSettings(rest);
  const shared = {
    forecaster: modelSettings(forecaster, settings.decode),
    settings,
    operators: {
      ...(before && { before }),
      ...(beforeBatch && { beforeBatch }),
      ...(after && { after }),
      ...(afterBatch && { afterBatch }),
    },
    hookTimeoutMs: checkHookTimeout(hookTimeoutMs),
    engine,
    telemetry,
    committer,
    clock,
  };
  return defer(() => {
    const ending = new AbortController();
    // Every task listens, and there are as many as partitions.
    setMaxListeners(0, ending.signal);
    const end = (): void => ending.abort();
    if (stop?.aborted) end();
    stop?.addEventListener("abort", end);
    const failures: unknown[] = [];
    const keys = new KeyPartitions();
    const tasks = source.assignments.pipe(
      takeUntil(whenAborted(ending.signal)),
      mergeMap((assignment) =>
        task(assignment, { ...shared, keys, stop: ending.signal }).pipe(
          catchError((error: unknown) => {
            failures.push(error);
            end();
            return EMPTY;
          }),
        ),
      ),
    );
    const outcome = defer(() => (failures.length > 0 ? throwError(() => failures[0]) : EMPTY));
    return concat(tasks, outcome).pipe(finalize(() => stop?.removeEventListener("abort", end)));
  });
}

function whenAborted(signal: AbortSignal): Observable<void> {
  return new Observable((subscriber) => {
    const notify = (): void => subscriber.next();
    if (signal.aborted) notify();
    signal.addEventListener("abort", notify);
    return () => signal.removeEventListener("abort", notify);
  });
}
