/** A user's RxJS operator inside the pipeline: one value in, what it emits at once out, over a task's whole life. */
import { Subject, type OperatorFunction, type Subscription } from "rxjs";
import { UndercurrentError } from "../errors/errors.js";
import type { EventForecast } from "../forecast/objects.js";
import type { Reading } from "./decode/decode.js";
import type { RoutedRecord } from "./ports.js";

/** A forecast, and as its `event` the reading that it was made from. */
export type RecordForecast = EventForecast<Reading>;

/**
 * A user's own steps around the forecast. They run inside the commit: what they emit lands with the input's offset, or
 * not at all. After a crash some input passes through `before` again, in a new subscription, so that its result should
 * depend on the reading alone; `after` sees each forecast once for each attempt to commit it.
 *
 * @example
 * ```ts
 * const operators: Operators = {
 *   before: filter((reading) => reading.key.startsWith("pump-")),
 *   after: pipe(
 *     filter((forecast) => forecast.anomalyScore > 1),
 *     map((forecast) => ({ topic: "alerts", record: forecast.event.record })),
 *   ),
 * };
 * ```
 */
export interface Operators {
  /** Filters, changes or multiplies readings before they are forecast from. */
  readonly before?: OperatorFunction<Reading, Reading>;
  /** Makes records for further topics from forecasts. */
  readonly after?: OperatorFunction<RecordForecast, RoutedRecord>;
}

/**
 * Runs an operator value by value. What it emits belongs to the value that made it emit, so it has to emit before
 * `through` returns: operators that wait (delay, bufferTime) fail. Every failure is OPERATOR_FAILED.
 */
export class OperatorRun<In, Out> {
  readonly #input = new Subject<In>();
  readonly #subscription: Subscription;
  #emitted: Out[] | undefined;
  #failure: UndercurrentError | undefined;

  /** `name` tells in an error which operator it was. */
  constructor(name: string, operator: OperatorFunction<In, Out>) {
    const fail = (message: string, cause?: unknown): void => {
      this.#failure ??= new UndercurrentError("OPERATOR_FAILED", `the operator \`${name}\` ${message}`, {
        cause,
      });
    };
    this.#subscription = this.#input.pipe(operator).subscribe({
      next: (value) => {
        if (this.#emitted === undefined) fail("emitted when no event was passed through it");
        else this.#emitted.push(value);
      },
      error: (cause: unknown) => {
        fail(`threw ${cause instanceof Error ? cause.message : String(cause)}`, cause);
      },
      complete: () => {
        fail("completed, and would leave out every further event");
      },
    });
  }

  through(value: In): readonly Out[] {
    const emitted: Out[] = [];
    this.#emitted = emitted;
    this.#input.next(value);
    this.#emitted = undefined;
    if (this.#failure !== undefined) throw this.#failure;
    return emitted;
  }

  dispose(): void {
    this.#subscription.unsubscribe();
  }
}
