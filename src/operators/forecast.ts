/** The operator `forecast`: emits a forecast of the key's next value for every event. */
import type { OperatorFunction } from "rxjs";
import { EventForecaster, settingsOf, type EventForecast, type EventOptions } from "../forecast/objects.js";
import { forecastEach } from "./with-forecaster.js";

/**
 * Emits for every source event the forecast of the key's next value, its interval, and the anomaly score of the event.
 * Each subscription owns one forecaster and frees its memory on completion, error and unsubscription.
 *
 * An event with an invalid key, time or value is rejected and emits nothing; see `onRejected`. An error thrown by a
 * callback errors the stream, as in `map`.
 *
 * @param options Callbacks that read an event, and settings of the forecaster.
 * @returns An operator from events to forecasts, one per accepted event and in order.
 * @throws SETTING_INVALID at once if an option is invalid.
 *
 * @example
 * ```ts
 * readings$
 *   .pipe(forecast({ key: (r) => r.sensor, time: (r) => r.at, value: (r) => r.celsius }))
 *   .subscribe((f) => console.log(f.key, f.yhat, f.anomalyScore));
 * ```
 */
export function forecast<T>(options: EventOptions<T>): OperatorFunction<T, EventForecast<T>> {
  // A wrong setting is a defect of the program that builds the pipeline, not an event of the stream.
  settingsOf(options);
  return forecastEach(() => new EventForecaster(options));
}
