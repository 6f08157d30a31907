/**
 * Sizes of the errors of every step, from those of the bands: each band follows the mean squared error of its steps, each
 * divided by its step, and between the middles of two bands that is interpolated, in the logarithm of the step.
 */
import { logarithm } from "../elementary.js";
import type { StepBand } from "./blocks.js";

/** Beyond the middle of the last band, what is extrapolated is at least this share of the last band's. */
const leastShare = 0.5;

export class StepSizes {
  /** By step: its band, the band that it is interpolated with, and the weight of that. */
  readonly bandOf: Int32Array;
  readonly #other: Int32Array;
  readonly #weights: Float64Array;

  constructor(bands: readonly StepBand[]) {
    const middles = bands.map(({ first, last }) => logarithm(Math.sqrt(first * last)));
    const steps = (bands.at(-1)?.last ?? 1) + 1;
    this.bandOf = new Int32Array(steps);
    this.#other = new Int32Array(steps);
    this.#weights = new Float64Array(steps);
    for (const { index, first, last } of bands) {
      for (let step = first; step <= last; step++) {
        const above = logarithm(step) - middles[index]!;
        const isOutside = index === 0 ? above <= 0 : index === bands.length - 1 && above > 0;
        const side = above > 0 !== isOutside ? 1 : -1;
        const other = Math.min(Math.max(index + side, 0), bands.length - 1);
        this.bandOf[step] = index;
        this.#other[step] = other;
        if (other !== index) this.#weights[step] = above / (middles[other]! - middles[index]!);
      }
    }
  }

  /** The mean squared error of a step, from those of the bands by step at `at`; of bands that are unknown it is 0. */
  squareOf(step: number, f64: Float64Array, at: number): number {
    const own = f64[at + this.bandOf[step]!]!;
    const other = f64[at + this.#other[step]!]!;
    if (other === 0) return step * own;
    return step * Math.max(own + this.#weights[step]! * (other - own), leastShare * own);
  }
}
