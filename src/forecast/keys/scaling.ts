/**
 * The causal scale of a key: running level and running size of its changes, robust against sentinels. The scale
 * follows all values; the size of errors and their quantiles are those of movement: while a key rests, its repeats leave them
 * as they are, so that it moves again in the width that it had before.
 */
import { number } from "./layout.js";
import type { KeyRow } from "./row.js";

/** The 64-bit numbers of a key. */
type Numbers = Pick<KeyRow, "f64" | "at64">;

/** Discount of the mean square of the changes. */
const changeDiscount = 0.99;
/** Slowest rate at which the level is followed. */
const slowestRate = 0.001;
/** A squared change counts up to this many times its running mean … */
const outlier = 25;
/** … which is taken to be at least this share of the variance, so that a constant stretch cannot freeze it at 0. */
const leastShare = 1e-6;
/**
 * Values this close, relative to the level, are the same: 4.5 units in the last place of a 64-bit number. A constant key
 * has a scale above zero, and an offset costs nothing as long as the digits of the values carry it.
 */
const resolution = 1e-15;
/** Least scale. The square of a change in the smallest unit, 1e-30, lies above its square. */
const leastScale = 1e-140;
/**
 * Of an error's square, in mean squared changes, what stands for the variance: errors count as a tenth of the key's
 * changes at least, so that a time without any cannot freeze their size at 0.
 */
export const errorVariance = 0.01 / leastShare;
/** Repeats of a value in a row that the size of errors learns from. What a key does when it moves is not forgotten in a longer rest. */
const longestRest = 4;
/** Observations before squares are clipped. */
export const settledMoves = 20;

/** Moves that an assumed size counts for. */
const assumedMoves = 3;

/** Offsets behind `layout.moves`. */
const moved = 0;
const rested = 1;

/** The unit of a key's scaled changes, above zero. */
export function scaleOf({ f64, at64 }: Numbers): number {
  return sizeOf(f64[at64 + number.squaredChange]!, f64[at64 + number.mean]!);
}

/** The root of a mean square of changes, and above zero even where there were none. */
export function sizeOf(squaredChange: number, level: number): number {
  return Math.sqrt(squaredChange) + resolution * Math.abs(level) + leastScale;
}

/** How far the base lies above the running level, in standard deviations. */
export function scaledLevel({ f64, at64 }: Numbers): number {
  const above = f64[at64 + number.base]! - f64[at64 + number.mean]!;
  return above / (Math.sqrt(f64[at64 + number.variance]!) + leastScale);
}

/** A square, clipped at 25 times its running mean once `count` observations have settled that. */
export function robustSquare(square: number, mean: number, variance: number, count: number): number {
  const cap = outlier * Math.max(mean, leastShare * variance);
  return count > settledMoves && cap > 0 ? Math.min(square, cap) : square;
}

/** Values that the size of errors has learned from. */
export function movesOf({ f32, at32, layout }: KeyRow): number {
  return f32[at32 + layout.moves + moved]!;
}

/** Whether the size of errors and its quantiles learn from the key's last value: a move, or one of the first repeats after it. */
export function isMoving({ f32, at32, layout }: KeyRow): boolean {
  return f32[at32 + layout.moves + rested]! <= longestRest;
}

/** Counts an observed value, which is another one than the last or repeats it. */
export function countMove({ f32, at32, layout }: KeyRow, moves: boolean): void {
  const at = at32 + layout.moves;
  const rest = moves ? 0 : Math.min(f32[at + rested]! + 1, longestRest + 1);
  f32[at + rested] = rest;
  if (rest <= longestRest) f32[at + moved] = f32[at + moved]! + 1;
}

/** Takes an observed value, `change` above the base; `observed` counts it. Moves level, variance and scale. */
export function trackScale({ f64, at64 }: Numbers, value: number, change: number): void {
  const observed = f64[at64 + number.observed]!;
  const rate = Math.max(1 / observed, slowestRate);
  const above = value - f64[at64 + number.mean]!;
  const mean = f64[at64 + number.mean]! + rate * above;
  const variance = f64[at64 + number.variance]!;
  f64[at64 + number.mean] = mean;
  const nextVariance = variance + rate * (above * (value - mean) - variance);
  f64[at64 + number.variance] = nextVariance;
  const squared = f64[at64 + number.squaredChange]!;
  const square = robustSquare(change * change, squared, nextVariance, observed - 1);
  f64[at64 + number.squaredChange] =
    squared + Math.max(1 / (observed - 1), 1 - changeDiscount) * (square - squared);
}

/** Takes a mean square for that of a key's changes and errors, as if a few moves had told it. */
export function assumeSize({ f64, at64, f32, at32, layout }: KeyRow, square: number): void {
  f64[at64 + number.squaredChange] = square;
  f64[at64 + number.squaredError] = square;
  f64[at64 + number.recentSquaredError] = square;
  f32[at32 + layout.moves] = Math.max(f32[at32 + layout.moves]!, assumedMoves);
}
