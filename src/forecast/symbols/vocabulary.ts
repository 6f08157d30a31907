/**
 * The bounded vocabulary: a number for each distinct symbol. Number 0 stands for all others. When it is full, a recurring
 * symbol replaces the one that has been absent for longest.
 */

/** Times that a symbol must have come since another was last seen to take its place. */
const sightings = 3;

/** A symbol outside the vocabulary: how often it came since when, in events. */
interface Candidate {
  readonly symbol: string;
  count: number;
  since: number;
}

/** The vocabulary for a snapshot; arrays are in the order of the numbers, candidates from the longest absent. */
export interface VocabularyState {
  readonly events: number;
  readonly symbols: readonly string[];
  readonly since: Float64Array;
  readonly seen: Float64Array;
  readonly candidates: readonly Readonly<Candidate>[];
}

export class Vocabulary {
  /** Symbols seen so far, this one included, known or not. */
  events = 0;
  readonly #numbers = new Map<string, number>();
  readonly #symbols: string[] = [""];
  /** Event with which a number got its symbol, and that of its last sighting. */
  readonly #since: Float64Array;
  readonly #seen: Float64Array;
  /** In order of their last sighting; at most as many as the vocabulary has places. */
  readonly #candidates = new Map<string, Candidate>();

  /** Of `capacity` numbers, 0 included. */
  constructor(capacity: number) {
    this.#since = new Float64Array(capacity);
    this.#seen = new Float64Array(capacity);
  }

  /** Whether a state from a snapshot is one that a vocabulary of `capacity` numbers can have. */
  static fits({ events, symbols, since, seen, candidates }: VocabularyState, capacity: number): boolean {
    const isPast = (event: number): boolean => Number.isSafeInteger(event) && event >= 0 && event <= events;
    const texts = [...symbols, ...candidates.map(({ symbol }) => symbol)];
    return (
      isPast(events) &&
      symbols.length < capacity &&
      candidates.length <= capacity &&
      new Set(texts).size === texts.length &&
      [since, seen].every((times) => times.length === symbols.length + 1 && times.every(isPast)) &&
      candidates.every(({ since }) => isPast(since))
    );
  }

  /** Numbers given so far, 0 included. */
  get size(): number {
    return this.#symbols.length;
  }

  /** The symbol of a number from 1 on. */
  symbolOf(number: number): string {
    return this.#symbols[number]!;
  }

  /** The event with which a number got the symbol it has. */
  sinceOf(number: number): number {
    return this.#since[number]!;
  }

  /** Whether a symbol just seen got its number by that sighting. */
  isNew(number: number): boolean {
    return number !== 0 && this.#since[number] === this.events;
  }

  /** Returns whether the next event gives this symbol a number, which another symbol may lose. */
  changesWith(symbol: string): boolean {
    if (this.#numbers.has(symbol)) return false;
    if (this.size < this.#since.length) return true;
    const candidate = this.#candidates.get(symbol);
    return candidate !== undefined && this.#replaces(candidate.count + 1, candidate.since);
  }

  /** Returns the number of the next event's symbol; 0 if it has none. */
  see(symbol: string): number {
    this.events++;
    const number = this.#numbers.get(symbol) ?? this.#admit(symbol);
    this.#seen[number] = this.events;
    return number;
  }

  read(): VocabularyState {
    return {
      events: this.events,
      symbols: this.#symbols.slice(1),
      since: this.#since.slice(0, this.size),
      seen: this.#seen.slice(0, this.size),
      candidates: [...this.#candidates.values()].map((candidate) => ({ ...candidate })),
    };
  }

  /** Takes over a state with no more symbols than there are places. */
  write(state: VocabularyState): void {
    this.events = state.events;
    this.#numbers.clear();
    this.#symbols.length = 1;
    for (const symbol of state.symbols) {
      this.#numbers.set(symbol, this.#symbols.length);
      this.#symbols.push(symbol);
    }
    this.#since.set(state.since);
    this.#seen.set(state.seen);
    this.#candidates.clear();
    for (const candidate of state.candidates) this.#candidates.set(candidate.symbol, { ...candidate });
  }

  #admit(symbol: string): number {
    if (this.size < this.#since.length) return this.#give(this.size, symbol);
    const candidate = this.#candidates.get(symbol) ?? { symbol, count: 0, since: this.events };
    candidate.count++;
    this.#candidates.delete(symbol);
    if (candidate.count >= sightings) {
      if (this.#replaces(candidate.count, candidate.since)) return this.#give(this.#oldest(), symbol);
      candidate.count = 1;
      candidate.since = this.events;
    }
    this.#candidates.set(symbol, candidate);
    if (this.#candidates.size > this.#since.length) {
      this.#candidates.delete(this.#candidates.keys().next().value!);
    }
    return 0;
  }

  /** Whether a candidate that came so often since an event takes the place of a symbol. */
  #replaces(count: number, since: number): boolean {
    return count >= sightings && this.#seen[this.#oldest()]! < since;
  }

  #give(number: number, symbol: string): number {
    if (number < this.size) this.#numbers.delete(this.#symbols[number]!);
    this.#symbols[number] = symbol;
    this.#numbers.set(symbol, number);
    this.#since[number] = this.events;
    return number;
  }

  /** The number whose symbol has been away for longest. */
  #oldest(): number {
    let oldest = 1;
    for (let number = 2; number < this.size; number++) {
      if (this.#seen[number]! < this.#seen[oldest]!) oldest = number;
    }
    return oldest;
  }
}
