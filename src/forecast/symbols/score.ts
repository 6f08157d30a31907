/** How well symbols were forecast: by the logarithmic loss in bits, the perplexity, and how often the likeliest came. */

export class SymbolScore {
  scored = 0;
  hits = 0;
  #bits = 0;

  /** Takes the probability that a symbol was given; NaN without a forecast. */
  add(probability: number, hit = false): void {
    if (Number.isNaN(probability)) return;
    this.scored++;
    this.#bits -= Math.log2(probability);
    if (hit) this.hits++;
  }

  addAll(other: SymbolScore): void {
    this.scored += other.scored;
    this.hits += other.hits;
    this.#bits += other.#bits;
  }

  /** Mean of -log2 of the probabilities; NaN if nothing was scored. */
  get bits(): number {
    return this.#bits / this.scored;
  }

  /** Two to the mean bits: as many symbols, all as likely, would be as hard to forecast. */
  get perplexity(): number {
    return 2 ** this.bits;
  }

  /** Share of the symbols that had been the likeliest. */
  get accuracy(): number {
    return this.hits / this.scored;
  }
}
