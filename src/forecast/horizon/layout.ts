/** Lays out the multi-step state of a key in its two rows. */
import { slopeRates } from "../experts/trend.js";
import { stepBlocks, type StepBand, type StepBlock } from "./blocks.js";
import { daily, lasting, profileSize, weekly } from "./profile.js";

/** Rates at which levels of the seasonally adjusted values are followed, each at least 1 / number of values. */
export const levelRates = [0.3, 0.1, 0.03, 0.01, 0.001] as const;
/** Index of the level that is the forecast of smoothing. */
export const smoothingLevel = 1;
/** Adjusted changes that the models see. */
export const adjustedChanges = 24;
/** Harmonics of the day that the model of the next value sees. */
export const horizonHarmonics = 3;
/** Harmonics by which distances from levels count; and levels, by their index, of which the model of the next value sees that. */
export const hourlyHarmonics = 2;
export const hourlyLevels = [2] as const;
/** What the model of the next value sees: changes, harmonics, levels, one, levels by the hour. */
export const horizonFeatures =
  adjustedChanges + 2 * horizonHarmonics + levelRates.length + 1 + 2 * hourlyHarmonics * hourlyLevels.length;

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
/** Experts whose forecasts of all steps follow from one number each: the first two. */
export const flatExperts = 2;
/** The first of the experts behind those of shape. */
export const trendExpert = 6;
export const periodicExpert = 7;

/** Profiles of the seasonal adjustment: of the day, the week and the lasting day. */
export const profiles = 3;

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
  /** Discounted squared errors of the changes that no adjustment told, that the day and that the week did. */
  readonly adjustmentLosses: number;
  readonly daily: number;
  readonly weekly: number;
  /** Of the last event: its base, its unit (the key's scale), its adjusted value and the scale of that. */
  readonly base: number;
  readonly unit: number;
  readonly adjustedValue: number;
  readonly adjustedScale: number;
  /** Rings of the adjusted values and their scales. */
  readonly adjustedValues: number;
  readonly adjustedScales: number;
  /** Of each band, the mean squared error of a step, by the step. */
  readonly squaredErrors: number;
  /** Of each forecast that waits: the base and the unit of its event. */
  readonly waitingBases: number;
  readonly waitingUnits: number;
  /** Of the lasting day what `daily`, `day`, `dayMean` and its `adjustmentLosses` are of the other one. */
  readonly lasting: number;
  readonly lastingDay: number;
  readonly lastingMean: number;
  readonly lastingLoss: number;
  /** By profile, a level of the adjusted values, and the discounted squared distances from it. */
  readonly adjustmentLevels: number;
  readonly adjustmentDistances: number;
  readonly size: number;
}

/** Offsets in the row of singles. Forecasts are relative to the base of their event, in its units times √step. */
export interface HorizonF32 {
  /** Ring of the last adjusted changes. */
  readonly changes: number;
  /** What the flat experts say of the last event, before the division by √step. */
  readonly flat: number;
  /** The trend's level and slope at the last event, in scales, and its slopes at each rate; their losses. */
  readonly trendLevel: number;
  readonly trendSlope: number;
  readonly slopes: number;
  readonly slopeLosses: number;
  /** What the season's forecasts of the last event are made of: period, variant, and deviation in scales. */
  readonly seasonPeriod: number;
  readonly seasonVariant: number;
  readonly seasonDeviation: number;
  /** The mixture's discounted regrets of the experts and the sums of their squares, `[blocks, experts]` each. */
  readonly regrets: number;
  readonly squares: number;
  /** Discounted absolute errors of all experts, `[blocks, experts]`. */
  readonly losses: number;
  /** Quantiles of the scaled errors below and above, `[levels, 2, bands]`. */
  readonly quantiles: number;
  /** Errors that the intervals of each band have learned from. */
  readonly tracked: number;
  /** Forecasts that wait: of the mixture, then of all experts, `[entries, 1 + experts]`. */
  readonly waiting: number;
  /** The trend's level and slopes behind the waiting forecasts of the last block, `[entries, 1 + slopes]`. */
  readonly waitingTrends: number;
  /** Rings of phases of the day that the next value was due, less 1 where the event's value was missing; and of the distances from the levels. */
  readonly phases: number;
  readonly distances: number;
  /** Ring of the adjusted changes that the events forecast next, in adjusted scales. */
  readonly nexts: number;
  readonly size: number;
}

export interface HorizonLayout {
  readonly horizon: number;
  /** Levels of the intervals. */
  readonly levels: number;
  readonly blocks: readonly StepBlock[];
  /** The bands of all blocks, in order. */
  readonly bands: readonly StepBand[];
  /** Length of the ring of changes. */
  readonly changes: number;
  readonly f64: HorizonF64;
  readonly f32: HorizonF32;
}

export function horizonLayout(horizon: number, levels = 1): HorizonLayout {
  const blocks = stepBlocks(horizon);
  const bands = blocks.flatMap((block) => block.bands);
  const ring = horizon > 1 ? horizon : 0;
  // Blocks learn from events up to H ago, with the changes before them.
  const changes = adjustedChanges + ring;
  const experts = horizonExperts.length;
  const entries = blocks.reduce((sum, block) => sum + block.entries, 0);
  const f64 = allocator();
  const f32 = allocator();
  return {
    horizon,
    levels,
    blocks,
    bands,
    changes,
    f64: {
      adjusted: f64.take(1),
      squaredChange: f64.take(1),
      day: f64.take(1),
      week: f64.take(1),
      dayMean: f64.take(1),
      weekMean: f64.take(1),
      levels: f64.take(levelRates.length),
      levelSquares: f64.take(levelRates.length),
      adjustmentLosses: f64.take(profiles),
      daily: f64.take(profileSize(daily)),
      weekly: f64.take(profileSize(weekly)),
      base: f64.take(1),
      unit: f64.take(1),
      adjustedValue: f64.take(1),
      adjustedScale: f64.take(1),
      adjustedValues: f64.take(ring),
      adjustedScales: f64.take(ring),
      squaredErrors: f64.take(bands.length),
      waitingBases: f64.take(entries),
      waitingUnits: f64.take(entries),
      lasting: f64.take(profileSize(lasting)),
      lastingDay: f64.take(1),
      lastingMean: f64.take(1),
      lastingLoss: f64.take(1),
      adjustmentLevels: f64.take(profiles),
      adjustmentDistances: f64.take(profiles),
      size: f64.size(),
    },
    f32: {
      changes: f32.take(changes),
      flat: f32.take(flatExperts),
      trendLevel: f32.take(1),
      trendSlope: f32.take(1),
      slopes: f32.take(slopeRates.length),
      slopeLosses: f32.take(slopeRates.length),
      seasonPeriod: f32.take(1),
      seasonVariant: f32.take(1),
      seasonDeviation: f32.take(1),
      regrets: f32.take(blocks.length * experts),
      squares: f32.take(blocks.length * experts),
      losses: f32.take(blocks.length * experts),
      quantiles: f32.take(2 * levels * bands.length),
      tracked: f32.take(bands.length),
      waiting: f32.take(entries * (1 + experts)),
      waitingTrends: f32.take((blocks.at(-1)?.entries ?? 0) * (1 + slopeRates.length)),
      phases: f32.take(ring),
      distances: f32.take(ring * levelRates.length),
      nexts: f32.take(ring),
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
