/** The outcome of a backtest as one object: what `--json` prints and the table shows. */
import { ErrorTotals, overallSkill, skillOf } from "../forecast/score.js";
import type { KeyScores } from "../forecast/scoreboard.js";

/** Errors of one forecaster; null where nothing was scored. */
interface Errors {
  readonly mae: number | null;
  readonly rmse: number | null;
  /** 1 - MAE / MAE of persistence. */
  readonly skill: number | null;
}

export interface KeySummary extends Errors {
  readonly key: string;
  readonly events: number;
  readonly missing: number;
  readonly scored: number;
  readonly coverage: number | null;
  readonly baselines: {
    readonly persistence: Errors;
    /** `period` in values; null where none was found. */
    readonly seasonal_naive: Errors & { readonly period: number | null };
    readonly exponential_smoothing: Errors & { readonly alpha: number };
  };
}

export interface OverallSummary extends Errors {
  readonly keys: number;
  readonly events: number;
  readonly missing: number;
  readonly scored: number;
  readonly coverage: number | null;
  readonly baselines: {
    readonly persistence: Errors;
    readonly seasonal_naive: Errors;
    readonly exponential_smoothing: Errors;
  };
}

/** The scores of one key. */
export function summariseKey(key: string, scores: KeyScores): KeySummary {
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
  };
}

/**
 * All keys together: MAE, RMSE and coverage over all scored values, skill as 1 - the geometric mean over keys of
 * MAE / MAE of persistence.
 */
export function summariseAll(all: readonly KeyScores[]): OverallSummary {
  const sum = (count: (scores: KeyScores) => number): number =>
    all.reduce((total, key) => total + count(key), 0);
  const overall = (totals: (scores: KeyScores) => ErrorTotals): Errors => {
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
  };
}

function errorsOf(totals: ErrorTotals, skill: number): Errors {
  return { mae: nullable(totals.mae), rmse: nullable(totals.rmse), skill: nullable(skill) };
}

/** JSON has no NaN. */
function nullable(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
