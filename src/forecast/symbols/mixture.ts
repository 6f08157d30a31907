/**
 * The forecast of a key's next symbol as the weighted geometric mean of two distributions, its weights learned by
 * online gradient descent on the logarithmic loss (Mattern, 2012): convex, so in the long run no worse than either.
 */
import { exponential, logarithm } from "../elementary.js";
import type { KeyTable } from "../keys/key-table.js";
import type { SymbolForecastColumns } from "./columns.js";
import { symbolNumber, type SymbolLayout } from "./symbol-cell.js";
import type { Vocabulary } from "./vocabulary.js";

/** Step size of the weights. */
const rate = 0.005;

/** What is taken for the logarithm of nothing. */
const least = 1e-30;

export class SymbolMixture {
  /** Weights of the recurrent part and of the n-grams, for all keys. */
  readonly weights = Float64Array.of(0.3, 0.8);
  readonly #layout: SymbolLayout;
  readonly #vocabulary: Vocabulary;
  readonly #probabilities: Float64Array;

  constructor(layout: SymbolLayout, vocabulary: Vocabulary, symbols: number) {
    this.#layout = layout;
    this.#vocabulary = vocabulary;
    this.#probabilities = new Float64Array(symbols);
  }

  /** Scores a symbol that has just been seen against the key's pending forecast, and learns from it. */
  score(keys: KeyTable, slot: number, symbol: number, into: SymbolForecastColumns, event: number): void {
    const { numbers, singles } = keys;
    const at = slot * keys.numbersPerKey;
    const row = slot * keys.singlesPerKey;
    // What was not in the vocabulary when the forecast was made was one of the others then.
    const then = this.#vocabulary.sinceOf(symbol) > numbers[at + symbolNumber.made]! ? 0 : symbol;
    const recurrent = singles[row + this.#layout.recurrent + then]!;
    const ngrams = singles[row + this.#layout.ngrams + then]!;
    into.recurrent[event] = recurrent;
    into.ngrams[event] = ngrams;
    const [logRecurrent, logNgrams] = [logOf(recurrent), logOf(ngrams)];
    into.probability[event] = shareOf(numbers, at, logRecurrent, logNgrams) / numbers[at + symbolNumber.sum]!;
    // The gradient of the loss: what was expected of the logarithm less what it was.
    const { weights } = this;
    weights[0]! += rate * (logRecurrent - numbers[at + symbolNumber.meanRecurrent]!);
    weights[1]! += rate * (logNgrams - numbers[at + symbolNumber.meanNgrams]!);
  }

  /** Keeps the weights of the forecast that an event begins: later events move them before the cell has stepped. */
  begin({ numbers, numbersPerKey }: KeyTable, slot: number): void {
    numbers[slot * numbersPerKey + symbolNumber.recurrentWeight] = this.weights[0]!;
    numbers[slot * numbersPerKey + symbolNumber.ngramsWeight] = this.weights[1]!;
  }

  /** Mixes the key's two distributions to its pending forecast, and writes the likeliest symbols. */
  forecast(keys: KeyTable, slot: number, into: SymbolForecastColumns, event: number): void {
    const { numbers, singles } = keys;
    const at = slot * keys.numbersPerKey;
    const recurrent = slot * keys.singlesPerKey + this.#layout.recurrent;
    const ngrams = slot * keys.singlesPerKey + this.#layout.ngrams;
    const probabilities = this.#probabilities;
    const known = this.#vocabulary.size;
    let sum = 0;
    let meanRecurrent = 0;
    let meanNgrams = 0;
    for (let symbol = 0; symbol < known; symbol++) {
      const a = logOf(singles[recurrent + symbol]!);
      const b = logOf(singles[ngrams + symbol]!);
      const share = shareOf(numbers, at, a, b);
      probabilities[symbol] = share;
      sum += share;
      meanRecurrent += share * a;
      meanNgrams += share * b;
    }
    for (let symbol = 0; symbol < known; symbol++) probabilities[symbol]! /= sum;
    numbers[at + symbolNumber.sum] = sum;
    numbers[at + symbolNumber.meanRecurrent] = meanRecurrent / sum;
    numbers[at + symbolNumber.meanNgrams] = meanNgrams / sum;
    into.unseen[event] = probabilities[0]!;
    this.#writeLikeliest(known, into, event);
  }

  /** The pending distribution of a key: of each symbol that had its number when it was made. */
  distribution(keys: KeyTable, slot: number): Map<string, number> {
    const made = keys.numbers[slot * keys.numbersPerKey + symbolNumber.made]!;
    const distribution = new Map<string, number>();
    for (let symbol = 1; symbol < this.#vocabulary.size; symbol++) {
      if (this.#vocabulary.sinceOf(symbol) > made) continue;
      distribution.set(this.#vocabulary.symbolOf(symbol), this.#pending(keys, slot, symbol));
    }
    return distribution;
  }

  #pending(
    { numbers, numbersPerKey, singles, singlesPerKey }: KeyTable,
    slot: number,
    symbol: number,
  ): number {
    const at = slot * numbersPerKey;
    const row = slot * singlesPerKey;
    const a = logOf(singles[row + this.#layout.recurrent + symbol]!);
    const b = logOf(singles[row + this.#layout.ngrams + symbol]!);
    return shareOf(numbers, at, a, b) / numbers[at + symbolNumber.sum]!;
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

/** What a symbol weighs in the pending forecast of a key, by the logarithms of its two probabilities. */
function shareOf(numbers: Float64Array, at: number, logRecurrent: number, logNgrams: number): number {
  return exponential(
    numbers[at + symbolNumber.recurrentWeight]! * logRecurrent +
      numbers[at + symbolNumber.ngramsWeight]! * logNgrams,
  );
}

function logOf(probability: number): number {
  return logarithm(Math.max(probability, least));
}
