/** Lays out the multi-step state of a key in its two rows. */
import { slopeRates } from "../experts/trend.js";
import { daily, profileSize, weekly } from "./profile.js";

/** Rates at which levels of the seasonally adjusted values are followed, each at least 1 / number of values. */
export const levelRates = [0.3, 0.1, 0.03, 0.01, 0.001] as const;
/** Index of the level that is the forecast of smoothing. */
export const smoothingLevel = 1;
/** Adjusted changes that the models see. */
export const adjustedChanges = 24;
/** Harmonics of the day that the models see. */
export const horizonHarmonics = 3;
/** Changes, harmonics, levels, one. */
export const horizonFeatures = adjustedChanges + 2 * horizonHarmonics + levelRates.length + 1;

/** Experts of each further step. The first two say the same of every step. */
export const horizonExperts = [
  "persistence",
  "median",
  "smoothing",
  "daily",
  "weekly",
  "regression",
  "trend",
  "periodic",
] as const;
export const flatExperts = 2;
/** The first of the last experts, whose forecasts follow from a few numbers of their event: none waits for its value. */
export const recalledExperts = 6;

/** Candidates of the seasonal adjustment: none, that by the day, and that by the week. */
export const adjustments = 3;

/** Offsets in the row of 64-bit numbers; a ring has an entry for each of the last H events, at its number modulo H. */
export interface HorizonF64 {
  /** The adjusted value, and the mean square of its changes. */
  readonly adjusted: number;
  readonly squaredChange: number;
  /** What the profiles said of the last event's time once they had learned from it. */
  readonly day: number;
  readonly week: number;
  /** Means of the profiles before they learned from the last event: what its forecasts are relative to. */
  readonly dayMean: number;
  readonly weekMean: number;
  /** Levels, and their mean squared errors. */
  readonly levels: number;
  readonly levelSquares: number;
  /** Discounted squared errors of the adjustments. */
  readonly adjustmentLosses: number;
  readonly daily: number;
  readonly weekly: number;
  /** Rings: base, unit (the key's scale), adjusted value and its scale. */
  readonly bases: number;
  readonly units: number;
  readonly adjustedValues: number;
  readonly adjustedScales: number;
  /** Mean squared errors of the forecasts of steps 2 to H. */
  readonly squaredErrors: number;
  readonly size: number;
}

/** Offsets in the row of singles. Forecasts are relative to the base of their event, in its units times √step. */
export interface HorizonF32 {
  /** Ring of the last adjusted changes. */
  readonly changes: number;
  /** The mixture's discounted regrets of the experts and the sums of their squares, `[H-1, experts]` each. */
  readonly regrets: number;
  readonly squares: number;
  /** Quantiles of the scaled errors below and above, `[levels, 2, H-1]`. */
  readonly quantiles: number;
  /** Rings of what the flat experts say, `[experts, H]`; before the division by √step. */
  readonly flat: number;
  /** Pending forecasts of the mixture, and of the experts between the flat and the recalled ones: `pendingSize` each, see `pendingAt`. */
  readonly pending: number;
  /** Discounted absolute errors of all experts, `[H-1, experts]`. */
  readonly losses: number;
  /** Rings of the trend's level and slope, in scales, and of its slopes at each rate; their losses. */
  readonly trendLevels: number;
  readonly trendSlopes: number;
  readonly slopes: number;
  readonly slopeLosses: number;
  /** Rings of what the season's forecasts were made of: period, variant, and deviation in scales. */
  readonly seasonPeriods: number;
  readonly seasonVariants: number;
  readonly seasonDeviations: number;
  readonly size: number;
}

export interface HorizonLayout {
  readonly horizon: number;
  /** Levels of the intervals. */
  readonly levels: number;
  readonly f64: HorizonF64;
  readonly f32: HorizonF32;
  /** Length of the pending forecasts of one expert. */
  readonly pendingSize: number;
}

/** Where the forecast that an event makes of step `step` waits: a ring of that length for each step, one behind another. */
export function pendingAt(step: number, event: number): number {
  return (step * (step - 1)) / 2 - 1 + (event % step);
}

export function horizonLayout(horizon: number, levels = 1): HorizonLayout {
  const steps = horizon - 1;
  const experts = horizonExperts.length;
  const shaped = recalledExperts - flatExperts;
  const pendingSize = pendingAt(horizon + 1, 0);
  const f64 = allocator();
  const f32 = allocator();
  return {
    horizon,
    levels,
    pendingSize,
    f64: {
      adjusted: f64.take(1),
      squaredChange: f64.take(1),
      day: f64.take(1),
      week: f64.take(1),
      dayMean: f64.take(1),
      weekMean: f64.take(1),
      levels: f64.take(levelRates.length),
      levelSquares: f64.take(levelRates.length),
      adjustmentLosses: f64.take(adjustments),
      daily: f64.take(profileSize(daily)),
      weekly: f64.take(profileSize(weekly)),
      bases: f64.take(horizon),
      units: f64.take(horizon),
      adjustedValues: f64.take(horizon),
      adjustedScales: f64.take(horizon),
      squaredErrors: f64.take(steps),
      size: f64.size(),
    },
    f32: {
      changes: f32.take(adjustedChanges),
      regrets: f32.take(steps * experts),
      squares: f32.take(steps * experts),
      quantiles: f32.take(2 * levels * steps),
      flat: f32.take(flatExperts * horizon),
      pending: f32.take((1 + shaped) * pendingSize),
      losses: f32.take(steps * experts),
      trendLevels: f32.take(horizon),
      trendSlopes: f32.take(horizon),
      slopes: f32.take(slopeRates.length * horizon),
      slopeLosses: f32.take(slopeRates.length),
      seasonPeriods: f32.take(horizon),
      seasonVariants: f32.take(horizon),
      seasonDeviations: f32.take(horizon),
      size: f32.size(),
    },
  };
}

function allocator(): { take(length: number): number; size(): number } {
  let size = 0;
  return {
    take(length) {
      size += length;
      return size - length;
    },
    size: () => size,
  };
}
