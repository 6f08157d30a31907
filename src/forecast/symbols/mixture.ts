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

/** Stands for the logarithm of zero. */
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
    // A symbol that was not in the vocabulary at the time of the forecast counted as one of the others.
    const then = this.#vocabulary.sinceOf(symbol) > f64[at64 + symbolNumber.made]! ? 0 : symbol;
    const recurrent = f32[at32 + layout.recurrent + then]!;
    const ngrams = f32[at32 + layout.ngrams + then]!;
    into.recurrent[event] = recurrent;
    into.ngrams[event] = ngrams;
    const [logRecurrent, logNgrams] = [logOf(recurrent), logOf(ngrams)];
    into.probability[event] = shareOf(key, logRecurrent, logNgrams) / f64[at64 + symbolNumber.sum]!;
    // The gradient of the loss: the expected logarithm minus the actual one.
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
    this.#write(into, event);
  }

  /**
   * Writes the likeliest symbols of a key's pending forecast to a row. A symbol that left the vocabulary since is left out:
   * another one has its number.
   */
  writePending(key: SymbolKey, into: SymbolForecastColumns, row: number): void {
    const made = key.f64[key.at64 + symbolNumber.made]!;
    const probabilities = this.#probabilities;
    for (let symbol = 0; symbol < this.#vocabulary.size; symbol++) {
      const isLater = symbol > 0 && this.#vocabulary.sinceOf(symbol) > made;
      probabilities[symbol] = isLater ? NaN : pendingOf(key, symbol);
    }
    this.#write(into, row);
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

  /** Writes the probabilities to a row; one that is NaN is left out. */
  #write({ width, unseen, next, nextProbability }: SymbolForecastColumns, row: number): void {
    unseen[row] = this.#probabilities[0]!;
    const first = row * width;
    let found = 0;
    for (let symbol = 1; symbol < this.#vocabulary.size; symbol++) {
      const probability = this.#probabilities[symbol]!;
      if (Number.isNaN(probability)) continue;
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

/** Returns a symbol's weight in the pending forecast of a key, from the logarithms of its two probabilities. */
function shareOf({ f64, at64 }: SymbolKey, logRecurrent: number, logNgrams: number): number {
  return exponential(
    f64[at64 + symbolNumber.recurrentWeight]! * logRecurrent +
      f64[at64 + symbolNumber.ngramsWeight]! * logNgrams,
  );
}

function logOf(probability: number): number {
  return logarithm(Math.max(probability, least));
}
