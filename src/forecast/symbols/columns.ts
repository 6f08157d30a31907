/** Symbols and their forecasts as columns. */

/** A batch of symbols in order of arrival. */
export interface SymbolColumns {
  count: number;
  /** Slot of the key, from `SymbolForecaster.slotOf`. */
  readonly slots: Int32Array;
  readonly symbols: string[];
}

/**
 * One row for each event, in the same order. The first group scores the symbol against the distribution that was
 * forecast before it was seen, NaN on a key's first event; a symbol that is not in the vocabulary, or was not then, has
 * the probability of all others together. The second group forecasts the key's next symbol.
 */
export interface SymbolForecastColumns {
  readonly slots: Int32Array;
  /** Probability of this symbol, and what the recurrent part and the n-grams alone had given it. */
  readonly probability: Float64Array;
  readonly recurrent: Float64Array;
  readonly ngrams: Float64Array;
  /** Probability that the next symbol is one outside the vocabulary. */
  readonly unseen: Float64Array;
  /**
   * The likeliest next symbols, the likeliest first: those of row r from `r * width` on. Where fewer are known the rest
   * have probability 0 and an empty text.
   */
  readonly width: number;
  readonly next: string[];
  readonly nextProbability: Float64Array;
  /** Updates of the weights before this forecast. */
  readonly version: Float64Array;
}

/** Columns for up to `capacity` events. */
export function symbolColumns(capacity: number): SymbolColumns {
  return { count: 0, slots: new Int32Array(capacity), symbols: new Array<string>(capacity).fill("") };
}

/** Appends an event, for which there must be room. */
export function appendSymbol(columns: SymbolColumns, slot: number, symbol: string): void {
  const row = columns.count++;
  columns.slots[row] = slot;
  columns.symbols[row] = symbol;
}

/** Columns for the forecasts of up to `capacity` events, with the `width` likeliest symbols each. */
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
