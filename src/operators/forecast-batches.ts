/** The operator `forecastBatches`: forecasts for arrays of events, at a fraction of the cost of one by one. */
import type { OperatorFunction } from "rxjs";
import { EventForecaster, settingsOf, type EventForecast, type EventOptions } from "../forecast/objects.js";
import { withForecaster } from "./with-forecaster.js";

/**
 * Emits, for every array of events, the array of their forecasts in the same order, without those of refused events.
 * The forecasts are the same, bit for bit, however events are cut into arrays. Everything else is as in `forecast`.
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
  options: EventOptions<T>,
): OperatorFunction<readonly T[], EventForecast<T>[]> {
  settingsOf(options);
  return withForecaster(
    () => new EventForecaster(options),
    (forecaster, events: readonly T[]) => [forecaster.observe(events)],
  );
}
