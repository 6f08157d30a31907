/** The operator `forecastIncidents`: emits what happened to keys, instead of a forecast for every event. */
import type { OperatorFunction } from "rxjs";
import type { EventIncident } from "../forecast/objects.js";
import { valueForecasters, type OperatorOptions } from "./forecast.js";
import { withForecaster } from "./with-forecaster.js";

/**
 * Emits each change of an incident: when an incident is opened, when its peak has grown or its kind is settled, and when
 * it is closed. Most events change nothing and emit nothing. Everything else is as in `forecast`.
 *
 * @param options As in `forecast`.
 * @returns An operator from events to changes of incidents, in the order of events.
 * @throws As `forecast`.
 *
 * @example
 * ```ts
 * readings$
 *   .pipe(
 *     forecastIncidents({ key: (r) => r.sensor, time: (r) => r.at, value: (r) => r.celsius }),
 *     filter((incident) => incident.change === "opened"),
 *   )
 *   .subscribe((incident) => console.log(incident.id, incident.kind, incident.severity));
 * ```
 */
export function forecastIncidents<T>(options: OperatorOptions<T>): OperatorFunction<T, EventIncident<T>> {
  return withForecaster(valueForecasters(options), {
    forecast: (forecaster, event: T) => forecaster.observeIncidents([event]),
    events: () => 1,
  });
}
