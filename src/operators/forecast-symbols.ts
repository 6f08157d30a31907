/** The operator `forecastSymbols`: emits a forecast of the key's next symbol for every event. */
import type { OperatorFunction } from "rxjs";
import {
  EventSymbolForecaster,
  symbolSettingsOf,
  type EventSymbolForecast,
  type SymbolEventOptions,
} from "../forecast/symbols/objects.js";
import { forecastEach } from "./with-forecaster.js";

/**
 * Emits for every source event the forecast probability of its symbol and the most likely next symbols of its key. Each
 * subscription owns one forecaster and frees its memory on completion, error and unsubscription.
 *
 * An event with an invalid key or symbol is rejected and emits nothing; see `onRejected`. An error thrown by a callback
 * errors the stream, as in `map`.
 *
 * @param options Callbacks that read an event, and settings of the forecaster.
 * @returns An operator from events to forecasts, one per accepted event and in order.
 * @throws SETTING_INVALID at once if an option is invalid.
 *
 * @example
 * ```ts
 * clicks$
 *   .pipe(forecastSymbols({ key: (click) => click.visitor, symbol: (click) => click.page }))
 *   .subscribe((f) => console.log(f.key, f.next[0]?.symbol, f.surprise));
 * ```
 */
export function forecastSymbols<T>(
  options: SymbolEventOptions<T>,
): OperatorFunction<T, EventSymbolForecast<T>> {
  symbolSettingsOf(options);
  return forecastEach(() => new EventSymbolForecaster(options));
}
