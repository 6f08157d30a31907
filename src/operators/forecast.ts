/** The operator `forecast`: emits a forecast of the key's next value for every event. */
import type { OperatorFunction } from "rxjs";
import { EventForecaster, settingsOf, type EventForecast, type EventOptions } from "../forecast/objects.js";
import {
  forecasterSource,
  type SharedOptions,
  type StateOptions,
  type SubscribedForecaster,
} from "./state.js";
import { eachEvent, withForecaster } from "./with-forecaster.js";

/** Options of `forecast` and `forecastBatches`: a forecaster for each subscription, or one that they share. */
export type OperatorOptions<T> = (EventOptions<T> & StateOptions) | SharedOptions<EventForecaster<T>>;

/**
 * Emits for every source event the forecast of the key's next value, its interval, and the anomaly score of the event.
 * Each subscription owns one forecaster and frees its memory on completion, error and unsubscription. Subscriptions can
 * start from a snapshot (`restore`), save snapshots (`save`), and share one forecaster (`forecaster`).
 *
 * An event with an invalid key, time or value is rejected and emits nothing; see `onRejected`. An error thrown by a
 * callback errors the stream, as in `map`.
 *
 * @param options Callbacks that read an event, and settings of the forecaster. Or a shared `forecaster`.
 * @returns An operator from events to forecasts, one per accepted event and in order.
 * @throws SETTING_INVALID at once if an option is invalid. SNAPSHOT_FOREIGN, SNAPSHOT_VERSION or SNAPSHOT_CORRUPT at once
 * if the snapshot does not fit.
 *
 * @example
 * ```ts
 * readings$
 *   .pipe(forecast({ key: (r) => r.sensor, time: (r) => r.at, value: (r) => r.celsius }))
 *   .subscribe((f) => console.log(f.key, f.yhat, f.anomalyScore));
 * ```
 *
 * @example
 * ```ts
 * const restore = existsSync("state.bin") ? readFileSync("state.bin") : undefined;
 * const save = { every: 10_000, to: (snapshot) => writeFile("state.bin", snapshot) };
 * readings$.pipe(forecast({ ...read, restore, save })).subscribe(show);
 * ```
 */
export function forecast<T>(options: OperatorOptions<T>): OperatorFunction<T, EventForecast<T>> {
  return withForecaster<SubscribedForecaster<T, EventForecast<T>>, T, EventForecast<T>>(
    valueForecasters(options),
    eachEvent(),
  );
}

/** Where subscriptions get their forecaster of values. */
export function valueForecasters<T>(options: OperatorOptions<T>) {
  // A wrong setting is a defect of the program that builds the pipeline, not an event of the stream.
  return forecasterSource<EventForecaster<T>, EventOptions<T>>(options, {
    check: (own) => settingsOf(own),
    create: (own) => new EventForecaster(own),
  });
}
