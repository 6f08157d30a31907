/**
 * Sizes of the errors of every step, from those of the blocks: each block follows the mean squared error of its steps, each
 * divided by its step, and between the middles of two blocks that is interpolated, in the logarithm of the step.
 */
import { logarithm } from "../elementary.js";
import type { StepBlock } from "./blocks.js";

/** Beyond the middle of the last block, what is extrapolated is at least this share of the last block's. */
const leastShare = 0.5;

export class StepSizes {
  /** By step: its block, the block that it is interpolated with, and the weight of that. */
  readonly blockOf: Int32Array;
  readonly #other: Int32Array;
  readonly #weights: Float64Array;

  constructor(blocks: readonly StepBlock[]) {
    const middles = blocks.map(({ first, last }) => logarithm(Math.sqrt(first * last)));
    const steps = (blocks.at(-1)?.last ?? 1) + 1;
    this.blockOf = new Int32Array(steps);
    this.#other = new Int32Array(steps);
    this.#weights = new Float64Array(steps);
    for (const { index, first, last } of blocks) {
      for (let step = first; step <= last; step++) {
        const above = logarithm(step) - middles[index]!;
        const isOutside = index === 0 ? above <= 0 : index === blocks.length - 1 && above > 0;
        const side = above > 0 !== isOutside ? 1 : -1;
        const other = Math.min(Math.max(index + side, 0), blocks.length - 1);
        this.blockOf[step] = index;
        this.#other[step] = other;
        if (other !== index) this.#weights[step] = above / (middles[other]! - middles[index]!);
      }
    }
  }

  /** The mean squared error of a step, from those of the blocks by step at `at`; of blocks that are unknown it is 0. */
  squareOf(step: number, f64: Float64Array, at: number): number {
    const own = f64[at + this.blockOf[step]!]!;
    const other = f64[at + this.#other[step]!]!;
    if (other === 0) return step * own;
    return step * Math.max(own + this.#weights[step]! * (other - own), leastShare * own);
  }
}
