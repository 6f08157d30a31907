/** Objects in, objects out: the forecaster of symbols for events of any type, read through two callbacks. */
import type { EngineFactory } from "../../engine/port.js";
import { refuseMisplaced, requireFunctions, UndercurrentError } from "../../errors/errors.js";
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

/** A symbol and how likely it is to be the next. */
export interface LikelySymbol {
  readonly symbol: string;
  /** 0 to 1. */
  readonly probability: number;
}

/** The forecast of a key's next symbol. */
export interface SymbolForecast {
  readonly key: string;
  readonly symbol: string;
  /**
   * How likely this symbol had been, before it was seen; NaN on the key's first. That of a symbol outside the vocabulary
   * is the probability of all such symbols together.
   */
  readonly probability: number;
  /** How surprising it was, in bits: -log2 of `probability`. */
  readonly surprise: number;
  /** The likeliest next symbols, the likeliest first. */
  readonly next: readonly LikelySymbol[];
  /** Probability that the next symbol is one outside the vocabulary. */
  readonly unseen: number;
  /** The model's name and version: "lstm64@1841". */
  readonly model: string;
}

/** A forecast beside the event that it was made from. */
export type EventSymbolForecast<T> = SymbolForecast & { readonly event: T };

/** How to read an event, and the settings of the forecaster. */
export interface SymbolEventOptions<T> extends SymbolForecasterOptions, ForecasterListeners {
  /** Whose symbol it is: 1 to 1,024 characters. */
  readonly key: (event: T) => string;
  /** The symbol: 1 to 256 characters. Numbers are taken as their decimal text. */
  readonly symbol: (event: T) => string | number;
  /** Likeliest next symbols that a forecast names, 1 to 100; 5 by default. */
  readonly candidates?: number;
  /** Called with each refused event. By default the first of each code becomes a process warning. */
  readonly onRejected?: (rejected: RejectedEvent<T>) => void;
  /** The engine that steps and learns; WebAssembly by default, the only one that knows symbols. */
  readonly engine?: EngineFactory;
}

/** An event in the form that `createSymbolForecaster` takes. */
export interface SymbolObservation {
  readonly key: string;
  readonly symbol: string | number;
}

/** The settings among the options, checked, and the number of candidates. Throws SETTING_INVALID. */
export function symbolSettingsOf<T>(options: SymbolEventOptions<T>): {
  readonly settings: SymbolSettings;
  readonly candidates: number;
} {
  requireFunctions(options, ["key", "symbol"], ["onRejected", "onUpdate", "engine"]);
  const { key, symbol, candidates = 5, onRejected, onUpdate, engine, ...settings } = options;
  if (!Number.isInteger(candidates) || candidates < 1 || candidates > 100) {
    throw new UndercurrentError(
      "SETTING_INVALID",
      `candidates: ${candidates} is not an integer from 1 to 100`,
    );
  }
  return { settings: symbolSettings(settings), candidates };
}

/** A forecaster of symbols of events of type T. Its lifetime is that of the memory it holds: dispose of it. */
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
    const { slots, probability, unseen, width, next, nextProbability, version } = forecasts;
    const likely = Array.from({ length: width }, (_, i): LikelySymbol => {
      const at = row * width + i;
      return { symbol: next[at]!, probability: nextProbability[at]! };
    });
    return {
      event,
      key: this.forecaster.keyOf(slots[row]!),
      symbol: events.symbols[row]!,
      probability: probability[row]!,
      surprise: -Math.log2(probability[row]!),
      next: likely.filter(({ probability }) => probability > 0),
      unseen: unseen[row]!,
      model: this.forecaster.modelName(version[row]),
    };
  }
}

/**
 * A forecaster of symbols without RxJS: symbols in, distributions of each key's next symbol out, in order.
 *
 * Events with an invalid key or symbol are refused: they change nothing, have no forecast, and go to `onRejected`. Throws
 * SETTING_INVALID where an option is wrong.
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
  options: Omit<SymbolEventOptions<SymbolObservation>, "key" | "symbol"> = {},
): EventSymbolForecaster<SymbolObservation> {
  const carried = "each observation carries its key and symbol";
  refuseMisplaced(options, { key: carried, symbol: carried });
  return new EventSymbolForecaster({
    ...options,
    key: (event) => event.key,
    symbol: (event) => event.symbol,
  });
}
