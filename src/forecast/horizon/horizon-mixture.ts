/**
 * The mixture of experts and the interval of each step beyond the next, which learn when the step's value has come:
 * the method of `mixture.ts` and `interval.ts` under delayed feedback. The errors of h steps ahead overlap, so that h
 * of them tell about as much as one: the learning rates shrink and the memory grows by √h (Joulani, György and
 * Szepesvári, Online Learning under Delayed Feedback, 2013), and most of the first trust goes to persistence.
 */
import { clip, exponential } from "../elementary.js";
import { flatExperts, horizonExperts, pendingAt, type HorizonLayout } from "./horizon-layout.js";
import type { HorizonEvent, HorizonRows } from "./horizon-rows.js";
import { number } from "../keys/row-layout.js";
import { largestDistance, lossGradient, share } from "../experts/mixture.js";
import { errorVariance, robustSquare } from "../keys/scaling.js";

const experts = horizonExperts.length;
/** Weight of persistence before anything is known; the others share the rest. */
const firstTrust = 0.7;
/** What regrets lose per value at step 1. */
const loss = 0.002;
/** Quantile that a new key starts from, and its step at step 1, in running error sizes. */
const initialQuantile = 2;
const quantileRate = 0.05;
/** Slowest rate at which mean squared errors are followed. */
const squareRate = 0.01;
/** An expert's forecast is cut here, in units times √step. */
const largestForecast = 20;
/** Events of a key whose forecasts the mixtures do not learn from, for the scale is not settled; and its intervals. */
const mixedAfter = 30;
const trackedAfter = 2;

export class HorizonMixture {
  readonly #layout: HorizonLayout;
  readonly #levels: readonly number[];
  readonly #squaredLoss: boolean;
  /** √step, its inverse, and the discount of regrets, by step. */
  readonly roots: Float64Array;
  readonly #inverseRoots: Float64Array;
  readonly #discounts: Float64Array;
  /** What the experts behind the flat ones say of the step under way: changes in units times √step. */
  readonly shaped = new Float64Array(experts - flatExperts);
  readonly #weights = new Float64Array(experts);

  /** `levels` are the coverages of the intervals. */
  constructor(layout: HorizonLayout, levels: readonly number[], squaredLoss: boolean) {
    this.#layout = layout;
    this.#levels = levels;
    this.#squaredLoss = squaredLoss;
    this.roots = Float64Array.from({ length: layout.horizon + 1 }, (_, step) => Math.sqrt(step));
    this.#inverseRoots = this.roots.map((root) => 1 / root);
    this.#discounts = this.#inverseRoots.map((inverse) => 1 - loss * inverse);
  }

  /** Sets a new key's quantiles. */
  start(singles: Float32Array, row: number): void {
    const at = row + this.#layout.singles.quantiles;
    singles.fill(initialQuantile, at, at + this.#layout.horizon - 1);
    this.startFurther(singles, row);
  }

  /** Sets the quantiles of the levels beyond the first, of which none has been told. */
  startFurther(singles: Float32Array, row: number): void {
    const { furtherQuantiles, furtherHalves, size } = this.#layout.singles;
    singles.fill(initialQuantile, row + furtherQuantiles, row + furtherHalves);
    singles.fill(NaN, row + furtherHalves, row + size);
  }

  /** Every step learns from the value of the event. */
  learn(now: HorizonEvent, rows: HorizonRows): void {
    const { event, key, keyAt, at, row } = now;
    const { numbers, singles } = rows;
    const { horizon, numbers: n, singles: s, pendingSize } = this.#layout;
    const value = key[keyAt + number.base]!;
    for (let step = 2; step <= horizon && step <= event; step++) {
      const origin = event - step;
      const place = origin % horizon;
      const unit = numbers[at + n.units + place]! * this.roots[step]!;
      const change = value - numbers[at + n.bases + place]!;
      const pending = row + s.pending + pendingAt(step, origin);
      const mixture = singles[pending]!;
      if (origin >= mixedAfter) {
        const error = mixture - change / unit;
        const gradient = lossGradient(error, this.#squaredLoss);
        const regrets = row + s.regrets + (step - 2) * experts;
        const squares = row + s.squares + (step - 2) * experts;
        const discount = this.#discounts[step]!;
        for (let e = 0; e < experts; e++) {
          const said =
            e < flatExperts
              ? this.#flat(singles, row, e, place, step)
              : singles[pending + (e - flatExperts + 1) * pendingSize]!;
          const excess = gradient * clip(said - mixture, largestDistance);
          singles[regrets + e] = discount * singles[regrets + e]! + excess;
          singles[squares + e] = discount * singles[squares + e]! + excess * excess;
        }
      }
      if (origin >= trackedAfter) this.#track(now, rows, origin, step, change, unit);
    }
  }

  /** The interval of a step learns from whether it held the value that came, `change` above its event's base. */
  #track(
    now: HorizonEvent,
    rows: HorizonRows,
    origin: number,
    step: number,
    change: number,
    unit: number,
  ): void {
    const { key, keyAt, at, row } = now;
    const { numbers, singles } = rows;
    const { numbers: n, singles: s } = this.#layout;
    const pending = row + s.pending + pendingAt(step, origin);
    const error = change / unit - singles[pending]!;
    for (let i = 0; i < this.#levels.length; i++) {
      const half = singles[this.#halfAt(row, i, step, origin)]!;
      if (Number.isNaN(half)) continue;
      const quantile = this.#quantileAt(row, i, step);
      const missed = Math.abs(error) > half ? 1 : 0;
      const rate = quantileRate * this.#inverseRoots[step]!;
      singles[quantile] = Math.max(singles[quantile]! + rate * (missed - (1 - this.#levels[i]!)), 0);
    }
    const squaredAt = at + n.squaredErrors + step - 2;
    const squared = numbers[squaredAt]!;
    const errors = origin - trackedAfter + 1;
    const square = robustSquare(
      error * error * unit * unit,
      squared,
      errorVariance * step * key[keyAt + number.squaredChange]!,
      errors,
    );
    numbers[squaredAt] = squared + Math.max(1 / errors, squareRate) * (square - squared);
  }

  /** Mixes what the experts say of a step into a pending forecast, and returns that. */
  mix({ event, row }: HorizonEvent, singles: Float32Array, step: number): number {
    const { horizon, singles: s, pendingSize } = this.#layout;
    const pending = row + s.pending + pendingAt(step, event);
    const weights = this.#weigh(singles, row, step);
    let mixture = 0;
    for (let e = 0; e < flatExperts; e++) {
      mixture += weights[e]! * this.#flat(singles, row, e, event % horizon, step);
    }
    for (let e = 0; e < this.shaped.length; e++) {
      const waiting = pending + (e + 1) * pendingSize;
      singles[waiting] = clip(this.shaped[e]!, largestForecast);
      mixture += weights[flatExperts + e]! * singles[waiting];
    }
    singles[pending] = mixture;
    // As it is stored, in 32 bits.
    return singles[pending];
  }

  /**
   * Writes half the width of a step's intervals at every level, in the unit of the values, NaN while unknown; and keeps
   * them, in units of `unit`, until the step's value comes.
   */
  fillHalves(now: HorizonEvent, rows: HorizonRows, step: number, unit: number, halves: Float64Array): void {
    const { event, at, row } = now;
    const { numbers, singles } = rows;
    const known = event >= step + 2 * trackedAfter;
    const size = Math.sqrt(numbers[at + this.#layout.numbers.squaredErrors + step - 2]!);
    for (let i = 0; i < this.#levels.length; i++) {
      const half = known ? singles[this.#quantileAt(row, i, step)]! * size : NaN;
      halves[i] = half;
      singles[this.#halfAt(row, i, step, event)] = half / unit;
    }
  }

  /** Where the quantile of a level lies, by its place in the settings. */
  #quantileAt(row: number, level: number, step: number): number {
    const { horizon, singles: s } = this.#layout;
    if (level === 0) return row + s.quantiles + step - 2;
    return row + s.furtherQuantiles + (level - 1) * (horizon - 1) + step - 2;
  }

  /** Where half the interval that an event makes of a step waits for the step's value. */
  #halfAt(row: number, level: number, step: number, event: number): number {
    const { singles: s, pendingSize, pendingHalf } = this.#layout;
    const pending = pendingAt(step, event);
    if (level === 0) return row + s.pending + pendingHalf + pending;
    return row + s.furtherHalves + (level - 1) * pendingSize + pending;
  }

  /** What a flat expert said at a place of the ring, of a step. */
  #flat(singles: Float32Array, row: number, expert: number, place: number, step: number): number {
    const { horizon, singles: s } = this.#layout;
    return clip(
      singles[row + s.flat + expert * horizon + place]! * this.#inverseRoots[step]!,
      largestForecast,
    );
  }

  #weigh(singles: Float32Array, row: number, step: number): Float64Array {
    const regrets = row + this.#layout.singles.regrets + (step - 2) * experts;
    const squares = row + this.#layout.singles.squares + (step - 2) * experts;
    const weights = this.#weights;
    const root = this.#inverseRoots[step]!;
    let greatest = -Infinity;
    for (let e = 0; e < experts; e++) {
      const square = singles[squares + e]!;
      const squaredRate = root / (square + 1);
      const exponent = -Math.sqrt(squaredRate) * singles[regrets + e]! - squaredRate * square;
      weights[e] = exponent;
      if (exponent > greatest) greatest = exponent;
    }
    let total = 0;
    for (let e = 0; e < experts; e++) {
      const first = e === 0 ? firstTrust : (1 - firstTrust) / (experts - 1);
      const weight = (first * exponential(weights[e]! - greatest)) / Math.sqrt(singles[squares + e]! + 1);
      weights[e] = weight;
      total += weight;
    }
    for (let e = 0; e < experts; e++) weights[e] = ((1 - share) * weights[e]!) / total + share / experts;
    return weights;
  }
}
