/** Base of the operators: gives every subscription a forecaster, feeds it, saves its state, and disposes of it at the end. */
import { isObservable, Observable, Subject, takeUntil, type OperatorFunction, type Subscriber } from "rxjs";
import { Saver } from "./saver.js";
import type { ForecasterSource, SubscribedForecaster } from "./state.js";

/** How one value of the source becomes values of the result. */
export interface Step<Forecaster, In, Out> {
  readonly forecast: (forecaster: Forecaster, value: In) => readonly Out[];
  /** Returns the number of events in a value. */
  readonly events: (value: In) => number;
}

/**
 * Emits the results of `step` for each value of the source, in order. Emissions of the source inside a callback of the
 * forecaster, including its end, wait until the previous value is forecast.
 */
export function withForecaster<Forecaster extends SubscribedForecaster<never, unknown>, In, Out>(
  { acquire, isOwned, save }: ForecasterSource<Forecaster>,
  step: Step<Forecaster, In, Out>,
): OperatorFunction<In, Out> {
  return (source) =>
    new Observable<Out>((subscriber) => {
      const forecaster = acquire();
      const fail = (error: unknown): void => subscriber.error(error);
      const saver = save && new Saver(save, () => forecaster.snapshot(), fail);
      const turns = new Turns(subscriber, {
        forecast: (value: In) => {
          const results = step.forecast(forecaster, value);
          saver?.count(step.events(value));
          return results;
        },
        emitted: () => saver?.saveIfDue(),
      });
      const left = new Subject<void>();
      subscriber.add(() => {
        left.next();
        // A callback of the forecaster may unsubscribe: the event under way is taken whole first.
        turns.whenIdle(() => {
          try {
            // Nobody is left to be told of a failure: it becomes an unhandled rejection.
            void saver?.finish();
          } finally {
            if (isOwned) forecaster.dispose();
          }
        });
      });
      if (saver !== undefined && isObservable(save?.every)) {
        const request = (): void => {
          saver.request();
          turns.whenIdle(() => {
            try {
              saver.saveIfDue();
            } catch (error) {
              fail(error);
            }
          });
        };
        subscriber.add(save.every.subscribe({ next: request, error: fail }));
      }
      const end = (finish: () => void): void =>
        turns.end(() => {
          try {
            const saved = saver?.finish();
            if (saved === undefined) finish();
            else saved.then(finish, fail);
          } catch (error) {
            fail(error);
          }
        });
      source.pipe(takeUntil(left)).subscribe({
        next: (value) => turns.take(value),
        error: (error: unknown) => end(() => fail(error)),
        complete: () => end(() => subscriber.complete()),
      });
    });
}

/** Returns the step that forecasts one event at a time; one that the forecaster refuses has no result. */
export function eachEvent<T, Forecast>(): Step<SubscribedForecaster<T, Forecast>, T, Forecast> {
  return { forecast: (forecaster, event) => forecaster.observe([event]), events: () => 1 };
}

/** What a turn does with its value. */
interface Turn<In, Out> {
  forecast(value: In): readonly Out[];
  /** Called when the results have been emitted. */
  emitted(): void;
}

/** Forecasts one value at a time; a value that arrives during a call of `forecast` waits for its turn. */
class Turns<In, Out> {
  readonly #subscriber: Subscriber<Out>;
  readonly #turn: Turn<In, Out>;
  readonly #waiting: In[] = [];
  #end: (() => void) | undefined;
  #busy = false;
  /** Whether a call of `forecast` is under way, and what waits for its end. */
  #forecasting = false;
  readonly #afterwards: (() => void)[] = [];

  constructor(subscriber: Subscriber<Out>, turn: Turn<In, Out>) {
    this.#subscriber = subscriber;
    this.#turn = turn;
  }

  take(value: In): void {
    if (this.#busy) {
      this.#waiting.push(value);
      return;
    }
    this.#busy = true;
    try {
      const results = this.#forecast(value);
      // Usually nothing waits. A value that the subscriber emits from its callback is then forecast at once.
      if (this.#waiting.length === 0 && this.#end === undefined) this.#busy = false;
      this.#emit(results);
      if (this.#busy) this.#takeWaiting();
    } catch (error) {
      this.#subscriber.error(error);
    }
  }

  /** Ends the stream in its turn. */
  end(end: () => void): void {
    if (this.#busy) this.#end = end;
    else end();
  }

  /** Does some work at once, or after the call of `forecast` that is under way. */
  whenIdle(work: () => void): void {
    if (this.#forecasting) this.#afterwards.push(work);
    else work();
  }

  #forecast(value: In): readonly Out[] {
    this.#forecasting = true;
    try {
      return this.#turn.forecast(value);
    } finally {
      this.#forecasting = false;
      for (const work of this.#afterwards.splice(0)) work();
    }
  }

  #takeWaiting(): void {
    // More may come to wait meanwhile.
    for (const value of this.#waiting) {
      if (this.#subscriber.closed) return;
      this.#emit(this.#forecast(value));
    }
    this.#waiting.length = 0;
    this.#busy = false;
    this.#end?.();
  }

  #emit(results: readonly Out[]): void {
    for (const result of results) this.#subscriber.next(result);
    if (!this.#subscriber.closed) this.#turn.emitted();
  }
}
