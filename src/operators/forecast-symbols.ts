/** The operator `forecastSymbols`: emits a forecast of the key's next symbol for every event. */
import type { OperatorFunction } from "rxjs";
import {
  EventSymbolForecaster,
  symbolSettingsOf,
  type EventSymbolForecast,
  type SymbolEventOptions,
} from "../forecast/symbols/objects.js";
import {
  forecasterSource,
  type SharedOptions,
  type StateOptions,
  type SubscribedForecaster,
} from "./state.js";
import { eachEvent, withForecaster } from "./with-forecaster.js";

/** Options of `forecastSymbols`: a forecaster for each subscription, or one that they share. */
export type SymbolOperatorOptions<T> =
  (SymbolEventOptions<T> & StateOptions) | SharedOptions<EventSymbolForecaster<T>>;

/**
 * Emits for every source event the forecast probability of its symbol and the most likely next symbols of its key. Each
 * subscription owns one forecaster and frees its memory on completion, error and unsubscription. Snapshots and shared
 * forecasters are as in `forecast`.
 *
 * An event with an invalid key or symbol is rejected and emits nothing; see `onRejected`. An error thrown by a callback
 * errors the stream, as in `map`.
 *
 * @param options Callbacks that read an event, and settings of the forecaster. Or a shared `forecaster`.
 * @returns An operator from events to forecasts, one per accepted event and in order.
 * @throws As `forecast`.
 *
 * @example
 * ```ts
 * clicks$
 *   .pipe(forecastSymbols({ key: (click) => click.visitor, symbol: (click) => click.page }))
 *   .subscribe((f) => console.log(f.key, f.next[0]?.symbol, f.surprise));
 * ```
 */
export function forecastSymbols<T>(
  options: SymbolOperatorOptions<T>,
): OperatorFunction<T, EventSymbolForecast<T>> {
  const source = forecasterSource<EventSymbolForecaster<T>, SymbolEventOptions<T>>(options, {
    check: (own) => symbolSettingsOf(own),
    create: (own) => new EventSymbolForecaster(own),
  });
  return withForecaster<SubscribedForecaster<T, EventSymbolForecast<T>>, T, EventSymbolForecast<T>>(
    source,
    eachEvent(),
  );
}
