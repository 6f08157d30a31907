/** The operator `forecastBatches`: forecasts arrays of events, at a fraction of the cost per event. */
import type { OperatorFunction } from "rxjs";
import type { EventForecast } from "../forecast/objects.js";
import { valueForecasters, type OperatorOptions } from "./forecast.js";
import { withForecaster } from "./with-forecaster.js";

/**
 * Emits for every array of events the array of their forecasts, in order. Rejected events have no forecast. The batch
 * size does not change the forecasts. Everything else is as in `forecast`.
 *
 * @param options As in `forecast`.
 * @returns An operator from arrays of events to arrays of forecasts.
 * @throws As `forecast`.
 *
 * @example
 * ```ts
 * readings$
 *   .pipe(
 *     bufferTime(100),
 *     forecastBatches({ key: (r) => r.sensor, time: (r) => r.at, value: (r) => r.celsius }),
 *   )
 *   .subscribe((forecasts) => console.log(forecasts.filter((f) => f.anomalyScore > 1)));
 * ```
 */
export function forecastBatches<T>(
  options: OperatorOptions<T>,
): OperatorFunction<readonly T[], EventForecast<T>[]> {
  return withForecaster(valueForecasters(options), {
    forecast: (forecaster, events: readonly T[]) => [forecaster.observe(events)],
    events: ({ length }) => length,
  });
}
