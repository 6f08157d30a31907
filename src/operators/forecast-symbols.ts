/** The operator `forecastSymbols`: the distribution of its key's next symbol for every event of a stream. */
import type { OperatorFunction } from "rxjs";
import {
  EventSymbolForecaster,
  symbolSettingsOf,
  type EventSymbolForecast,
  type SymbolEventOptions,
} from "../forecast/symbols/objects.js";
import { forecastEach } from "./with-forecaster.js";

/**
 * Emits, for every event of the source, how likely its symbol had been and which symbols of its key are likely to come
 * next. A subscription owns its forecaster, as that of `forecast`.
 *
 * An event with an invalid key or symbol is refused and emits nothing; see `onRejected`. An error thrown by a callback
 * errors the stream, as in `map`. Throws SETTING_INVALID at once where an option is wrong.
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
