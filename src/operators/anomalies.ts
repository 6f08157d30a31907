/** The operator `anomalies`: passes the forecasts of anomalous events. */
import { filter, type MonoTypeOperatorFunction } from "rxjs";

/**
 * Passes the forecasts whose event is anomalous: the anomaly score is above 1. `alarmRate` sets how often ordinary events are.
 * The settings `detection.direction` and `detection.minimumDeviation` choose incidents (`forecastIncidents`), not scores.
 *
 * @returns An operator that passes forecasts on as they are.
 *
 * @example
 * ```ts
 * readings$
 *   .pipe(forecast({ key: (r) => r.sensor, time: (r) => r.at, value: (r) => r.celsius }), anomalies())
 *   .subscribe((f) => console.warn(f.key, f.value, "expected", f.expectedLower, "to", f.expectedUpper));
 * ```
 */
export function anomalies<F extends { readonly anomalyScore: number }>(
  options?: never,
): MonoTypeOperatorFunction<F> {
  if ((options as unknown) !== undefined) {
    throw new TypeError(
      "anomalies: takes no options; alarmRate of the forecaster sets how often events are anomalous",
    );
  }
  return filter(({ anomalyScore }) => anomalyScore > 1);
}
