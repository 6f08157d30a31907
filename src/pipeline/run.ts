/** Runs the pipeline: one task for every partition from the source. */
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
import { recordDecoder } from "./decode/decode.js";
import type { ValueFormat } from "./decode/format.js";
import type { TaskEvent } from "./events.js";
import { checkHookTimeout, defaultHookTimeoutMs, type Operators } from "./operator.js";
import type { Assignment, Committer, Source } from "./ports.js";
import { candidateSettings, modelSettings, pipelineSettings, type PipelineOptions } from "./settings.js";
import type { KeyQueries } from "./query/key-queries.js";
import type { ModelControl } from "./state/model-control.js";
import { KeyPartitions } from "./task/key-partitions.js";
import { task } from "./task/task.js";
import { withTopic, type BatchTracer, type Telemetry } from "./telemetry.js";

/** Settings and parts of a pipeline. Omitted options have their default. */
export interface RunOptions extends PipelineOptions, Operators {
  readonly forecaster?: ForecasterOptions;
  /**
   * A second model on the same observations. Its state stands beside the live one's. `emit` passes its forecasts to the committer
   * (default true), `emitIncidents` the changes of its incidents (default false).
   */
  readonly candidate?: {
    readonly forecaster: ForecasterOptions;
    readonly emit?: boolean;
    readonly emitIncidents?: boolean;
  };
  /** Engine that runs and trains the cell. Default: WebAssembly. */
  readonly engine?: EngineFactory;
  readonly telemetry?: Telemetry;
  /** Parser of Avro or Protobuf, from `openFormat` of undercurrent-forecast/schemas. */
  readonly format?: ValueFormat;
  /**
   * Longest time of `beforeBatch` or `afterBatch` per commit, in milliseconds, then the task ends with OPERATOR_TIMEOUT.
   * Default 30,000.
   */
  readonly hookTimeoutMs?: number;
  readonly clock?: Clock;
  /** Takes questions about keys, which are answered from committed state. */
  readonly queries?: KeyQueries;
  /**
   * The source has partitions of several topics, whose keys are separate series: telemetry gets a key as `topic/key`, and answers
   * name topics. Default false.
   */
  readonly severalTopics?: boolean;
  /** Follows batches from their first record to their commit. */
  readonly tracer?: BatchTracer;
  /** @internal Changes settings of the live model while it runs; it begins with those of `forecaster`. */
  readonly control?: ModelControl;
  /**
   * Stops the pipeline gracefully when aborted: every task finishes its batch, commits a snapshot and releases its
   * partition, then the observable completes.
   */
  readonly stop?: AbortSignal;
}

/**
 * Forecasts the records of a source and commits the results exactly once, while it is subscribed to. Unsubscribing
 * abandons the tasks: nothing further is committed, and the next owner resumes at the last commit.
 *
 * If a task fails permanently, the others stop gracefully, then the observable errors with that failure.
 *
 * @param source Hands out the input partitions.
 * @param committer Makes the results durable.
 * @param options Settings of the pipeline and the forecaster, operators, telemetry and stop signal.
 * @returns The events of all tasks.
 * @throws SETTING_INVALID at once if an option is invalid.
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
  const {
    forecaster = {},
    candidate,
    engine,
    telemetry,
    format,
    clock = systemClock,
    stop,
    queries,
    severalTopics = false,
    control,
    tracer,
    ...others
  } = options;
  const { before, beforeBatch, after, afterBatch, hookTimeoutMs = defaultHookTimeoutMs, ...rest } = others;
  const settings = pipelineSettings(rest);
  // Throws at once if the format needs a parser.
  recordDecoder(settings.decode, format);
  const model = modelSettings(forecaster, settings.decode);
  const shared = {
    forecaster: model,
    candidate: candidate && {
      forecaster: candidateSettings(candidate.forecaster, model, settings.decode),
      emit: candidate.emit ?? true,
      emitIncidents: candidate.emitIncidents ?? false,
    },
    settings,
    operators: {
      ...(before && { before }),
      ...(beforeBatch && { beforeBatch }),
      ...(after && { after }),
      ...(afterBatch && { afterBatch }),
    },
    hookTimeoutMs: checkHookTimeout(hookTimeoutMs),
    engine,
    severalTopics,
    format,
    committer,
    clock,
    queries,
    control,
    tracer,
  };
  return runTasks(source, stop, (ending) => {
    const keysOf = new Map<string, KeyPartitions>();
    return (assignment) => {
      const { topic } = assignment;
      let keys = keysOf.get(topic);
      if (keys === undefined) keysOf.set(topic, (keys = new KeyPartitions()));
      const reports = severalTopics ? telemetry && withTopic(telemetry, topic) : telemetry;
      return task(assignment, { ...shared, keys, telemetry: reports, stop: ending });
    };
  });
}

/**
 * Runs a task for every assignment, while it is subscribed to. If a task fails, the others stop gracefully, then the observable
 * errors with that failure.
 *
 * @param tasksOf Called at each subscription with the signal by which its tasks stop.
 */
export function runTasks(
  source: Source,
  stop: AbortSignal | undefined,
  tasksOf: (ending: AbortSignal) => (assignment: Assignment) => Observable<TaskEvent>,
): Observable<TaskEvent> {
  return defer(() => {
    const ending = new AbortController();
    // Every task adds a listener, one per partition.
    setMaxListeners(0, ending.signal);
    const end = (): void => ending.abort();
    if (stop?.aborted) end();
    stop?.addEventListener("abort", end);
    const failures: unknown[] = [];
    const taskFor = tasksOf(ending.signal);
    const tasks = source.assignments.pipe(
      takeUntil(whenAborted(ending.signal)),
      mergeMap((assignment) =>
        taskFor(assignment).pipe(
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
