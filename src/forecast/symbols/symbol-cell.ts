/** The cell where events carry symbols: the engine it runs on, a key's past, and what the cell reads of it. */
import type { EngineFactory } from "../../engine/port.js";
import type { Cell } from "../learning/cell-reader.js";
import { number } from "../keys/row-layout.js";
import { rowsPerStep } from "../learning/cell-runner.js";
import type { Context } from "./ngrams.js";
import type { SymbolSettings } from "./settings.js";
import type { Vocabulary } from "./vocabulary.js";

/** Indices in a key's row of 64-bit numbers; the first two are where those of a key of values are. */
export const symbolNumber = {
  /** Events taken. */
  count: number.count,
  /** Event of the vocabulary with which the pending forecast was made: the time by which keys are old. */
  made: number.time,
  /** Of the pending forecast: the weights of its two parts, and the sum of what was weighted so over all symbols. */
  recurrentWeight: 5,
  ngramsWeight: 6,
  sum: 7,
  /** What it expects the logarithms of its parts' probabilities to be. */
  meanRecurrent: 8,
  meanNgrams: 9,
} as const;

const numbersPerKey = 10;

/** Offsets in a key's row of singles. */
export interface SymbolLayout {
  /**
   * Ring of the last symbols by their numbers, at the event's count modulo its length. One that was new has a minus: it
   * was still one of the others when it was to be forecast.
   */
  readonly ringLength: number;
  /** The pending distributions of the recurrent part and of the n-grams. */
  readonly recurrent: number;
  readonly ngrams: number;
  readonly size: number;
  /** Length of the row of numbers. */
  readonly numbers: number;
}

export function symbolLayout({ bpttSteps: window, order, maxSymbols }: SymbolSettings): SymbolLayout {
  const ringLength = Math.max(window + 1, order);
  return {
    ringLength,
    recurrent: ringLength,
    ngrams: ringLength + maxSymbols,
    size: ringLength + 2 * maxSymbols,
    numbers: numbersPerKey,
  };
}

/** The cell of the settings over the past that the layout has room for. */
export function symbolCell(settings: SymbolSettings, layout: SymbolLayout, factory: EngineFactory): Cell {
  const {
    cell,
    embedding: inputs,
    hidden,
    maxSymbols,
    bpttSteps: window,
    bpttWindows: windows,
    seed,
  } = settings;
  const { ringLength } = layout;
  const shape = {
    cell,
    inputs,
    hidden,
    skips: 0,
    symbols: maxSymbols,
    steps: window,
    windows,
    rows: rowsPerStep,
  };
  const at = (singles: Float32Array, row: number, index: number): number =>
    singles[row + (index % ringLength)]!;
  return {
    engine: factory(shape, seed),
    reader: {
      rowSize: ringLength,
      writeStep: (singles, row, count, buffers, place) => {
        buffers.symbols![place] = Math.abs(at(singles, row, count));
      },
      writeWindow: (singles, row, count, _, buffers, place) => {
        for (let k = 0; k < window; k++) {
          const index = count - window + k;
          const step = k * windows + place;
          buffers.symbols![step] = Math.abs(at(singles, row, index));
          buffers.targets[step] = Math.max(0, at(singles, row, index + 1));
          buffers.observed[step] = 1;
        }
      },
    },
  };
}

/** A key's last symbols as the context of n-grams: one object for all keys, and each call changes it. */
export class RingContext implements Context {
  length = 0;
  readonly #ringLength: number;
  readonly #vocabulary: Vocabulary;
  #singles: Float32Array = new Float32Array(0);
  #row = 0;
  #count = 0;

  constructor(ringLength: number, vocabulary: Vocabulary) {
    this.#ringLength = ringLength;
    this.#vocabulary = vocabulary;
  }

  /** The context after the key's first `count` events. */
  of(singles: Float32Array, row: number, count: number): this {
    this.#singles = singles;
    this.#row = row;
    this.#count = count;
    this.length = Math.min(count, this.#ringLength);
    return this;
  }

  /** The event with which the symbol got its number: never the same for two. */
  at(age: number): number {
    const place = this.#row + ((this.#count - 1 - age) % this.#ringLength);
    return this.#vocabulary.sinceOf(Math.abs(this.#singles[place]!));
  }
}
