/** Baseline from symbol frequencies, without their order. */
import { Ngrams, type Context } from "./ngrams.js";
import { Vocabulary } from "./vocabulary.js";

const noContext: Context = { length: 0, at: () => 0 };

/** Forecasts the next symbol, whatever its key, from the counts of all before; with the same bounded vocabulary. */
export class Unigram {
  readonly #vocabulary: Vocabulary;
  readonly #counts: Ngrams;
  readonly #distribution: Float32Array;

  constructor(symbols: number) {
    this.#vocabulary = new Vocabulary(symbols);
    this.#counts = new Ngrams(0, 2 * symbols, (number) => this.#vocabulary.sinceOf(number));
    this.#distribution = new Float32Array(symbols);
  }

  /** The probability that a symbol had been given, before it is counted. */
  observe(symbol: string): number {
    const { size } = this.#vocabulary;
    this.#counts.distribution(noContext, size, this.#distribution, 0);
    const number = this.#vocabulary.see(symbol);
    const isNew = this.#vocabulary.isNew(number);
    const counted = isNew ? 0 : number;
    this.#counts.learn(noContext, counted);
    return this.#distribution[counted]!;
  }
}
