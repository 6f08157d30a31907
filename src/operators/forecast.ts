/** The operator `forecast`: a forecast of its key's next value for every event of a stream. */
import type { OperatorFunction } from "rxjs";
import { EventForecaster, settingsOf, type EventForecast, type EventOptions } from "../forecast/objects.js";
import { forecastEach } from "./with-forecaster.js";

/**
 * Emits, for every event of the source, the forecast of its key's next value, with an interval, and the anomaly score
 * of the value that came. A subscription owns its forecaster: state is carried from event to event, and its memory is
 * given back on completion, error and unsubscription.
 *
 * An event with an invalid key, time or value is refused and emits nothing; see `onRejected`. An error thrown by a
 * callback errors the stream, as in `map`. Throws SETTING_INVALID at once where an option is wrong.
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
