/** Random numbers of the corpus: the same on every machine, from additions, multiplications and square roots alone. */
import { exponential, harmonics, logarithm } from "../src/forecast/elementary.js";
import { uniform } from "../src/engine/random.js";

const smallest = 1e-300;

/** Draws of one series. Ranges include their ends, but for `between`, which may not reach the upper one. */
export class Source {
  /** A uniform number in [0, 1). */
  readonly next: () => number;
  #spare = NaN;

  /** The draws of series `index` of a corpus; another index gives others. */
  constructor(seed: number, index: number) {
    // The finaliser of MurmurHash3 spreads neighbours over the whole range of seeds.
    let hash = (seed ^ Math.imul(index + 1, 0x9e3779b1)) >>> 0;
    hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
    this.next = uniform((hash ^ (hash >>> 16)) >>> 0);
  }

  /** True with a probability. */
  chance(probability: number): boolean {
    return this.next() < probability;
  }

  between(low: number, high: number): number {
    return low + (high - low) * this.next();
  }

  /** A number whose logarithm is uniform: as often from 1 to 10 as from 10 to 100. */
  scale(low: number, high: number): number {
    return exponential(this.between(logarithm(low), logarithm(high)));
  }

  integer(low: number, high: number): number {
    return low + Math.floor(this.next() * (high - low + 1));
  }

  pick<T>(choices: readonly T[]): T {
    return choices[Math.floor(this.next() * choices.length)]!;
  }

  /** Normal, by the polar method (Marsaglia and Bray, 1964). */
  normal(): number {
    if (!Number.isNaN(this.#spare)) {
      const spare = this.#spare;
      this.#spare = NaN;
      return spare;
    }
    let u: number;
    let v: number;
    let square: number;
    do {
      u = 2 * this.next() - 1;
      v = 2 * this.next() - 1;
      square = u * u + v * v;
    } while (square >= 1 || square < smallest);
    const length = Math.sqrt((-2 * logarithm(square)) / square);
    this.#spare = v * length;
    return u * length;
  }

  /** Gamma of mean `shape` (Marsaglia and Tsang, 2000). */
  gamma(shape: number): number {
    if (shape < 1) return this.gamma(shape + 1) * power(this.next() + smallest, 1 / shape);
    const d = shape - 1 / 3;
    const c = 1 / Math.sqrt(9 * d);
    for (;;) {
      const x = this.normal();
      const cube = (1 + c * x) * (1 + c * x) * (1 + c * x);
      if (cube <= 0) continue;
      const bound = 0.5 * x * x + d - d * cube + d * logarithm(cube);
      if (logarithm(this.next() + smallest) < bound) return d * cube;
    }
  }

  /** Student's t: the fewer degrees of freedom, the heavier the tails. */
  student(freedom: number): number {
    return this.normal() / Math.sqrt((this.gamma(freedom / 2) * 2) / freedom);
  }

  /** A count of this mean; from 40 on by the normal distribution. */
  poisson(mean: number): number {
    if (mean <= 0) return 0;
    if (mean > 40) return Math.max(0, Math.round(mean + Math.sqrt(mean) * this.normal()));
    const limit = exponential(-mean);
    let count = -1;
    for (let product = 1; product > limit; count++) product *= this.next();
    return Math.max(0, count);
  }
}

/** Base to the power of exponent; the base is above 0. */
export function power(base: number, exponent: number): number {
  return base < 1e-290 ? 0 : exponential(exponent * logarithm(base));
}

const wave = new Float32Array(2);

/** Sine of a number of turns. */
export function sine(turns: number): number {
  harmonics(turns - Math.round(turns), 1, wave, 0);
  return wave[0]!;
}
