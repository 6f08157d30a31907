/** The cell for symbols: its engine, a key's past, and the cell's inputs. */
import { randomWeights } from "../settings.js";
import type { EngineFactory } from "../../engine/port.js";
import type { Cell } from "../learning/cell-reader.js";
import { number } from "../keys/layout.js";
import type { SinglesRow } from "../keys/row.js";
import { rowsPerStep } from "../../engine/stepped-rows.js";
import type { Context } from "./ngrams.js";
import type { SymbolSettings } from "./settings.js";
import type { Vocabulary } from "./vocabulary.js";

/** Indices in a key's row of 64-bit numbers; the first two are where those of a key of values are. */
export const symbolNumber = {
  /** Events taken. */
  count: number.count,
  /** Updates of the weights before the pending forecast, plus one; 0 while unknown. */
  version: 3,
  /** Event of the vocabulary with which the pending forecast was made: the time by which keys are old. */
  made: number.time,
  /** Of the pending forecast: the weights of its two parts, and the sum of the weighted probabilities over all symbols. */
  recurrentWeight: 5,
  ngramsWeight: 6,
  sum: 7,
  /** Expected logarithms of its parts' probabilities. */
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
  /** Lengths of the two rows. */
  readonly f32Size: number;
  readonly f64Size: number;
}

export function symbolLayout({
  bpttSteps: window,
  order,
  maxSymbols: symbols,
}: SymbolSettings): SymbolLayout {
  const ringLength = Math.max(window + 1, order);
  return {
    ringLength,
    recurrent: ringLength,
    ngrams: ringLength + symbols,
    f32Size: ringLength + 2 * symbols,
    f64Size: numbersPerKey,
  };
}

/** The cell of the settings over the past that the layout has room for. */
export function symbolCell(settings: SymbolSettings, layout: SymbolLayout, factory: EngineFactory): Cell {
  const { cell, embedding: inputs, hidden, maxSymbols: symbols, bpttSteps, bpttWindows, seed } = settings;
  const { ringLength } = layout;
  const shape = { cell, inputs, hidden, skips: 0, symbols, bpttSteps, bpttWindows, rows: rowsPerStep };
  const at = ({ f32, at32 }: SinglesRow, index: number): number => f32[at32 + (index % ringLength)]!;
  return {
    engine: factory(shape, seed),
    initial: randomWeights,
    reader: {
      rowSize: ringLength,
      writeStep: (row, count, buffers, place) => {
        buffers.symbols![place] = Math.abs(at(row, count));
      },
      writeWindow: (row, { count }, buffers, place) => {
        for (let k = 0; k < bpttSteps; k++) {
          const index = count - bpttSteps + k;
          const step = k * bpttWindows + place;
          buffers.symbols![step] = Math.abs(at(row, index));
          buffers.targets[step] = Math.max(0, at(row, index + 1));
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
  #row: SinglesRow = { f32: new Float32Array(0), at32: 0 };
  #count = 0;

  constructor(ringLength: number, vocabulary: Vocabulary) {
    this.#ringLength = ringLength;
    this.#vocabulary = vocabulary;
  }

  /** The context after the key's first `count` events. */
  of(row: SinglesRow, count: number): this {
    this.#row = row;
    this.#count = count;
    this.length = Math.min(count, this.#ringLength);
    return this;
  }

  /** The event with which the symbol got its number: never the same for two. */
  at(age: number): number {
    const { f32, at32 } = this.#row;
    const place = at32 + ((this.#count - 1 - age) % this.#ringLength);
    return this.#vocabulary.sinceOf(Math.abs(f32[place]!));
  }
}
