/** Where each quantity of a key lies in its two rows: 64-bit numbers (`f64`), and 32-bit singles (`f32`) in units of the key's scale. */
import type { ForecasterSettings } from "../settings.js";

/** Recent scaled changes that the read-out sees beside the hidden state. */
export const recentChanges = 24;

/** Recent changes that a key's own read-out sees, by the kind of read-out. */
export const ownChanges = { shared: 0, compact: 12, full: recentChanges } as const;

/** The tail of the error distribution is modelled above this quantile (see `interval.ts`). */
export const tailLevel = 0.9;

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
  /** Running mean square of the forecast errors. */
  squaredError: 9,
  /** The same over few errors: where the two are far apart, the size of the errors has changed. */
  recentSquaredError: 10,
  /** What had been expected in the place of the last value, where that was a surprise (`surprise.ts`); else that value. */
  undisturbed: 11,
  /** The first of the exogenous features, each with a block of `featureNumbers` (see `features.ts`). */
  features: 12,
} as const;

/** Numbers that a key keeps of each exogenous feature, and inputs of the cell that it becomes. */
export const featureNumbers = 5;
export const featureInputs = 2;

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
  /** Quantiles of the scaled error, one for each tracked level. */
  readonly quantiles: number;
  /** Mean excess over the tail quantile, number of excesses, calibration of the alarm threshold. */
  readonly tail: number;
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
  /** State of each expert. */
  readonly experts: readonly number[];
  /** What the seasonal regression forecast with the last event, for the step of the cell; see `ExpertInput`. */
  readonly seasonal: number | undefined;
  /** Lengths of the two rows. */
  readonly f32Size: number;
  readonly f64Size: number;
}

/** Coverage levels whose quantiles are tracked: those asked for, and that of the tail. */
export function trackedLevels(settings: ForecasterSettings): readonly number[] {
  return settings.intervalLevels.includes(tailLevel)
    ? settings.intervalLevels
    : [...settings.intervalLevels, tailLevel];
}

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
  experts: readonly { readonly stateSize: number }[],
): KeyLayout {
  let size = 0;
  const take = (length: number): number => {
    const offset = size;
    size += length;
    return offset;
  };
  return {
    mixture: take(1),
    forecasts: take(experts.length),
    regrets: take(experts.length),
    squares: take(experts.length),
    excess: take(1),
    quantiles: take(trackedLevels(settings).length),
    tail: take(3),
    usual: take(1),
    changes: take(settings.bpttSteps + recentChanges),
    ownChanges: take(ownChanges[settings.readout]),
    levels: take(settings.bpttSteps),
    gaps: take(settings.bpttSteps),
    phases: take(settings.bpttSteps),
    features: take(settings.bpttSteps * featureInputs * settings.featureCount),
    featureCount: settings.featureCount,
    experts: experts.map((expert) => take(expert.stateSize)),
    seasonal: settings.readout === "full" ? take(1) : undefined,
    f32Size: size,
    f64Size: number.features + featureNumbers * settings.featureCount,
  };
}
