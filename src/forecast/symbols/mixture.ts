/**
 * The forecast of a key's next symbol as the weighted geometric mean of two distributions, its weights learned by
 * online gradient descent on the logarithmic loss (Mattern, 2012): convex, so in the long run no worse than either.
 */
import { exponential, logarithm } from "../elementary.js";
import type { KeyRow } from "../keys/row.js";
import type { SymbolForecastColumns } from "./columns.js";
import { symbolNumber, type SymbolLayout } from "./cell.js";
import type { Vocabulary } from "./vocabulary.js";

/** Step size of the weights. */
const rate = 0.005;

/** What is taken for the logarithm of nothing. */
const least = 1e-30;

/** A key of symbols. */
export type SymbolKey = KeyRow<SymbolLayout>;

export class SymbolMixture {
  /** Weights of the recurrent part and of the n-grams, for all keys. */
  readonly weights = Float64Array.of(0.3, 0.8);
  readonly #vocabulary: Vocabulary;
  readonly #probabilities: Float64Array;

  constructor(vocabulary: Vocabulary, symbols: number) {
    this.#vocabulary = vocabulary;
    this.#probabilities = new Float64Array(symbols);
  }

  /** Scores a symbol that has just been seen against the key's pending forecast, and learns from it. */
  score(key: SymbolKey, symbol: number, into: SymbolForecastColumns, event: number): void {
    const { f64, at64, f32, at32, layout } = key;
    // What was not in the vocabulary when the forecast was made was one of the others then.
    const then = this.#vocabulary.sinceOf(symbol) > f64[at64 + symbolNumber.made]! ? 0 : symbol;
    const recurrent = f32[at32 + layout.recurrent + then]!;
    const ngrams = f32[at32 + layout.ngrams + then]!;
    into.recurrent[event] = recurrent;
    into.ngrams[event] = ngrams;
    const [logRecurrent, logNgrams] = [logOf(recurrent), logOf(ngrams)];
    into.probability[event] = shareOf(key, logRecurrent, logNgrams) / f64[at64 + symbolNumber.sum]!;
    // The gradient of the loss: what was expected of the logarithm less what it was.
    const { weights } = this;
    weights[0]! += rate * (logRecurrent - f64[at64 + symbolNumber.meanRecurrent]!);
    weights[1]! += rate * (logNgrams - f64[at64 + symbolNumber.meanNgrams]!);
  }

  /** Keeps the weights of the forecast that an event begins: later events move them before the cell has stepped. */
  begin({ f64, at64 }: SymbolKey): void {
    f64[at64 + symbolNumber.recurrentWeight] = this.weights[0]!;
    f64[at64 + symbolNumber.ngramsWeight] = this.weights[1]!;
  }

  /** Mixes the key's two distributions to its pending forecast, and writes the likeliest symbols. */
  forecast(key: SymbolKey, into: SymbolForecastColumns, event: number): void {
    const { f64, at64, f32, at32, layout } = key;
    const recurrent = at32 + layout.recurrent;
    const ngrams = at32 + layout.ngrams;
    const probabilities = this.#probabilities;
    const known = this.#vocabulary.size;
    let sum = 0;
    let meanRecurrent = 0;
    let meanNgrams = 0;
    for (let symbol = 0; symbol < known; symbol++) {
      const a = logOf(f32[recurrent + symbol]!);
      const b = logOf(f32[ngrams + symbol]!);
      const share = shareOf(key, a, b);
      probabilities[symbol] = share;
      sum += share;
      meanRecurrent += share * a;
      meanNgrams += share * b;
    }
    for (let symbol = 0; symbol < known; symbol++) probabilities[symbol]! /= sum;
    f64[at64 + symbolNumber.sum] = sum;
    f64[at64 + symbolNumber.meanRecurrent] = meanRecurrent / sum;
    f64[at64 + symbolNumber.meanNgrams] = meanNgrams / sum;
    into.unseen[event] = probabilities[0]!;
    this.#writeLikeliest(known, into, event);
  }

  /** The pending distribution of a key: of each symbol that had its number when it was made. */
  distribution(key: SymbolKey): Map<string, number> {
    const made = key.f64[key.at64 + symbolNumber.made]!;
    const distribution = new Map<string, number>();
    for (let symbol = 1; symbol < this.#vocabulary.size; symbol++) {
      if (this.#vocabulary.sinceOf(symbol) > made) continue;
      distribution.set(this.#vocabulary.symbolOf(symbol), pendingOf(key, symbol));
    }
    return distribution;
  }

  #writeLikeliest(
    known: number,
    { width, next, nextProbability }: SymbolForecastColumns,
    event: number,
  ): void {
    const first = event * width;
    let found = 0;
    for (let symbol = 1; symbol < known; symbol++) {
      const probability = this.#probabilities[symbol]!;
      if (found === width && !(probability > nextProbability[first + width - 1]!)) continue;
      let place = first + (found < width ? found++ : width - 1);
      for (; place > first && probability > nextProbability[place - 1]!; place--) {
        nextProbability[place] = nextProbability[place - 1]!;
        next[place] = next[place - 1]!;
      }
      nextProbability[place] = probability;
      next[place] = this.#vocabulary.symbolOf(symbol);
    }
    for (let place = first + found; place < first + width; place++) {
      nextProbability[place] = 0;
      next[place] = "";
    }
  }
}

/** The probability of a symbol in the pending forecast of a key. */
function pendingOf(key: SymbolKey, symbol: number): number {
  const { f64, at64, f32, at32, layout } = key;
  const a = logOf(f32[at32 + layout.recurrent + symbol]!);
  const b = logOf(f32[at32 + layout.ngrams + symbol]!);
  return shareOf(key, a, b) / f64[at64 + symbolNumber.sum]!;
}

/** What a symbol weighs in the pending forecast of a key, by the logarithms of its two probabilities. */
function shareOf({ f64, at64 }: SymbolKey, logRecurrent: number, logNgrams: number): number {
  return exponential(
    f64[at64 + symbolNumber.recurrentWeight]! * logRecurrent +
      f64[at64 + symbolNumber.ngramsWeight]! * logNgrams,
  );
}

function logOf(probability: number): number {
  return logarithm(Math.max(probability, least));
}
