/**
 * Exogenous features: numbers that come with an event and help to forecast the next value. Each is standardised for its
 * key by what was seen of it so far, its level and the size of its changes, like the values themselves.
 */
import { clip } from "../elementary.js";
import { featureInputs, featureNumbers, number } from "./layout.js";
import type { KeyRow } from "./row.js";
import { robustSquare, sizeOf } from "./scaling.js";

/** Indices in a feature's block of numbers. */
const block = { observed: 0, held: 1, mean: 2, variance: 3, squaredChange: 4, candidate: 5 } as const;

/** Bounds of what the cell sees, in sizes of a change and in standard deviations. */
const largestChange = 10;
const largestLevel = 8;
/** A change beyond this many sizes is set aside, once that has settled; the next value is believed if it is this near. */
const absurd = 100;
const settled = 20;
const near = 0.25;
/** Slowest rates at which level and variance, and the size of the changes, are followed. */
const levelRate = 0.001;
const changeRate = 0.01;

/**
 * Takes an event's features from `values[from ..]`, as many as the layout says, and writes to place `place` of the key's
 * ring the scaled change and the scaled level of each. A feature that is missing (NaN) is taken to be what it was: its level stays and it has not changed;
 * before its first value both are zero.
 */
export function pushFeatures(
  { f64, at64, f32, at32, layout }: KeyRow,
  place: number,
  values: Float64Array,
  from: number,
): void {
  const { featureCount } = layout;
  const ring = at32 + layout.features + place * featureInputs * featureCount;
  for (let feature = 0; feature < featureCount; feature++) {
    const at = at64 + number.features + feature * featureNumbers;
    const into = ring + feature * featureInputs;
    const value = values[from + feature]!;
    f32[into] = Number.isNaN(value) ? 0 : track(f64, at, value);
    const above = f64[at + block.held]! - f64[at + block.mean]!;
    const size = sizeOf(f64[at + block.variance]!, f64[at + block.mean]!);
    f32[into + 1] = clip(above / size, largestLevel);
  }
}

/** Returns the key's last value of a feature; NaN before its first. */
export function heldFeature({ f64, at64 }: KeyRow, feature: number): number {
  const at = at64 + number.features + feature * featureNumbers;
  return f64[at + block.observed]! > 0 ? f64[at + block.held]! : NaN;
}

/**
 * Moves a feature's level and sizes on and returns its scaled change. An outlier counts no more than its robust size; an
 * absurd one is as if it were missing, until the next value agrees with it.
 */
function track(f64: Float64Array, at: number, value: number): number {
  const observed = f64[at + block.observed]!;
  const change = value - f64[at + block.held]!;
  const isAbsurd = observed > settled && change * change > absurd * absurd * f64[at + block.squaredChange]!;
  const isNew = Math.abs(value - f64[at + block.candidate]!) > near * Math.abs(change);
  f64[at + block.candidate] = value;
  if (isAbsurd && isNew && f64[at + block.squaredChange]! > 0) return 0;
  f64[at + block.observed] = observed + 1;
  f64[at + block.held] = value;
  if (observed === 0) {
    f64[at + block.mean] = value;
    return 0;
  }
  const rate = Math.max(1 / (observed + 1), levelRate);
  const variance = f64[at + block.variance]!;
  const mean = f64[at + block.mean]!;
  const above = value - mean;
  const square = robustSquare(above * above, variance, variance, observed);
  // Unlike a key's own level, that of a feature is not followed by forecasts: a sentinel may not move it at all far.
  f64[at + block.mean] = mean + rate * Math.sign(above) * Math.sqrt(square);
  f64[at + block.variance] = (1 - rate) * (variance + rate * square);
  const squaredChange = f64[at + block.squaredChange]!;
  const squared = robustSquare(change * change, squaredChange, variance, observed);
  const next = squaredChange + Math.max(1 / observed, changeRate) * (squared - squaredChange);
  f64[at + block.squaredChange] = next;
  return clip(change / sizeOf(next, mean), largestChange);
}
