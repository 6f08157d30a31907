/**
 * Exogenous features: numbers that come with an event and help to forecast the next value. Each is standardised for its
 * key by what was seen of it so far, its level and the size of its changes, like the values themselves.
 */
import { clip } from "../elementary.js";
import { featureInputs, featureNumbers, number } from "./row-layout.js";
import { robustSquare, sizeOf } from "./scaling.js";

/** Indices in a feature's block of numbers. */
const block = { observed: 0, held: 1, mean: 2, variance: 3, squaredChange: 4 } as const;

/** Bounds of what the cell sees, in sizes of a change and in standard deviations. */
const largestChange = 10;
const largestLevel = 8;
/** Slowest rates at which level and variance, and the size of the changes, are followed. */
const levelRate = 0.001;
const changeRate = 0.01;

/**
 * Takes an event's features from `values[from ..]` and writes, to `ring[ringAt ..]`, the scaled change and the scaled
 * level of each. A feature that is missing (NaN) is taken to be what it was: its level stays and it has not changed;
 * before its first value both are zero.
 */
export function pushFeatures(
  numbers: Float64Array,
  numbersAt: number,
  ring: Float32Array,
  ringAt: number,
  features: number,
  values: Float64Array,
  from: number,
): void {
  for (let feature = 0; feature < features; feature++) {
    const at = numbersAt + number.features + feature * featureNumbers;
    const into = ringAt + feature * featureInputs;
    const value = values[from + feature]!;
    ring[into] = Number.isNaN(value) ? 0 : track(numbers, at, value);
    const above = numbers[at + block.held]! - numbers[at + block.mean]!;
    const size = sizeOf(numbers[at + block.variance]!, numbers[at + block.mean]!);
    ring[into + 1] = clip(above / size, largestLevel);
  }
}

/** Moves a feature's level and sizes on and returns its scaled change. An outlier counts no more than its robust size. */
function track(numbers: Float64Array, at: number, value: number): number {
  const observed = numbers[at + block.observed]!;
  const change = value - numbers[at + block.held]!;
  numbers[at + block.observed] = observed + 1;
  numbers[at + block.held] = value;
  if (observed === 0) {
    numbers[at + block.mean] = value;
    return 0;
  }
  const rate = Math.max(1 / (observed + 1), levelRate);
  const variance = numbers[at + block.variance]!;
  const mean = numbers[at + block.mean]!;
  const above = value - mean;
  const square = robustSquare(above * above, variance, variance, observed);
  // Unlike a key's own level, that of a feature is not followed by forecasts: a sentinel may not move it at all far.
  numbers[at + block.mean] = mean + rate * Math.sign(above) * Math.sqrt(square);
  numbers[at + block.variance] = (1 - rate) * (variance + rate * square);
  const squaredChange = numbers[at + block.squaredChange]!;
  const squared = robustSquare(change * change, squaredChange, variance, observed);
  const next = squaredChange + Math.max(1 / observed, changeRate) * (squared - squaredChange);
  numbers[at + block.squaredChange] = next;
  return clip(change / sizeOf(next, mean), largestChange);
}
