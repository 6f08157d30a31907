/** Forecasts symbols of events of any type: callbacks read key and symbol from each event. */
import type { EngineFactory } from "../../engine/port.js";
import {
  refuseMisplaced,
  requireFunctions,
  requireOptions,
  UndercurrentError,
} from "../../errors/library.js";
import { readKey, readSymbol, type RejectedEvent } from "../input.js";
import type { ForecasterListeners } from "../learning/schedule.js";
import { ObjectForecaster } from "../object-forecaster.js";
import {
  appendSymbol,
  symbolColumns,
  symbolForecastColumns,
  type SymbolColumns,
  type SymbolForecastColumns,
} from "./columns.js";
import { SymbolForecaster } from "./forecaster.js";
import { symbolSettings, type SymbolForecasterOptions, type SymbolSettings } from "./settings.js";

/** A symbol with its probability of being the next one. */
export interface LikelySymbol {
  readonly symbol: string;
  /** Probability, from 0 to 1. */
  readonly probability: number;
}

/** The forecast of a key's next symbol, as its last event left it. */
export interface NextSymbolForecast {
  readonly key: string;
  /** The most likely next symbols, most likely first. */
  readonly next: readonly LikelySymbol[];
  /** Probability of a next symbol outside the vocabulary. */
  readonly unseen: number;
  /** Model name and version of its weights: "lstm64@1841". */
  readonly model: string;
}

/** The forecast of a key's next symbol together with the score of the symbol that it was made at. */
export interface SymbolForecast extends NextSymbolForecast {
  readonly symbol: string;
  /**
   * Forecast probability of this symbol before it arrived; NaN on the key's first. Symbols outside the vocabulary share
   * one probability.
   */
  readonly probability: number;
  /** Surprise in bits: -log2 of `probability`. */
  readonly surprise: number;
}

/** A forecast together with its event. */
export type EventSymbolForecast<T> = SymbolForecast & { readonly event: T };

/** Options of `forecastSymbols`: how to read an event, and the settings of the forecaster. */
export interface SymbolEventOptions<T> extends SymbolForecasterOptions, ForecasterListeners {
  /** Returns the key of the sequence: 1 to 1,024 characters. */
  readonly key: (event: T) => string;
  /** Returns the symbol: 1 to 256 characters. Numbers become their decimal text. */
  readonly symbol: (event: T) => string | number;
  /** Number of most likely next symbols in a forecast, 1 to 100. Default 5. */
  readonly candidates?: number;
  /** Called with each rejected event. Default: a process warning for the first event of each error code. */
  readonly onRejected?: (rejected: RejectedEvent<T>) => void;
  /** Engine that runs and trains the cell. Default: WebAssembly, the only built-in engine with symbols. */
  readonly engine?: EngineFactory;
}

/** An event for `createSymbolForecaster`. */
export interface SymbolObservation {
  readonly key: string;
  readonly symbol: string | number;
}

/** Returns the checked settings among the options and the number of candidates. Throws SETTING_INVALID. */
export function symbolSettingsOf<T>(options: SymbolEventOptions<T>): {
  readonly settings: SymbolSettings;
  readonly candidates: number;
} {
  requireOptions(options);
  requireFunctions(options, ["key", "symbol"], ["onRejected", "onUpdate", "onForgotten", "engine"]);
  const { key, symbol, candidates = 5, onRejected, onUpdate, onForgotten, engine, ...settings } = options;
  if (!Number.isInteger(candidates) || candidates < 1 || candidates > 100) {
    throw new UndercurrentError(
      "SETTING_INVALID",
      `candidates: expected an integer from 1 to 100, found ${candidates}`,
    );
  }
  return { settings: symbolSettings(settings), candidates };
}

/** Forecasts symbols of events of type T. It holds memory outside the JavaScript heap: call `dispose` at the end. */
export class EventSymbolForecaster<T> extends ObjectForecaster<
  T,
  SymbolColumns,
  SymbolForecastColumns,
  EventSymbolForecast<T>
> {
  readonly #options: SymbolEventOptions<T>;

  constructor(options: SymbolEventOptions<T>) {
    const { settings, candidates } = symbolSettingsOf(options);
    super(
      new SymbolForecaster(settings, options.engine, options),
      (capacity) => ({
        events: symbolColumns(capacity),
        forecasts: symbolForecastColumns(capacity, candidates),
      }),
      options.onRejected,
    );
    this.#options = options;
  }

  /**
   * Returns the pending forecast of a key, bit for bit as the key's last event made it. A symbol that left the vocabulary
   * since is left out. Changes no state.
   *
   * @returns undefined if the key has no state.
   * @throws KEY_INVALID. FORECASTER_BUSY if a callback of this forecaster calls it. FORECASTER_DISPOSED.
   */
  forecast(key: string, options?: never): NextSymbolForecast | undefined {
    if ((options as unknown) !== undefined)
      throw new TypeError("forecast: symbols have one step and no options");
    const columns = this.ask(key);
    return columns && this.#nextAt(columns, 0);
  }

  /** @internal */
  protected override read(event: T): (events: SymbolColumns) => void {
    const key = this.#options.key(event);
    const symbol = this.#options.symbol(event);
    return (events) => {
      const text = readSymbol(symbol);
      appendSymbol(events, this.forecaster.slotOf(readKey(key)), text);
    };
  }

  /** @internal */
  protected override resultAt(
    event: T,
    row: number,
    events: SymbolColumns,
    forecasts: SymbolForecastColumns,
  ): EventSymbolForecast<T> {
    const { probability } = forecasts;
    return {
      event,
      symbol: events.symbols[row]!,
      probability: probability[row]!,
      surprise: -Math.log2(probability[row]!),
      ...this.#nextAt(forecasts, row),
    };
  }

  #nextAt(forecasts: SymbolForecastColumns, row: number): NextSymbolForecast {
    const { slots, unseen, width, next, nextProbability, version } = forecasts;
    const likely = Array.from({ length: width }, (_, i): LikelySymbol => {
      const at = row * width + i;
      return { symbol: next[at]!, probability: nextProbability[at]! };
    });
    return {
      key: this.forecaster.keyOf(slots[row]!),
      next: likely.filter(({ probability }) => probability > 0),
      unseen: unseen[row]!,
      model: this.forecaster.modelName(version[row]),
    };
  }
}

/** Options of `createSymbolForecaster`: settings and listeners. */
export type CreateSymbolForecasterOptions = Omit<SymbolEventOptions<SymbolObservation>, "key" | "symbol">;

/**
 * Creates a symbol forecaster without RxJS. `observe` takes symbols and returns the forecast of each key's next symbol.
 *
 * Events with an invalid key or symbol are rejected: they change nothing, have no forecast, and go to `onRejected`.
 *
 * @param options Settings of the forecaster; omitted settings have their default.
 * @returns The forecaster. Call `dispose` at the end.
 * @throws SETTING_INVALID if an option is invalid. MEMORY_EXHAUSTED if the engine's memory cannot be allocated.
 *
 * @example
 * ```ts
 * const forecaster = createSymbolForecaster({ maxSymbols: 64 });
 * const [forecast] = forecaster.observe([{ key: "visitor-7", symbol: "search" }]);
 * console.log(forecast?.next[0]?.symbol);
 * forecaster.dispose();
 * ```
 */
export function createSymbolForecaster(
  options: CreateSymbolForecasterOptions = {},
): EventSymbolForecaster<SymbolObservation> {
  requireOptions(options, "an object of settings");
  const carried = "each observation carries its key and symbol";
  refuseMisplaced(options, { key: carried, symbol: carried });
  return new EventSymbolForecaster({
    ...options,
    key: (event) => event.key,
    symbol: (event) => event.symbol,
  });
}
