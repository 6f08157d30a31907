/**
 * Intervals of several levels around one forecast. Each level has a quantile of its own, which learns alone, so that two of
 * them may cross for a while; what is written is nested. The interval of the first level stays as it is: levels above it
 * are widened to the next narrower one, levels below it narrowed to the next wider one.
 */
export class NestedIntervals {
  /** Half the widths, by the level's place in the settings: to be filled in before `write`. */
  readonly halves: Float64Array;
  /** Places of the levels from the lowest, and where the first of the settings is among them. */
  readonly #rising: readonly number[];
  readonly #first: number;

  constructor(levels: readonly number[]) {
    this.halves = new Float64Array(levels.length);
    this.#rising = levels.map((_, place) => place).sort((a, b) => levels[a]! - levels[b]!);
    this.#first = this.#rising.indexOf(0);
  }

  /** Nests the halves, and writes the bounds around `center` from `at` on. NaN halves stay NaN. */
  write(center: number, lower: Float64Array, upper: Float64Array, at: number): void {
    const { halves } = this;
    const rising = this.#rising;
    for (let i = this.#first + 1; i < rising.length; i++) {
      halves[rising[i]!] = Math.max(halves[rising[i]!]!, halves[rising[i - 1]!]!);
    }
    for (let i = this.#first - 1; i >= 0; i--) {
      halves[rising[i]!] = Math.min(halves[rising[i]!]!, halves[rising[i + 1]!]!);
    }
    for (let i = 0; i < halves.length; i++) {
      lower[at + i] = center - halves[i]!;
      upper[at + i] = center + halves[i]!;
    }
  }
}
