/**
 * Keeps the coverage of intervals under drift: online conformal quantiles of the scaled error, one of the errors below
 * and one of those above (Gibbs and Candès, Adaptive Conformal Inference, 2021; Angelopoulos et al., Conformal PID, 2023).
 */
import { atomOf, rateOfOthers } from "../keys/atoms.js";
import { number } from "../keys/layout.js";
import type { KeyRow } from "../keys/row.js";
import { errorVariance, isMoving, movesOf, robustSquare } from "../keys/scaling.js";
import type { Spread } from "../keys/spread.js";
import { NestedIntervals } from "./nested-intervals.js";

/** Step of the quantiles, in running error sizes. */
export const quantileRate = 0.05;
/**
 * Rates at which the mean square of the errors is followed: slowly, for the quantiles to be sharp, and quickly while the
 * mean over few errors is this many times as large, or as small. Until the size has settled intervals are all too wide
 * or too narrow, and the quantiles have that to make up for later.
 */
const squareRate = 0.01;
const recentRate = 0.05;
const farApart = 3;
/** While the mean over many errors is this many times that over few, the size is falling. */
const fallen = 2.5;
/** Quantile that a new key starts from. */
export const initialQuantile = 2;
/** Errors before the quantiles move and intervals are given. */
const trackedAfter = 2;

/** The intervals of the next values of all keys. */
export class Intervals {
  readonly #levels: readonly number[];
  readonly #spread: Spread;
  /** How far the interval written last reaches at every level; NaN while unknown. */
  readonly nested: NestedIntervals;

  constructor(levels: readonly number[], spread: Spread) {
    this.#levels = levels;
    this.#spread = spread;
    this.nested = new NestedIntervals(levels);
  }

  /** Sets a new key's quantiles. */
  start({ f32, at32, layout }: KeyRow): void {
    f32.fill(initialQuantile, at32 + layout.quantiles, at32 + layout.quantiles + 2 * this.#levels.length);
  }

  /** Writes to `nested` how far the key's interval reaches around the forecast `center` of its next value. */
  write(key: KeyRow, center: number): void {
    const { f64, at64, f32, at32, layout } = key;
    const levels = this.#levels;
    const nested = this.nested;
    if (f64[at64 + number.observed]! <= trackedAfter) {
      nested.fill(NaN);
      return;
    }
    const size = Math.sqrt(f64[at64 + number.squaredError]!) * this.#spread.ofNext(key);
    const atom = atomOf(key);
    const others = atom === center ? rateOfOthers(key) : 1;
    const quantiles = at32 + layout.quantiles;
    for (let i = 0; i < levels.length; i++) {
      // Of a value that comes so surely both sides hold nothing.
      const width = 2 * others < 1 - levels[i]! ? 0 : size;
      nested.below[i] = f32[quantiles + i]! * width;
      nested.above[i] = f32[quantiles + levels.length + i]! * width;
    }
    nested.include(atom - center);
  }

  /** Takes the error of the forecast of an observed value, which the key has counted already. */
  track(key: KeyRow, error: number): void {
    const { f64, at64, f32, at32, layout } = key;
    if (!isMoving(key)) return;
    const levels = this.#levels;
    const squared = f64[at64 + number.squaredError]!;
    const root = Math.sqrt(squared);
    const scaled = root > 0 ? error / root : 0;
    const signed = scaled / this.#spread.ofNext(key);
    if (f64[at64 + number.observed]! - 1 > trackedAfter) {
      const quantiles = at32 + layout.quantiles;
      // While the size falls it is too wide, not the quantiles: they would be too narrow once it has settled.
      const falls = fallen * f64[at64 + number.recentSquaredError]! < squared;
      for (let i = 0; i < levels.length; i++) {
        const missRate = (1 - levels[i]!) / 2;
        const below = quantiles + i;
        const above = below + levels.length;
        if (!falls || -signed > f32[below]!) moveQuantile(f32, below, -signed, missRate);
        if (!falls || signed > f32[above]!) moveQuantile(f32, above, signed, missRate);
      }
      // A size that is on its way elsewhere says nothing of the hour.
      if (!hasChanged(f64[at64 + number.recentSquaredError]!, squared))
        this.#spread.learn(key, Math.abs(scaled));
    }
    followSize(key, error);
  }
}

/** Moves a quantile that errors of a size exceed at a rate; it stays on its side of the forecast. */
function moveQuantile(f32: Float32Array, at: number, size: number, missRate: number): void {
  const missed = size > f32[at]! ? 1 : 0;
  f32[at] = Math.max(f32[at]! + quantileRate * (missed - missRate), 0);
}

/** Follows the mean square of the errors, quickly where few of them tell of another size. */
function followSize(key: KeyRow, error: number): void {
  const { f64, at64 } = key;
  const moves = movesOf(key);
  const squared = f64[at64 + number.squaredError]!;
  const square = robustSquare(
    error * error,
    squared,
    errorVariance * f64[at64 + number.squaredChange]!,
    moves,
  );
  const recent = f64[at64 + number.recentSquaredError]!;
  const moved = recent + Math.max(1 / moves, recentRate) * (square - recent);
  f64[at64 + number.recentSquaredError] = moved;
  const rate = Math.max(1 / moves, hasChanged(moved, squared) ? recentRate : squareRate);
  f64[at64 + number.squaredError] = squared + rate * (square - squared);
}

/** Whether the mean over few squares is far from that over many. */
function hasChanged(recent: number, squared: number): boolean {
  return recent > farApart * squared || farApart * recent < squared;
}
