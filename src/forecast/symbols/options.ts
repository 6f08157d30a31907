/** Declares the settings of a symbol forecaster. Made from the schema by `npm run generate`. */

import type { Shape } from "../schema/shape.js";

/** Complete settings of a symbol forecaster. */
export interface SymbolSettings {
  /** Kind of forecaster: events carry symbols, not numbers. Default: "symbol". */
  readonly kind: "symbol";
  /** Recurrent cell that encodes a key's sequence of symbols. Default: "lstm". */
  readonly cell: "rnn" | "gru" | "lstm";
  /** Size of the hidden state, in units. Whole number from 4 to 256, a multiple of 4. Default: 64. */
  readonly hidden: number;
  /**
   * Size of a symbol's embedding vector, a multiple of 4. Whole number from 4 to 256, a multiple of 4. Default:
   * 32.
   */
  readonly embedding: number;
  /**
   * Size of the vocabulary in symbols, a multiple of 4. One entry stands for every symbol outside the
   * vocabulary. Whole number from 4 to 4096, a multiple of 4. Default: 256.
   */
  readonly maxSymbols: number;
  /**
   * Longest context of the n-gram counts, in symbols. 0 counts single symbols only. Whole number from 0 to 8.
   * Default: 5.
   */
  readonly order: number;
  /**
   * Largest number of counted n-grams. At the limit, all counts are halved and rare n-grams are dropped. Whole
   * number from 1024 to 4194304. Default: 262144.
   */
  readonly maxNgrams: number;
  /**
   * Seed of random initial weights, the only source of randomness. Whole number from 0 to 4294967295. Default:
   * 1.
   */
  readonly seed: number;
  /** Whole number from 2 to 128. Default: 32. */
  readonly bpttSteps: number;
  /** Whole number from 1 to 128. Default: 16. */
  readonly stride: number;
  /**
   * Largest number of training windows per weight update, each of a different key. With few keys, an update
   * takes a quarter of the number of keys. Whole number from 1 to 256. Default: 16.
   */
  readonly bpttWindows: number;
  /** Number above 0, up to 1. Default: 0.002. */
  readonly learningRate: number;
  /**
   * Factor on the learning rate at the first update. It decays to 1; see learningBoostUpdates. Number from 1 to
   * 100. Default: 3.
   */
  readonly learningBoost: number;
  /** Weight updates in which the boost's excess over 1 decays to 1/e. Number of at least 1. Default: 2000. */
  readonly learningBoostUpdates: number;
  /**
   * Largest global gradient norm. Larger gradients are scaled down to this norm. Number above 0, up to
   * 1000000000000000. Default: 1.
   */
  readonly maxGradientNorm: number;
  /**
   * Largest number of keys in a state (one state per partition). At the limit, a new key evicts the 1/64 of the
   * keys with the oldest last events. 0: no limit. Whole number of at least 0. Default: 0.
   */
  readonly maxKeys: number;
}

/** Options of a symbol forecaster. Omitted options have their default. */
export interface SymbolForecasterOptions {
  /** Kind of forecaster: events carry symbols, not numbers. Default: "symbol". */
  readonly kind?: "symbol" | undefined;
  /** Recurrent cell that encodes a key's sequence of symbols. Default: "lstm". */
  readonly cell?: "rnn" | "gru" | "lstm" | undefined;
  /** Size of the hidden state, in units. Whole number from 4 to 256, a multiple of 4. Default: 64. */
  readonly hidden?: number | undefined;
  /**
   * Size of a symbol's embedding vector, a multiple of 4. Whole number from 4 to 256, a multiple of 4. Default:
   * 32.
   */
  readonly embedding?: number | undefined;
  /**
   * Size of the vocabulary in symbols, a multiple of 4. One entry stands for every symbol outside the
   * vocabulary. Whole number from 4 to 4096, a multiple of 4. Default: 256.
   */
  readonly maxSymbols?: number | undefined;
  /**
   * Longest context of the n-gram counts, in symbols. 0 counts single symbols only. Whole number from 0 to 8.
   * Default: 5.
   */
  readonly order?: number | undefined;
  /**
   * Largest number of counted n-grams. At the limit, all counts are halved and rare n-grams are dropped. Whole
   * number from 1024 to 4194304. Default: 262144.
   */
  readonly maxNgrams?: number | undefined;
  /**
   * Seed of random initial weights, the only source of randomness. Whole number from 0 to 4294967295. Default:
   * 1.
   */
  readonly seed?: number | undefined;
  /** Whole number from 2 to 128. Default: 32. */
  readonly bpttSteps?: number | undefined;
  /** Whole number from 1 to 128. Default: 16. */
  readonly stride?: number | undefined;
  /**
   * Largest number of training windows per weight update, each of a different key. With few keys, an update
   * takes a quarter of the number of keys. Whole number from 1 to 256. Default: 16.
   */
  readonly bpttWindows?: number | undefined;
  /** Number above 0, up to 1. Default: 0.002. */
  readonly learningRate?: number | undefined;
  /**
   * Factor on the learning rate at the first update. It decays to 1; see learningBoostUpdates. Number from 1 to
   * 100. Default: 3.
   */
  readonly learningBoost?: number | undefined;
  /** Weight updates in which the boost's excess over 1 decays to 1/e. Number of at least 1. Default: 2000. */
  readonly learningBoostUpdates?: number | undefined;
  /**
   * Largest global gradient norm. Larger gradients are scaled down to this norm. Number above 0, up to
   * 1000000000000000. Default: 1.
   */
  readonly maxGradientNorm?: number | undefined;
  /**
   * Largest number of keys in a state (one state per partition). At the limit, a new key evicts the 1/64 of the
   * keys with the oldest last events. 0: no limit. Whole number of at least 0. Default: 0.
   */
  readonly maxKeys?: number | undefined;
}

/** What each setting takes, in words. */
export const symbolRanges: Readonly<Record<string, string>> = {
  kind: "text",
  cell: "rnn | gru | lstm",
  hidden: "whole number from 4 to 256, a multiple of 4",
  embedding: "whole number from 4 to 256, a multiple of 4",
  maxSymbols: "whole number from 4 to 4096, a multiple of 4",
  order: "whole number from 0 to 8",
  maxNgrams: "whole number from 1024 to 4194304",
  seed: "whole number from 0 to 4294967295",
  bpttSteps: "whole number from 2 to 128",
  stride: "whole number from 1 to 128",
  bpttWindows: "whole number from 1 to 256",
  learningRate: "number above 0, up to 1",
  learningBoost: "number from 1 to 100",
  learningBoostUpdates: "number of at least 1",
  maxGradientNorm: "number above 0, up to 1000000000000000",
  maxKeys: "whole number of at least 0",
};

/** What the settings are checked by. */
export const symbolShape: Shape = {
  type: "object",
  members: {
    kind: { type: "choice", values: ["symbol"], default: "symbol" },
    cell: { type: "choice", values: ["rnn", "gru", "lstm"], default: "lstm" },
    hidden: { type: "number", isWhole: true, min: 4, max: 256, multipleOf: 4, default: 64 },
    embedding: { type: "number", isWhole: true, min: 4, max: 256, multipleOf: 4, default: 32 },
    maxSymbols: { type: "number", isWhole: true, min: 4, max: 4096, multipleOf: 4, default: 256 },
    order: { type: "number", isWhole: true, min: 0, max: 8, default: 5 },
    maxNgrams: { type: "number", isWhole: true, min: 1024, max: 4194304, default: 262144 },
    seed: { type: "number", isWhole: true, min: 0, max: 4294967295, default: 1 },
    bpttSteps: { type: "number", isWhole: true, min: 2, max: 128, default: 32 },
    stride: { type: "number", isWhole: true, min: 1, max: 128, default: 16 },
    bpttWindows: { type: "number", isWhole: true, min: 1, max: 256, default: 16 },
    learningRate: { type: "number", above: 0, max: 1, default: 0.002 },
    learningBoost: { type: "number", min: 1, max: 100, default: 3 },
    learningBoostUpdates: { type: "number", min: 1, default: 2000 },
    maxGradientNorm: { type: "number", above: 0, max: 1000000000000000, default: 1 },
    maxKeys: { type: "number", isWhole: true, min: 0, default: 0 },
  },
};
