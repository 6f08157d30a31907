/** Streams of symbols with a regularity that outlasts the contexts of n-grams, from a seed. */
import { uniform } from "../../../src/engine/random.js";
import {
  appendSymbol,
  symbolColumns,
  symbolForecastColumns,
  type SymbolForecastColumns,
} from "../../../src/forecast/symbols/columns.js";
import type { SymbolForecaster } from "../../../src/forecast/symbols/forecaster.js";

/** Settings of a model that steps and learns in no time. */
export const small = {
  hidden: 8,
  embedding: 4,
  maxSymbols: 16,
  bpttSteps: 8,
  stride: 4,
  bpttWindows: 4,
  maxNgrams: 1024,
} as const;

export interface SymbolEvent {
  readonly key: string;
  readonly symbol: string;
}

/** Keys that walk at random over `symbols` symbols, each step mostly to the next but one; now and then a new symbol. */
export function walks(
  seed: number,
  count: number,
  keys: number,
  symbols: number,
  novelty = 0.01,
): SymbolEvent[] {
  const next = uniform(seed);
  const at = new Int32Array(keys);
  return Array.from({ length: count }, (_, i) => {
    const key = Math.floor(next() * keys);
    at[key] = next() < 0.7 ? (at[key]! + 2) % symbols : Math.floor(next() * symbols);
    return { key: `k${key}`, symbol: next() < novelty ? `new${i % 97}` : `s${at[key]}` };
  });
}

/** Feeds events in batches that end where `ends` says; the columns of all forecasts, joined. */
export function feed(
  forecaster: SymbolForecaster,
  events: readonly SymbolEvent[],
  ends: readonly number[] = [],
  width = 3,
): SymbolForecastColumns & { readonly count: number } {
  const all = symbolForecastColumns(events.length, width);
  const cuts = [...new Set([...ends, events.length])].filter((end) => end > 0).sort((a, b) => a - b);
  let begin = 0;
  for (const end of cuts) {
    const columns = symbolColumns(end - begin);
    for (const { key, symbol } of events.slice(begin, end)) {
      appendSymbol(columns, forecaster.slotOf(key), symbol);
    }
    const forecasts = symbolForecastColumns(columns.count, width);
    forecaster.observe(columns, forecasts);
    for (const name of ["slots", "probability", "recurrent", "ngrams", "unseen", "version"] as const) {
      all[name].set(forecasts[name], begin);
    }
    all.nextProbability.set(forecasts.nextProbability, begin * width);
    forecasts.next.forEach((symbol, i) => (all.next[begin * width + i] = symbol));
    begin = end;
  }
  return { ...all, count: events.length };
}
