/**
 * The mixture of experts and the interval of each step beyond the next, which learn when the step's value has come:
 * the method of `mixture.ts` and `interval.ts` under delayed feedback. The errors of h steps ahead overlap, so that h
 * of them tell about as much as one: the learning rates shrink and the memory grows by √h (Joulani, György and
 * Szepesvári, Online Learning under Delayed Feedback, 2013), and most of the first trust goes to persistence.
 */
import { clip, exponential } from "../elementary.js";
import { flatExperts, horizonExperts, pendingAt, type HorizonLayout } from "./layout.js";
import type { HorizonRow } from "./rows.js";
import { number } from "../keys/layout.js";
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
  start({ f32, at32 }: HorizonRow): void {
    const at = at32 + this.#layout.f32.quantiles;
    f32.fill(initialQuantile, at, at + this.#layout.horizon - 1);
    this.startFurther(f32, at32);
  }

  /** Sets the quantiles of the levels beyond the first, of which none has been told, in the singles from `at32` on. */
  startFurther(f32: Float32Array, at32: number): void {
    const { furtherQuantiles, furtherHalves, size } = this.#layout.f32;
    f32.fill(initialQuantile, at32 + furtherQuantiles, at32 + furtherHalves);
    f32.fill(NaN, at32 + furtherHalves, at32 + size);
  }

  /** Every step learns from the value of the event. */
  learn(row: HorizonRow): void {
    const { key, event, f64, at64, f32, at32 } = row;
    const { horizon, f64: n, f32: s, pendingSize } = this.#layout;
    const value = key.f64[key.at64 + number.base]!;
    for (let step = 2; step <= horizon && step <= event; step++) {
      const origin = event - step;
      const place = origin % horizon;
      const unit = f64[at64 + n.units + place]! * this.roots[step]!;
      const change = value - f64[at64 + n.bases + place]!;
      const pending = at32 + s.pending + pendingAt(step, origin);
      const mixture = f32[pending]!;
      if (origin >= mixedAfter) {
        const error = mixture - change / unit;
        const gradient = lossGradient(error, this.#squaredLoss);
        const regrets = at32 + s.regrets + (step - 2) * experts;
        const squares = at32 + s.squares + (step - 2) * experts;
        const discount = this.#discounts[step]!;
        for (let e = 0; e < experts; e++) {
          const said =
            e < flatExperts
              ? this.#flat(row, e, place, step)
              : f32[pending + (e - flatExperts + 1) * pendingSize]!;
          const excess = gradient * clip(said - mixture, largestDistance);
          f32[regrets + e] = discount * f32[regrets + e]! + excess;
          f32[squares + e] = discount * f32[squares + e]! + excess * excess;
        }
      }
      if (origin >= trackedAfter) this.#track(row, step, change, unit);
    }
  }

  /** The interval of a step learns from whether it held the value that came, `change` above its event's base. */
  #track({ key, event, f64, at64, f32, at32 }: HorizonRow, step: number, change: number, unit: number): void {
    const { f64: n, f32: s } = this.#layout;
    const origin = event - step;
    const pending = at32 + s.pending + pendingAt(step, origin);
    const error = change / unit - f32[pending]!;
    for (let i = 0; i < this.#levels.length; i++) {
      const half = f32[this.#halfAt(at32, i, step, origin)]!;
      if (Number.isNaN(half)) continue;
      const quantile = this.#quantileAt(at32, i, step);
      const missed = Math.abs(error) > half ? 1 : 0;
      const rate = quantileRate * this.#inverseRoots[step]!;
      f32[quantile] = Math.max(f32[quantile]! + rate * (missed - (1 - this.#levels[i]!)), 0);
    }
    const squaredAt = at64 + n.squaredErrors + step - 2;
    const squared = f64[squaredAt]!;
    const errors = origin - trackedAfter + 1;
    const square = robustSquare(
      error * error * unit * unit,
      squared,
      errorVariance * step * key.f64[key.at64 + number.squaredChange]!,
      errors,
    );
    f64[squaredAt] = squared + Math.max(1 / errors, squareRate) * (square - squared);
  }

  /** Mixes what the experts say of a step into a pending forecast, and returns that. */
  mix(row: HorizonRow, step: number): number {
    const { event, f32, at32 } = row;
    const { horizon, f32: s, pendingSize } = this.#layout;
    const pending = at32 + s.pending + pendingAt(step, event);
    const weights = this.#weigh(row, step);
    let mixture = 0;
    for (let e = 0; e < flatExperts; e++) {
      mixture += weights[e]! * this.#flat(row, e, event % horizon, step);
    }
    for (let e = 0; e < this.shaped.length; e++) {
      const waiting = pending + (e + 1) * pendingSize;
      f32[waiting] = clip(this.shaped[e]!, largestForecast);
      mixture += weights[flatExperts + e]! * f32[waiting];
    }
    f32[pending] = mixture;
    // As it is stored, in 32 bits.
    return f32[pending];
  }

  /**
   * Writes half the width of a step's intervals at every level, in the unit of the values, NaN while unknown; and keeps
   * them, in units of `unit`, until the step's value comes.
   */
  fillHalves(
    { event, f64, at64, f32, at32 }: HorizonRow,
    step: number,
    unit: number,
    halves: Float64Array,
  ): void {
    const known = event >= step + 2 * trackedAfter;
    const size = Math.sqrt(f64[at64 + this.#layout.f64.squaredErrors + step - 2]!);
    for (let i = 0; i < this.#levels.length; i++) {
      const half = known ? f32[this.#quantileAt(at32, i, step)]! * size : NaN;
      halves[i] = half;
      f32[this.#halfAt(at32, i, step, event)] = half / unit;
    }
  }

  /** Where the quantile of a level lies, by its place in the settings. */
  #quantileAt(at32: number, level: number, step: number): number {
    const { horizon, f32: s } = this.#layout;
    if (level === 0) return at32 + s.quantiles + step - 2;
    return at32 + s.furtherQuantiles + (level - 1) * (horizon - 1) + step - 2;
  }

  /** Where half the interval that an event makes of a step waits for the step's value. */
  #halfAt(at32: number, level: number, step: number, event: number): number {
    const { f32: s, pendingSize, pendingHalf } = this.#layout;
    const pending = pendingAt(step, event);
    if (level === 0) return at32 + s.pending + pendingHalf + pending;
    return at32 + s.furtherHalves + (level - 1) * pendingSize + pending;
  }

  /** What a flat expert said at a place of the ring, of a step. */
  #flat({ f32, at32 }: HorizonRow, expert: number, place: number, step: number): number {
    const { horizon, f32: s } = this.#layout;
    return clip(f32[at32 + s.flat + expert * horizon + place]! * this.#inverseRoots[step]!, largestForecast);
  }

  #weigh({ f32, at32 }: HorizonRow, step: number): Float64Array {
    const regrets = at32 + this.#layout.f32.regrets + (step - 2) * experts;
    const squares = at32 + this.#layout.f32.squares + (step - 2) * experts;
    const weights = this.#weights;
    const root = this.#inverseRoots[step]!;
    let greatest = -Infinity;
    for (let e = 0; e < experts; e++) {
      const square = f32[squares + e]!;
      const squaredRate = root / (square + 1);
      const exponent = -Math.sqrt(squaredRate) * f32[regrets + e]! - squaredRate * square;
      weights[e] = exponent;
      if (exponent > greatest) greatest = exponent;
    }
    let total = 0;
    for (let e = 0; e < experts; e++) {
      const first = e === 0 ? firstTrust : (1 - firstTrust) / (experts - 1);
      const weight = (first * exponential(weights[e]! - greatest)) / Math.sqrt(f32[squares + e]! + 1);
      weights[e] = weight;
      total += weight;
    }
    for (let e = 0; e < experts; e++) weights[e] = ((1 - share) * weights[e]!) / total + share / experts;
    return weights;
  }
}
