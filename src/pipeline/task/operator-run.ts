/** Runs a user's RxJS operator inside the commit: passes one value in and collects its synchronous emissions. */
import { Observable, Subject, type OperatorFunction, type Subscription } from "rxjs";
import { UndercurrentError } from "../../errors/errors.js";
import { asyncWorkBegun } from "./async-work.js";

/** What an operator's author can do instead. */
const advice = "an operator has to emit at once; beforeBatch and afterBatch may wait";

/**
 * Runs an operator value by value, in one subscription. Emissions belong to the value that caused them, so the operator must
 * emit before `through` returns. Every failure is OPERATOR_FAILED:
 *
 * - an operator that starts a timer or a promise for a value and emits nothing for the value fails in `through`;
 * - an operator that emits, errors or completes at another moment fails then, and `onFailure` is called;
 * - an operator that holds values back fails in `end`.
 */
export class OperatorRun<In, Out> {
  readonly #name: string;
  readonly #input = new Subject<In>();
  readonly #subscription: Subscription;
  readonly #onFailure: (error: UndercurrentError) => void;
  #emitted: Out[] | undefined;
  #failure: UndercurrentError | undefined;
  #ended = false;
  #completed = false;
  /** Whether the operator has emitted nothing for some value. */
  #withheld = false;

  /** `name` tells in an error which operator failed. */
  constructor(
    name: string,
    operator: OperatorFunction<In, Out>,
    onFailure: (error: UndercurrentError) => void = () => undefined,
  ) {
    this.#name = name;
    this.#onFailure = onFailure;
    // Keeps an operator that resubscribes after the end (repeat) waiting; otherwise it would resubscribe for ever.
    const input = new Observable<In>((to) => (this.#ended ? undefined : this.#input.subscribe(to)));
    this.#subscription = input.pipe(operator).subscribe({
      next: (value) => {
        if (this.#emitted !== undefined) this.#emitted.push(value);
        else if (this.#ended) this.#fail(`held back a value that was passed through it earlier: ${advice}`);
        else this.#fail(`emitted when no event was passed through it: ${advice}`);
      },
      error: (cause: unknown) => {
        this.#fail(`threw ${cause instanceof Error ? cause.message : String(cause)}`, cause);
      },
      complete: () => {
        this.#completed = true;
        if (!this.#ended) this.#fail("completed, and would leave out every further event");
      },
    });
  }

  get failure(): UndercurrentError | undefined {
    return this.#failure;
  }

  /** Passes a value through the operator, within `watchAsyncWork`, and returns what the operator emitted. */
  through(value: In): readonly Out[] {
    const emitted: Out[] = [];
    const begun = asyncWorkBegun();
    this.#emitted = emitted;
    this.#input.next(value);
    this.#emitted = undefined;
    if (emitted.length === 0) {
      this.#withheld = true;
      if (asyncWorkBegun() > begun) {
        this.#fail(`began a timer or a promise for an event and emitted nothing for the event: ${advice}`);
      }
    }
    if (this.#failure !== undefined) throw this.#failure;
    return emitted;
  }

  /**
   * Completes the operator's input. An operator that emits now has held values back, which is a failure. Returns whether
   * the operator may still hold values: it dropped some, and has not completed with its input.
   */
  end(): boolean {
    this.#ended = true;
    this.#input.complete();
    return this.#withheld && !this.#completed && this.#failure === undefined;
  }

  /** Fails an operator that has not completed with its input. */
  failIncomplete(milliseconds: number): void {
    if (this.#completed) return;
    this.#fail(
      `emitted nothing for some events, and did not complete within ${milliseconds} ms of its input: ${advice}`,
    );
  }

  dispose(): void {
    this.#subscription.unsubscribe();
  }

  #fail(message: string, cause?: unknown): void {
    if (this.#failure !== undefined) return;
    this.#failure = new UndercurrentError("OPERATOR_FAILED", `the operator \`${this.#name}\` ${message}`, {
      cause,
    });
    this.#onFailure(this.#failure);
  }
}
