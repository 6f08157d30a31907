/** A difference times this is no less than the true one: taken from the forecast again it reaches the value. */
const roundedUp = 1 + Number.EPSILON;

/**
 * Intervals of several levels around one forecast. Each level has quantiles of its own, which learn alone, so that two of
 * them may cross for a while; what is written is nested. The interval of the first level stays as it is: levels above it
 * are widened to the next narrower one, levels below it narrowed to the next wider one.
 */
export class NestedIntervals {
  /** Distances of the bounds from the forecast, by the level's place in the settings: to be filled in before `nest`. */
  readonly below: Float64Array;
  readonly above: Float64Array;
  /** Places of the levels from the lowest, and where the first of the settings is among them. */
  readonly #rising: readonly number[];
  readonly #first: number;

  constructor(levels: readonly number[]) {
    this.below = new Float64Array(levels.length);
    this.above = new Float64Array(levels.length);
    this.#rising = levels.map((_, place) => place).sort((a, b) => levels[a]! - levels[b]!);
    this.#first = this.#rising.indexOf(0);
  }

  fill(distance: number): void {
    this.below.fill(distance);
    this.above.fill(distance);
  }

  /** Widens every level to hold what lies `offset` above the forecast; nothing where that is NaN. */
  include(offset: number): void {
    const { below, above } = this;
    const reach = offset * roundedUp;
    for (let i = 0; i < below.length; i++) {
      if (-reach > below[i]!) below[i] = -reach;
      if (reach > above[i]!) above[i] = reach;
    }
  }

  /** Widens every level on both sides to a distance. NaN stays NaN. */
  widenTo(distance: number): void {
    const { below, above } = this;
    for (let i = 0; i < below.length; i++) {
      if (distance > below[i]!) below[i] = distance;
      if (distance > above[i]!) above[i] = distance;
    }
  }

  /** Writes the nested bounds around `center` from `at` on. NaN distances stay NaN. */
  write(center: number, lower: Float64Array, upper: Float64Array, at: number): void {
    this.#nest(this.below);
    this.#nest(this.above);
    for (let i = 0; i < this.below.length; i++) {
      lower[at + i] = center - this.below[i]!;
      upper[at + i] = center + this.above[i]!;
    }
  }

  #nest(distances: Float64Array): void {
    const rising = this.#rising;
    for (let i = this.#first + 1; i < rising.length; i++) {
      const narrower = distances[rising[i - 1]!]!;
      if (narrower > distances[rising[i]!]!) distances[rising[i]!] = narrower;
    }
    for (let i = this.#first - 1; i >= 0; i--) {
      const wider = distances[rising[i + 1]!]!;
      if (wider < distances[rising[i]!]!) distances[rising[i]!] = wider;
    }
  }
}
