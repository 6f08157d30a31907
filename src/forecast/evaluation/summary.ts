/** The outcome of a backtest as one object: what `backtest` returns, `--json` prints and the table shows. */
import { ErrorTotals, overallSkill, skillOf, type Score } from "./score.js";
import type { KeyScores } from "./scoreboard.js";
import type { ExpertRecord } from "./expert-record.js";
import type { StepScore } from "./step-scores.js";

/** Errors of one forecaster; null if nothing was scored. */
export interface ErrorSummary {
  /** Mean absolute error, in the unit of the values. */
  readonly mae: number | null;
  /** Root of the mean squared error, in the unit of the values. */
  readonly rmse: number | null;
  /** 1 - MAE / MAE of persistence. */
  readonly skill: number | null;
}

/** Errors over some events, and their counts. */
export interface ScoredEvents extends ErrorSummary {
  /** Number of accepted events. */
  readonly events: number;
  /** Number of events without a value. */
  readonly missing: number;
  /** Number of values with an earlier forecast, without the warm-up. */
  readonly scored: number;
  /** Share of the values inside their interval; null if nothing was scored. */
  readonly coverage: number | null;
}

/** Weights of the experts in the mixture, 0 to 1, by their names. */
export type ExpertsSummary = Readonly<
  Record<
    string,
    {
      /** In the forecast after the last value. */
      readonly final: number;
      /** Over the run, as sampled after each batch. */
      readonly mean: number;
    }
  >
>;

/** How well the values some steps ahead were forecast. */
export interface StepSummary extends ErrorSummary {
  /** Number of values ahead, from 1. */
  readonly step: number;
  /** Number of values with a forecast of this step. */
  readonly scored: number;
  /** Share of the values inside their interval; null if nothing was scored. */
  readonly coverage: number | null;
  /** Errors of simple methods on the same values. */
  readonly baselines: { readonly persistence: ErrorSummary; readonly seasonal_naive: ErrorSummary };
}

/** How well the next values of one key were forecast, and by whom. */
export interface KeySummary extends ScoredEvents {
  readonly key: string;
  /** Errors of simple methods on the same values. */
  readonly baselines: {
    readonly persistence: ErrorSummary;
    /** `period` in values; null if none was detected. */
    readonly seasonal_naive: ErrorSummary & { readonly period: number | null };
    readonly exponential_smoothing: ErrorSummary & { readonly alpha: number };
  };
  /** Weights of the experts in the key's forecasts. */
  readonly experts: ExpertsSummary;
  /** Steps 1 to the horizon, where that is above 1. */
  readonly horizon?: readonly StepSummary[];
}

/** How well all keys were forecast. */
export interface OverallSummary extends ScoredEvents {
  /** Number of keys. */
  readonly keys: number;
  /** Errors of simple methods on the same values. */
  readonly baselines: {
    readonly persistence: ErrorSummary;
    readonly seasonal_naive: ErrorSummary;
    readonly exponential_smoothing: ErrorSummary;
  };
  /** Means over the keys. */
  readonly experts: ExpertsSummary;
  /** Steps 1 to the horizon, where that is above 1. */
  readonly horizon?: readonly StepSummary[];
}

/** The scores of one key. */
export function summariseKey(
  key: string,
  scores: KeyScores,
  experts: ExpertRecord,
  slot: number,
): KeySummary {
  const { score, seasonal, seasonalErrors, smoothing, smoothingErrors } = scores;
  const { persistence } = score;
  return {
    key,
    events: scores.events,
    missing: scores.missing,
    scored: score.count,
    ...errorsOf(score.model, skillOf(score.model.mae, persistence.mae)),
    coverage: nullable(score.coverage),
    baselines: {
      persistence: errorsOf(persistence, skillOf(persistence.mae, persistence.mae)),
      seasonal_naive: {
        ...errorsOf(seasonalErrors, skillOf(seasonalErrors.mae, persistence.mae)),
        period: seasonal.period === 0 ? null : seasonal.period,
      },
      exponential_smoothing: {
        ...errorsOf(smoothingErrors, skillOf(smoothingErrors.mae, persistence.mae)),
        alpha: smoothing.alpha,
      },
    },
    experts: expertsOf(experts, [slot]),
    ...horizonOf([scores]),
  };
}

/**
 * All keys together: MAE, RMSE and coverage over all scored values, skill as 1 - the geometric mean over keys of
 * MAE / MAE of persistence. `slots` are those of the keys.
 */
export function summariseAll(
  all: readonly KeyScores[],
  experts: ExpertRecord,
  slots: readonly number[],
): OverallSummary {
  const sum = (count: (scores: KeyScores) => number): number =>
    all.reduce((total, key) => total + count(key), 0);
  const overall = (totals: (scores: KeyScores) => ErrorTotals): ErrorSummary => {
    const together = new ErrorTotals();
    for (const scores of all) together.addAll(totals(scores));
    const pairs = all.map((scores) => [totals(scores).mae, scores.score.persistence.mae] as const);
    return errorsOf(together, overallSkill(pairs).skill);
  };
  return {
    keys: all.length,
    events: sum((scores) => scores.events),
    missing: sum((scores) => scores.missing),
    scored: sum((scores) => scores.score.count),
    ...overall((scores) => scores.score.model),
    coverage: nullable(sum((scores) => scores.score.hits) / sum((scores) => scores.score.intervals)),
    baselines: {
      persistence: overall((scores) => scores.score.persistence),
      seasonal_naive: overall((scores) => scores.seasonalErrors),
      exponential_smoothing: overall((scores) => scores.smoothingErrors),
    },
    experts: expertsOf(experts, slots),
    ...horizonOf(all),
  };
}

/** Each step over these keys: errors and coverage over all scored values, skill as the overall one. */
function horizonOf(keys: readonly KeyScores[]): { readonly horizon?: readonly StepSummary[] } {
  const steps = keys[0]?.ahead?.steps.length ?? 0;
  if (steps === 0) return {};
  const first = keys.map(({ score, seasonalErrors }) => ({ step: 1, score, seasonalErrors }));
  const further = Array.from({ length: steps }, (_, i) => keys.map(({ ahead }) => ahead!.steps[i]!));
  return { horizon: [first, ...further].map(summariseStep) };
}

function summariseStep(keys: readonly StepScore[]): StepSummary {
  const overall = (totals: (score: StepScore) => ErrorTotals): ErrorSummary => {
    const together = new ErrorTotals();
    for (const key of keys) together.addAll(totals(key));
    const pairs = keys.map((key) => [totals(key).mae, key.score.persistence.mae] as const);
    const skill = keys.length === 1 ? skillOf(...pairs[0]!) : overallSkill(pairs).skill;
    return errorsOf(together, skill);
  };
  const sum = (count: (score: Score) => number): number =>
    keys.reduce((total, { score }) => total + count(score), 0);
  return {
    step: keys[0]!.step,
    scored: sum((score) => score.count),
    ...overall(({ score }) => score.model),
    coverage: nullable(sum((score) => score.hits) / sum((score) => score.intervals)),
    baselines: {
      persistence: overall(({ score }) => score.persistence),
      seasonal_naive: overall(({ seasonalErrors }) => seasonalErrors),
    },
  };
}

function expertsOf(experts: ExpertRecord, slots: readonly number[]): ExpertsSummary {
  const mean = (weightOf: (slot: number) => number): number =>
    slots.reduce((sum, slot) => sum + weightOf(slot), 0) / slots.length;
  return Object.fromEntries(
    experts.names.map((name, expert) => [
      name,
      {
        final: mean((slot) => experts.final(slot)[expert]!),
        mean: mean((slot) => experts.mean(slot)[expert]!),
      },
    ]),
  );
}

function errorsOf(totals: ErrorTotals, skill: number): ErrorSummary {
  return { mae: nullable(totals.mae), rmse: nullable(totals.rmse), skill: nullable(skill) };
}

/** JSON has no NaN. */
export function nullable(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
