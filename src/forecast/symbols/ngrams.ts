/**
 * Counts of n-grams, learned online and bounded: the distribution of the next symbol by interpolated Kneser-Ney
 * smoothing (Kneser & Ney, 1995; Chen & Goodman, 1999, section 2.7), the discounts from the counts of counts (Ney, Essen
 * & Kneser, 1994). A lower order counts a symbol only where the next higher one had not seen it in its context: the
 * continuation counts of Kneser and Ney, and the update exclusion of PPM (Cleary & Witten, 1984).
 */

/** The context: the numbers of a key's last symbols, the latest first. */
export interface Context {
  readonly length: number;
  /** Identifies the symbol `age` places back: another number for another symbol. */
  at(age: number): number;
}

const none = -1;

export class Ngrams {
  /** Longest context, in symbols. */
  readonly order: number;
  readonly #capacity: number;
  /** Open addressing by the context's hash; a context without symbols is a free place. */
  readonly #hashes: Int32Array;
  readonly #first: Int32Array;
  readonly #totals: Float64Array;
  readonly #kinds: Int32Array;
  readonly #orders: Uint8Array;
  /** An entry for each n-gram: the symbol after a context, how often, and the next entry of that context. */
  readonly #symbols: Int32Array;
  readonly #stamps: Int32Array;
  readonly #counts: Int32Array;
  readonly #next: Int32Array;
  #entries = 0;
  /** For each order, n-grams that came once and twice. */
  readonly #once: Float64Array;
  readonly #twice: Float64Array;
  /** Hashes of the contexts of an event, by their length. */
  readonly #contexts: Int32Array;

  /** Numbers of an n-gram in a snapshot. */
  static readonly entrySize = 6;

  /** Returns the stamp of the symbol that a number stands for now. */
  readonly #stampOf: (symbol: number) => number;

  /**
   * Counts at most `capacity` n-grams, in contexts of up to `order` symbols. The stamp of a number changes when the number
   * stands for another symbol: earlier counts of the number no longer enter a forecast.
   */
  constructor(order: number, capacity: number, stampOf: (symbol: number) => number) {
    this.order = order;
    this.#stampOf = stampOf;
    this.#capacity = capacity;
    const places = 2 ** Math.ceil(Math.log2(2 * capacity));
    this.#hashes = new Int32Array(2 * places);
    this.#first = new Int32Array(places).fill(none);
    this.#totals = new Float64Array(places);
    this.#kinds = new Int32Array(places);
    this.#orders = new Uint8Array(places);
    this.#symbols = new Int32Array(capacity);
    this.#stamps = new Int32Array(capacity);
    this.#counts = new Int32Array(capacity);
    this.#next = new Int32Array(capacity);
    this.#once = new Float64Array(order + 1);
    this.#twice = new Float64Array(order + 1);
    this.#contexts = new Int32Array(2 * (order + 1));
  }

  /** Whether a state from a snapshot is one of contexts of up to `order` symbols, with numbers below `symbols`. */
  static fits(state: Float64Array, order: number, symbols: number): boolean {
    const { entrySize } = Ngrams;
    if (state.length % entrySize !== 0 || !state.every((value) => Number.isInteger(value))) return false;
    for (let at = 0; at < state.length; at += entrySize) {
      const length = state[at]!;
      const symbol = state[at + 3]!;
      if (length < 0 || length > order || symbol < 0 || symbol >= symbols || state[at + 5]! < 1) return false;
      // Both words of the hash, the stamp and the count are 32 bits wide.
      for (const place of [1, 2, 4, 5]) if (state[at + place] !== (state[at + place]! | 0)) return false;
    }
    return true;
  }

  get bytes(): number {
    return 25 * this.#first.length + 16 * this.#capacity;
  }

  /** N-grams that are counted now. */
  get size(): number {
    return this.#entries;
  }

  /** Counts a symbol after its context. */
  learn(context: Context, symbol: number): void {
    if (this.#entries + this.order + 1 > this.#capacity) this.#halve();
    for (let order = this.#hash(context); order >= 0; order--) {
      const place = this.#placeOf(order, true);
      this.#orders[place] = order;
      if (!this.#count(place, symbol)) return;
    }
  }

  /** Writes the probabilities of the symbols 0 to `known` - 1 after a context. They sum to 1, up to rounding. */
  distribution(context: Context, known: number, into: Float32Array, at: number): void {
    const longest = this.#hash(context);
    // What each order leaves to the lower ones: `rest` is the product of those above.
    let rest = 1;
    for (let i = 0; i < known; i++) into[at + i] = 0;
    for (let order = longest; order >= 0; order--) {
      const place = this.#placeOf(order, false);
      if (place === none) continue;
      const discount = this.#discount(order);
      const total = this.#totals[place]!;
      const scale = rest / total;
      // Sums of integers, which are the same in any order: a snapshot does not keep that of the entries.
      let counted = 0;
      let kinds = 0;
      for (let entry = this.#first[place]!; entry !== none; entry = this.#next[entry]!) {
        const symbol = this.#symbols[entry]!;
        if (this.#isStale(entry, symbol)) continue;
        into[at + symbol] = into[at + symbol]! + scale * (this.#counts[entry]! - discount);
        counted += this.#counts[entry]!;
        kinds++;
      }
      rest *= (total - counted + discount * kinds) / total;
    }
    const share = rest / known;
    for (let i = 0; i < known; i++) into[at + i] = into[at + i]! + share;
  }

  /** The counts for a snapshot: order, two words of hash, symbol, stamp and count of each n-gram. */
  read(): Float64Array {
    const state = new Float64Array(Ngrams.entrySize * this.#entries);
    let at = 0;
    for (let place = 0; place < this.#first.length; place++) {
      for (let entry = this.#first[place]!; entry !== none; entry = this.#next[entry]!) {
        state.set(
          [
            this.#orders[place]!,
            this.#hashes[2 * place]!,
            this.#hashes[2 * place + 1]!,
            this.#symbols[entry]!,
            this.#stamps[entry]!,
            this.#counts[entry]!,
          ],
          at,
        );
        at += Ngrams.entrySize;
      }
    }
    return state;
  }

  /** Takes over what `read` gave of as many orders and no more n-grams than there is room for. */
  write(state: Float64Array): void {
    this.#clear();
    for (let at = 0; at < state.length; at += Ngrams.entrySize) {
      const place = this.#place(state[at + 1]!, state[at + 2]!, true);
      this.#orders[place] = state[at]!;
      this.#add(place, state[at + 3]!, state[at + 4]!, state[at + 5]!);
    }
  }

  /** Hashes the contexts of all lengths; returns the longest. */
  #hash(context: Context): number {
    const longest = Math.min(this.order, context.length);
    let low = 0;
    let high = 0;
    for (let order = 0; order <= longest; order++) {
      if (order > 0) {
        const symbol = context.at(order - 1);
        low = mix(low ^ symbol, 0x85ebca6b);
        high = mix((high + symbol) | 0, 0xc2b2ae35);
      }
      // The length is part of the hash: a short context is not the start of a long one.
      this.#contexts[2 * order] = low ^ order;
      this.#contexts[2 * order + 1] = high;
    }
    return longest;
  }

  /** Returns the place of an order's context, once hashed; `none` if it was never seen, or a free place to take. */
  #placeOf(order: number, take: boolean): number {
    return this.#place(this.#contexts[2 * order]!, this.#contexts[2 * order + 1]!, take);
  }

  #place(low: number, high: number, take: boolean): number {
    const mask = this.#first.length - 1;
    for (let place = mix(low, high) & mask; ; place = (place + 1) & mask) {
      if (this.#kinds[place] === 0) {
        if (!take) return none;
        this.#hashes[2 * place] = low;
        this.#hashes[2 * place + 1] = high;
        return place;
      }
      if (this.#hashes[2 * place] === low && this.#hashes[2 * place + 1] === high) return place;
    }
  }

  /** Counts a symbol in a context; whether it is new there. */
  #count(place: number, symbol: number): boolean {
    const order = this.#orders[place]!;
    for (let entry = this.#first[place]!; entry !== none; entry = this.#next[entry]!) {
      if (this.#symbols[entry] !== symbol || this.#isStale(entry, symbol)) continue;
      const count = ++this.#counts[entry]!;
      this.#totals[place]!++;
      this.#tally(order, count - 1, -1);
      this.#tally(order, count, 1);
      return false;
    }
    this.#add(place, symbol, this.#stampOf(symbol) | 0, 1);
    return true;
  }

  #isStale(entry: number, symbol: number): boolean {
    return this.#stamps[entry] !== (this.#stampOf(symbol) | 0);
  }

  #add(place: number, symbol: number, stamp: number, count: number): void {
    const entry = this.#entries++;
    this.#symbols[entry] = symbol;
    this.#stamps[entry] = stamp;
    this.#counts[entry] = count;
    this.#next[entry] = this.#first[place]!;
    this.#first[place] = entry;
    this.#kinds[place]!++;
    this.#totals[place]! += count;
    this.#tally(this.#orders[place]!, count, 1);
  }

  #tally(order: number, count: number, by: number): void {
    if (count === 1) this.#once[order]! += by;
    else if (count === 2) this.#twice[order]! += by;
  }

  /** Discount between 0 and 1, taken off each count of an order for unseen symbols. */
  #discount(order: number): number {
    // One of each more than there are keeps it inside for an order that has hardly been seen.
    const once = this.#once[order]! + 1;
    return once / (once + 2 * (this.#twice[order]! + 1));
  }

  /** Halves all counts and drops stale and rare ones until an eighth is free, so that the next time is far off. */
  #halve(): void {
    do {
      const state = this.read();
      let length = 0;
      for (let at = 0; at < state.length; at += Ngrams.entrySize) {
        const [symbol, stamp, count] = [state[at + 3]!, state[at + 4]!, state[at + 5]! >> 1];
        if (count === 0 || stamp !== (this.#stampOf(symbol) | 0)) continue;
        state.copyWithin(length, at, at + 5);
        state[length + 5] = count;
        length += Ngrams.entrySize;
      }
      this.write(state.subarray(0, length));
    } while (8 * this.#entries > 7 * this.#capacity);
  }

  #clear(): void {
    this.#first.fill(none);
    this.#totals.fill(0);
    this.#kinds.fill(0);
    this.#once.fill(0);
    this.#twice.fill(0);
    this.#entries = 0;
  }
}

/** Mixes a hash: the finaliser of MurmurHash3 with another constant. */
function mix(value: number, by: number): number {
  let hash = Math.imul(value ^ (value >>> 16), 0x9e3779b1 ^ by);
  hash = Math.imul(hash ^ (hash >>> 13), 0x85ebca6b);
  return hash ^ (hash >>> 16);
}
