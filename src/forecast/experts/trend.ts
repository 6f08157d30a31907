/**
 * The trend of a key: the last value, or a smoothed level, plus a running slope (Holt, Forecasting Seasonals and Trends,
 * 1957), with slopes at three rates and levels at two, weighed by the discounted absolute errors of their forecasts.
 *
 * One change that is far from the slope moves the slope by no more than a few typical deviations: the reset of a counter,
 * an outlier and its return, or a shift of the level are no part of a trend. Three such changes in a row to the same side
 * are a new slope.
 *
 * Over missing values a line goes on from the last value by its own slope, whatever stood in for them.
 */
import { clip } from "../elementary.js";
import type { Expert } from "./expert.js";
import { discountedLoss, relativeTo } from "./losses.js";

/** Rates at which the slopes follow the changes. */
export const slopeRates = [0.2, 0.05, 0.01] as const;
/** The slope that tells which change is far from the trend. */
const middle = 1;
/** Variants of the forecast: the slope that each adds, and the rate of its level, where 1 is the last value. */
const variants = [
  { slope: 0, rate: 1 },
  { slope: 1, rate: 1 },
  { slope: 2, rate: 1 },
  { slope: 1, rate: 0.3 },
  { slope: 2, rate: 0.1 },
] as const;
/** Variants before this one have no level. */
const firstLevel = 3;

/** A change counts up to this many typical deviations from the slope … */
const farthest = 6;
/** … unless it is the third far one in a row to the same side. The typical deviation follows deviations at this rate. */
const newSlope = 3;
const sizeRate = 0.02;
/** Changes before any counts as far. */
const settled = 8;
/** Changes that are counted: the slowest rate is reached before. */
const mostCounted = 1000;

/** Offsets in the state. */
const place = {
  /** Observed changes. */
  count: 0,
  /** Typical deviation of a change from the slope, in the unit of the values. */
  size: 1,
  /** Far changes in a row, negative where they were downwards. */
  streak: 2,
  slopes: 3,
  /** Relative to the base. */
  levels: 6,
  losses: 8,
  /** Missing values that were bridged since the last change; meanwhile the streak is the sum of what stood in for them. */
  bridged: 13,
} as const;
const stateSize = place.bridged + 1;

/** Weight of a variant: the inverse of its loss to this power, so that 5 % more loss halve the weight. */
const sharpness = 16;
/** Loss, in scales, below which all variants are equally good. */
const negligible = 1e-7;
/** Observed changes before the trend forecasts. */
const trustedAfter = 10;

export const trend = {
  name: "trend",
  stateSize,

  forecast(state, at, input) {
    return blend(state, at, levelled) / input.scale;
  },

  relativeLoss(state, at, losses) {
    if (state[at + place.count]! < trustedAfter) return Infinity;
    return relativeTo(losses, leastLoss(state, at));
  },

  learn(state, at, change, { scale, spread }) {
    const unit = scale * spread;
    const bridged = state[at + place.bridged]!;
    const stood = stoodIn(state, at);
    for (let v = 0; v < variants.length; v++) {
      const { slope, rate } = variants[v]!;
      const level = at + place.levels + v - firstLevel;
      const rise = state[at + place.slopes + slope]!;
      // A value after missing ones tests the line from the last value on. To leave it out would be to count fewer errors than others do.
      const forecast = v < firstLevel ? rise * (bridged + 1) - stood : state[level]! + rise;
      const loss = at + place.losses + v;
      state[loss] = discountedLoss(state[loss]!, (change - forecast) / unit);
      if (v >= firstLevel) state[level] = (1 - rate) * (forecast - change);
    }
    if (bridged === 0) {
      learnSlopes(state, at, change);
      return;
    }
    const mean = (change + stood) / (bridged + 1);
    state[at + place.bridged] = state[at + place.streak] = 0;
    learnSlopes(state, at, mean);
  },

  skip(state, at, change) {
    state[at + place.streak] = stoodIn(state, at) + change;
    state[at + place.bridged] = state[at + place.bridged]! + 1;
    for (let v = firstLevel; v < variants.length; v++) {
      const level = at + place.levels + v - firstLevel;
      state[level] = state[level]! + state[at + place.slopes + variants[v]!.slope]! - change;
    }
  },
} as const satisfies Expert;

/** The key has moved as a whole to its last value: the next change is one step, whatever stood in for missing values before. */
export function endBridge(state: Float32Array, at: number): void {
  state[at + place.bridged] = state[at + place.streak] = 0;
}

/** Sum of the changes that stood in for missing values since the last one. */
function stoodIn(state: Float32Array, at: number): number {
  return state[at + place.bridged] === 0 ? 0 : state[at + place.streak]!;
}

function learnSlopes(state: Float32Array, at: number, change: number): void {
  const count = Math.min(state[at + place.count]! + 1, mostCounted);
  const slopes = at + place.slopes;
  const size = state[at + place.size]!;
  const slope = state[slopes + middle]!;
  const deviation = change - slope;
  const isFar = count > settled && Math.abs(deviation) > farthest * size;
  const before = state[at + place.streak]!;
  const side = Math.sign(deviation);
  const streak = isFar ? (before * side > 0 ? before + side : side) : 0;
  const isNew = Math.abs(streak) >= newSlope;
  const bounded = isFar && !isNew ? clip(deviation, farthest * size) : deviation;
  for (let i = 0; i < slopeRates.length; i++) {
    const rate = Math.max(1 / count, slopeRates[i]!);
    state[slopes + i] = state[slopes + i]! + rate * (slope + bounded - state[slopes + i]!);
  }
  state[at + place.size] = isNew
    ? Math.abs(deviation)
    : size + Math.max(1 / count, sizeRate) * (Math.abs(bounded) - size);
  state[at + place.streak] = isNew ? 0 : streak;
  state[at + place.count] = count;
}

function leastLoss(state: Float32Array, at: number): number {
  let least = Infinity;
  for (let v = 0; v < variants.length; v++) least = Math.min(least, state[at + place.losses + v]!);
  return least;
}

/** What `blend` averages of the variants: the level and the slope, or one of them. */
const levelled = { level: 1, slope: 1 } as const;
const levelAlone = { level: 1, slope: 0 } as const;

/** The mean of the variants by their weights, in the unit of the values above the base. */
function blend(
  state: Float32Array,
  at: number,
  part: { readonly level: number; readonly slope: number },
): number {
  const least = leastLoss(state, at) + negligible;
  const bridged = state[at + place.bridged]!;
  const stood = stoodIn(state, at);
  let total = 0;
  let sum = 0;
  for (let v = 0; v < variants.length; v++) {
    let weight = least / (state[at + place.losses + v]! + negligible);
    for (let power = 1; power < sharpness; power *= 2) weight *= weight;
    const slope = state[at + place.slopes + variants[v]!.slope]!;
    const level = v < firstLevel ? slope * bridged - stood : state[at + place.levels + v - firstLevel]!;
    total += weight;
    sum += weight * (part.level * level + part.slope * slope);
  }
  return sum / total;
}

/** The level of the trend above the base, in the unit of the values. */
export function trendLevel(state: Float32Array, at: number): number {
  return blend(state, at, levelAlone);
}

/** The slope at rate `i` of `slopeRates`, in the unit of the values. */
export function trendSlope(state: Float32Array, at: number, i: number): number {
  return state[at + place.slopes + i]!;
}
