/** Defines the columns of symbols and their forecasts. */

/** A batch of symbols in order of arrival. */
export interface SymbolColumns {
  count: number;
  /** Slot of the key, from `SymbolForecaster.slotOf`. */
  readonly slots: Int32Array;
  readonly symbols: string[];
}

/**
 * One row per event, in the same order. The first group scores the symbol against the earlier forecast, NaN on a key's
 * first event; symbols outside the vocabulary at that time share one probability. The second group forecasts the key's
 * next symbol.
 */
export interface SymbolForecastColumns {
  readonly slots: Int32Array;
  /** Probability of this symbol in the mixture, in the recurrent part and in the n-grams. */
  readonly probability: Float64Array;
  readonly recurrent: Float64Array;
  readonly ngrams: Float64Array;
  /** Probability of a next symbol outside the vocabulary. */
  readonly unseen: Float64Array;
  /**
   * The most likely next symbols of row r begin at `r * width`, most likely first. Unused places have probability 0 and an
   * empty text.
   */
  readonly width: number;
  readonly next: string[];
  readonly nextProbability: Float64Array;
  /** Number of weight updates before this forecast. */
  readonly version: Float64Array;
}

/** Creates columns for up to `capacity` events. */
export function symbolColumns(capacity: number): SymbolColumns {
  return { count: 0, slots: new Int32Array(capacity), symbols: new Array<string>(capacity).fill("") };
}

/** Appends an event. The columns must have room. */
export function appendSymbol(columns: SymbolColumns, slot: number, symbol: string): void {
  const row = columns.count++;
  columns.slots[row] = slot;
  columns.symbols[row] = symbol;
}

/** Creates columns for the forecasts of up to `capacity` events, with the `width` most likely next symbols each. */
export function symbolForecastColumns(capacity: number, width: number): SymbolForecastColumns {
  const numbers = (): Float64Array => new Float64Array(capacity);
  return {
    slots: new Int32Array(capacity),
    probability: numbers(),
    recurrent: numbers(),
    ngrams: numbers(),
    unseen: numbers(),
    width,
    next: new Array<string>(capacity * width).fill(""),
    nextProbability: new Float64Array(capacity * width),
    version: numbers(),
  };
}
