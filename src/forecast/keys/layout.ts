/** Where each quantity of a key lies in its two rows: 64-bit numbers (`f64`), and 32-bit singles (`f32`) in units of the key's scale. */
import type { ForecasterSettings } from "../settings.js";

/** Recent scaled changes that the read-out sees beside the hidden state. */
export const recentChanges = 24;

/** Recent changes that a key's own read-out sees, by the kind of read-out. */
export const ownChanges = { shared: 0, compact: 12, full: recentChanges } as const;

/** Singles that the panel of experts keeps (see `experts/panel.ts`). */
export const panelSize = 4;

/** Indices in a key's row of 64-bit numbers. */
export const number = {
  /** Events taken, missing values included; a count is an exact integer up to 2^53. */
  count: 0,
  /** Observed values. */
  observed: 1,
  /** What forecasts are relative to: the last value or, where that was missing, its imputation. */
  base: 2,
  /** The last observed value. */
  held: 3,
  /** Time of the last event, epoch milliseconds. */
  time: 4,
  /** Running typical time between events, milliseconds: 0 while unknown, negative while it rests on one gap (`gap.ts`). */
  gap: 5,
  /** Running mean and variance of the values. */
  mean: 6,
  variance: 7,
  /** Running mean square of the changes; its root is the scale. */
  squaredChange: 8,
  /** Running mean square of the forecast errors while the key moves: a rest leaves it as it is. */
  squaredError: 9,
  /** The same over few errors: where the two are far apart, the size of the errors has changed. */
  recentSquaredError: 10,
  /** What had been expected in the place of the last value, where that was a surprise (`surprise.ts`); else that value. */
  undisturbed: 11,
  /** The pending forecast, in the unit of the values; where the key follows a candidate, before it is moved there. */
  pending: 12,
  /** The last value that was set aside, and 1 where forecasts follow it, 2 where that of the next value does (`guard.ts`). */
  candidate: 13,
  follows: 14,
  /** Running mean square of the changes between values that were set aside one after the other. */
  candidateSquare: 15,
  /** The largest move that was believed, slowly forgotten. */
  largestMove: 16,
  /** The most frequent value (`atoms.ts`). */
  mode: 17,
  /** Step of the grid that the values lie on; 0 while unknown (`grid.ts`). */
  grid: 18,
  /** Updates of the weights before the pending forecast, plus one; 0 while unknown. */
  version: 19,
  /** The last value before the key's last shift, where that may still be taken back (`guard.ts`). */
  former: 20,
  /** The first of the exogenous features, each with a block of `featureNumbers` (see `features.ts`). */
  features: 21,
} as const;

/** Numbers that a key keeps of each exogenous feature, and inputs of the cell that it becomes. */
export const featureNumbers = 6;
export const featureInputs = 2;

/**
 * Offsets behind `aside`: discounted number of values set aside, those in a row, how many of them agree, what became of the
 * last, and for how many values more a shift may be taken back.
 */
export const aside = { doubt: 0, row: 1, agreeing: 2, stays: 3, open: 4 } as const;
const asideSingles = 5;
/**
 * Offsets behind `far`: what values after one that was set aside were, after the first of a row and after its later ones. 1
 * where they were like it, -1 where they were as expected before it.
 */
export const far = { afterFirst: 0, afterLater: 1 } as const;
const farSingles = 2;
/** Singles of a key's shares and losses of repeated values, and of its spread by the hour. */
export const atomSingles = 6;
export const gridSingles = 2;
export const spreadSingles = 27;

/** Inputs of the cell before the harmonics, in order; those of the features follow the harmonics. */
export const input = { change: 0, level: 1, gap: 2, missing: 3, harmonics: 4 } as const;

/** Offsets in a key's row of singles. Rings hold one entry per event, at the event's count modulo their length. */
export interface KeyLayout {
  /** The pending forecast, as a scaled change from the base. */
  readonly mixture: number;
  /** The experts' pending forecasts, one each. */
  readonly forecasts: number;
  /** The mixture's discounted regrets of the experts, and the sums of their squares. */
  readonly regrets: number;
  readonly squares: number;
  /** Sum of the change detector (`drift.ts`). */
  readonly excess: number;
  /** Quantiles of the scaled error, for each level one of the errors below and one of those above. */
  readonly quantiles: number;
  /** The scaled change that had been expected in the place of the last surprise. */
  readonly usual: number;
  /** Ring of scaled changes, `window + recentChanges` long. */
  readonly changes: number;
  /** Ring of what the key's own read-out sees of its changes: surprises are taken out (`surprise.ts`). */
  readonly ownChanges: number;
  /** Rings of scaled levels, log gaps, and phases of the day (minus 1 where the value was missing), `bpttSteps` long. */
  readonly levels: number;
  readonly gaps: number;
  readonly phases: number;
  /** Ring of what the cell sees of the features, `bpttSteps` entries of `featureInputs` for each. */
  readonly features: number;
  /** Exogenous features of an event. */
  readonly featureCount: number;
  /** Values that were set aside: the offsets of `aside`. */
  readonly aside: number;
  /** Values that the sizes have learned from, and repeats of the last value up to five (`scaling.ts`). */
  readonly moves: number;
  /** Shares and losses of the values that repeat (`atoms.ts`). */
  readonly atoms: number;
  /** Losses of the forecast and of the possible value nearest to it (`grid.ts`). */
  readonly grid: number;
  /** Size of the errors by the hour of the day (`spread.ts`). */
  readonly spread: number;
  /** State of each expert. */
  readonly experts: readonly number[];
  /** State of the experts that others look at, too. */
  readonly median: number;
  readonly trend: number;
  readonly periodic: number;
  /** What the seasonal regression forecast with the last event, for the step of the cell; see `ExpertInput`. */
  readonly seasonal: number | undefined;
  /** What the panel of experts keeps beside the mixture; see `experts/panel.ts`. */
  readonly panel: number;
  /** How values go on after those that were set aside: the offsets of `far`. Records before format 7 end before it. */
  readonly far: number;
  /** Lengths of the two rows. */
  readonly f32Size: number;
  readonly f64Size: number;
}

/** Experts whose state others look at: forecasts of further steps, and the seasons. */
type SharedExpert = "median" | "trend" | "periodic";

/** Values that the cell reads at each step. */
export function inputCount(settings: ForecasterSettings): number {
  return featuresInput(settings) + featureInputs * settings.featureCount;
}

/** The first input that is of the features. */
export function featuresInput(settings: Pick<ForecasterSettings, "harmonics">): number {
  return input.harmonics + 2 * settings.harmonics;
}

/** The layout of the rows of the settings, whose experts keep so many singles each. */
export function keyLayout(
  settings: ForecasterSettings,
  experts: readonly { readonly name: string; readonly stateSize: number }[],
): KeyLayout {
  let size = 0;
  const take = (length: number): number => {
    const offset = size;
    size += length;
    return offset;
  };
  const states = (offsets: readonly number[]): Pick<KeyLayout, "experts" | SharedExpert> => {
    const of = (name: SharedExpert): number => offsets[experts.findIndex((expert) => expert.name === name)]!;
    return { experts: offsets, median: of("median"), trend: of("trend"), periodic: of("periodic") };
  };
  return {
    mixture: take(1),
    forecasts: take(experts.length),
    regrets: take(experts.length),
    squares: take(experts.length),
    excess: take(1),
    quantiles: take(2 * settings.intervalLevels.length),
    usual: take(1),
    changes: take(settings.bpttSteps + recentChanges),
    ownChanges: take(ownChanges[settings.readout]),
    levels: take(settings.bpttSteps),
    gaps: take(settings.bpttSteps),
    phases: take(settings.bpttSteps),
    features: take(settings.bpttSteps * featureInputs * settings.featureCount),
    featureCount: settings.featureCount,
    aside: take(asideSingles),
    moves: take(2),
    atoms: take(atomSingles),
    grid: take(gridSingles),
    spread: take(spreadSingles),
    ...states(experts.map((expert) => take(expert.stateSize))),
    seasonal: settings.readout === "full" ? take(1) : undefined,
    panel: take(panelSize),
    far: take(farSingles),
    f32Size: size,
    f64Size: number.features + featureNumbers * settings.featureCount,
  };
}
