/** Runs the user's steps in one task run: operators with their subscriptions, hooks with their time limits. */
import type { UndercurrentError } from "../../errors/errors.js";
import type { Reading } from "../decode/decode.js";
import type { Operators, RecordForecast } from "../operator.js";
import type { RoutedRecord } from "../ports.js";
import { callBatchHook, readingsFault, routedFault, type BatchHook, type HookLimits } from "./batch-hook.js";
import { OperatorRun } from "./operator-run.js";

/** How long an operator that has dropped events may take to complete with its input, in milliseconds. */
const completionMs = 1000;

export class UserSteps {
  readonly before: OperatorRun<Reading, Reading> | undefined;
  readonly after: OperatorRun<RecordForecast, RoutedRecord> | undefined;
  readonly beforeBatch: ((readings: readonly Reading[]) => Promise<readonly Reading[]>) | undefined;
  readonly afterBatch:
    ((forecasts: readonly RecordForecast[]) => Promise<readonly RoutedRecord[]>) | undefined;
  readonly #limits: HookLimits;
  readonly #failed = new AbortController();
  #failure: UndercurrentError | undefined;

  constructor(operators: Operators, limits: HookLimits) {
    this.#limits = limits;
    const onFailure = (error: UndercurrentError): void => {
      this.#failure ??= error;
      this.#failed.abort(error);
    };
    const { before, after, beforeBatch, afterBatch } = operators;
    this.before = before && new OperatorRun("before", before, onFailure);
    this.after = after && new OperatorRun("after", after, onFailure);
    this.beforeBatch =
      beforeBatch && this.#bounded({ name: "beforeBatch", call: beforeBatch, fault: readingsFault });
    this.afterBatch =
      afterBatch && this.#bounded({ name: "afterBatch", call: afterBatch, fault: routedFault });
  }

  /** Whether there is any step. */
  get any(): boolean {
    return (this.before ?? this.after ?? this.beforeBatch ?? this.afterBatch) !== undefined;
  }

  /** Whether there is a step that waits before the forecast, or after it. */
  get waits(): boolean {
    return (this.beforeBatch ?? this.afterBatch) !== undefined;
  }

  /** Aborted when an operator has failed, at whatever moment. */
  get failed(): AbortSignal {
    return this.#failed.signal;
  }

  /** Throws the failure of an operator, if there is one. */
  check(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Ends the operators' input. Returns the error of an operator that held values back. */
  end(): UndercurrentError | undefined {
    const earlier = this.#failure;
    this.before?.end();
    this.after?.end();
    return earlier === undefined ? this.#failure : undefined;
  }

  /**
   * Ends the operators' input. Throws OPERATOR_FAILED if an operator held values back. Waits for an operator that has dropped
   * events and does not complete with its input, because the events may still come.
   */
  async endAndWait(): Promise<void> {
    const open = [this.before, this.after].filter((operator) => operator?.end() === true);
    this.check();
    if (open.length === 0) return;
    await this.#limits.clock.sleep(completionMs, AbortSignal.any([this.failed, this.#limits.cancelled]));
    this.check();
    if (this.#limits.cancelled.aborted) return;
    for (const operator of open) operator?.failIncomplete(completionMs);
    this.check();
  }

  dispose(): void {
    this.before?.dispose();
    this.after?.dispose();
  }

  #bounded<In, Out>(hook: BatchHook<In, Out>): (batch: readonly In[]) => Promise<readonly Out[]> {
    return (batch) => callBatchHook(hook, batch, this.#limits);
  }
}
