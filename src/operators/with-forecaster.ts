/** Base of the operators: creates one forecaster per subscription and disposes of it at the end. */
import { Observable, Subject, takeUntil, type OperatorFunction, type Subscriber } from "rxjs";

/**
 * Emits what `forecast` makes of each value of the source, in order, with a forecaster for each subscription. What the
 * source emits inside a callback of the forecaster, its end included, waits until the value before it is forecast from.
 */
export function withForecaster<Forecaster extends { dispose(): void }, In, Out>(
  create: () => Forecaster,
  forecast: (forecaster: Forecaster, value: In) => readonly Out[],
): OperatorFunction<In, Out> {
  return (source) =>
    new Observable<Out>((subscriber) => {
      const forecaster = create();
      const turns = new Turns(subscriber, (value: In) => forecast(forecaster, value));
      const left = new Subject<void>();
      subscriber.add(() => {
        left.next();
        forecaster.dispose();
      });
      source.pipe(takeUntil(left)).subscribe({
        next: (value) => turns.take(value),
        error: (error: unknown) => turns.end(() => subscriber.error(error)),
        complete: () => turns.end(() => subscriber.complete()),
      });
    });
}

/** Emits the forecast of each event that the subscription's forecaster does not refuse. */
export function forecastEach<T, Forecast>(
  create: () => { observe(events: readonly T[]): Forecast[]; dispose(): void },
): OperatorFunction<T, Forecast> {
  return withForecaster(create, (forecaster, event) => forecaster.observe([event]));
}

/** Forecasts from one value after the other: what comes during a call of `forecast` waits for its turn. */
class Turns<In, Out> {
  readonly #subscriber: Subscriber<Out>;
  readonly #forecast: (value: In) => readonly Out[];
  readonly #waiting: In[] = [];
  #end: (() => void) | undefined;
  #busy = false;

  constructor(subscriber: Subscriber<Out>, forecast: (value: In) => readonly Out[]) {
    this.#subscriber = subscriber;
    this.#forecast = forecast;
  }

  take(value: In): void {
    if (this.#busy) {
      this.#waiting.push(value);
      return;
    }
    this.#busy = true;
    try {
      const results = this.#forecast(value);
      // Mostly nothing waits. A value that the subscriber emits when it is told is then forecast from at once.
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
  }
}
