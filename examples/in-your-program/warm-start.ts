/** Warm start: history first, live events after it, and forecasts of live events alone. */
import { concat, skipWhile, type Observable, type OperatorFunction } from "rxjs";
import { forecast, type EventForecast } from "undercurrent-forecast";

interface Reading {
  readonly sensor: string;
  readonly at: number;
  readonly celsius: number;
}

export const forecastAfter =
  (history$: Observable<Reading>, begin: number): OperatorFunction<Reading, EventForecast<Reading>> =>
  (live$) =>
    concat(history$, live$).pipe(
      forecast({ key: (r) => r.sensor, time: (r) => r.at, value: (r) => r.celsius }),
      skipWhile(({ event }) => event.at < begin),
    );
