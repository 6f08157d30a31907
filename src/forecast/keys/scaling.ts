/** The causal scale of a key: running level and running size of its changes, robust against sentinels. */
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
/** Values this close, relative to the level or absolute, are the same: a constant key has a scale above zero. */
const resolution = 1e-12;
/**
 * Of an error's square, in mean squared changes, what stands for the variance: errors count as a tenth of the key's
 * changes at least, so that a time without any cannot freeze their size at 0.
 */
export const errorVariance = 0.01 / leastShare;
/** Observations before squares are clipped. */
const settled = 20;

/** The unit of a key's scaled changes, above zero. */
export function scaleOf({ f64, at64 }: Numbers): number {
  return sizeOf(f64[at64 + number.squaredChange]!, f64[at64 + number.mean]!);
}

/** The root of a mean square of changes, and above zero even where there were none. */
export function sizeOf(squaredChange: number, level: number): number {
  return Math.sqrt(squaredChange) + resolution * (resolution + Math.abs(level));
}

/** How far the base lies above the running level, in standard deviations. */
export function scaledLevel({ f64, at64 }: Numbers): number {
  const above = f64[at64 + number.base]! - f64[at64 + number.mean]!;
  return above / (Math.sqrt(f64[at64 + number.variance]!) + 1e-300);
}

/** A square, clipped at 25 times its running mean once `count` observations have settled that. */
export function robustSquare(square: number, mean: number, variance: number, count: number): number {
  const cap = outlier * Math.max(mean, leastShare * variance);
  return count > settled && cap > 0 ? Math.min(square, cap) : square;
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
