/** The operator `forecastBatches`: forecasts arrays of events, at a fraction of the cost per event. */
import type { OperatorFunction } from "rxjs";
import { EventForecaster, settingsOf, type EventForecast, type EventOptions } from "../forecast/objects.js";
import { withForecaster } from "./with-forecaster.js";

/**
 * Emits for every array of events the array of their forecasts, in order. Rejected events have no forecast. The batch
 * size does not change the forecasts. Everything else is as in `forecast`.
 *
 * @param options Callbacks that read an event, and settings of the forecaster.
 * @returns An operator from arrays of events to arrays of forecasts.
 * @throws SETTING_INVALID at once if an option is invalid.
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
