/** Scores forecasts key by key, with baselines on exactly the same values. A backtest prints its sums. */
import { ExponentialSmoothing, SeasonalNaive } from "./baselines.js";
import type { ForecastColumns } from "../columns.js";
import { ErrorTotals, Score } from "./score.js";
import { StepScores } from "./step-scores.js";

export interface ScoreboardOptions {
  /** Values from one season to the next; detected for each key if left out. */
  readonly period?: number | undefined;
  /** Events of each key that are not scored at first. */
  readonly warmup?: number | undefined;
  /** Steps ahead that are scored; 1 by default. */
  readonly horizon?: number | undefined;
}

/** The scores of one key. */
export class KeyScores {
  /** Events, missing values included. */
  events = 0;
  missing = 0;
  readonly score = new Score();
  readonly seasonalErrors = new ErrorTotals();
  readonly smoothingErrors = new ErrorTotals();
  readonly seasonal: SeasonalNaive;
  readonly smoothing = new ExponentialSmoothing();

  /** Where more than the next value is forecast. */
  readonly ahead: StepScores | undefined;

  constructor(period: number | undefined, horizon: number) {
    this.seasonal = new SeasonalNaive(period);
    if (horizon > 1) this.ahead = new StepScores(horizon);
  }
}

/**
 * A value is scored if it is not missing, had a forecast, and comes after the warm-up of its key; model, persistence,
 * seasonal naive and exponential smoothing are then all scored on it. Further steps are scored in the same way.
 *
 * @example
 * ```ts
 * const scoreboard = new Scoreboard({ warmup: 300 });
 * forecaster.observe(observations, forecasts);
 * scoreboard.add(forecasts, observations.count);
 * scoreboard.keys[0]?.score.skill; // of the key in slot 0
 * ```
 */
export class Scoreboard {
  /** By slot. */
  readonly keys: (KeyScores | undefined)[] = [];
  readonly #period: number | undefined;
  readonly #warmup: number;
  readonly #horizon: number;

  constructor({ period, warmup = 0, horizon = 1 }: ScoreboardOptions = {}) {
    this.#period = period;
    this.#warmup = warmup;
    this.#horizon = horizon;
  }

  /** Adds the first `count` rows. */
  add(columns: ForecastColumns, count: number): void {
    const { slots, values, expected, expectedLower, expectedUpper, previous } = columns;
    const forecast = { expected: NaN, previous: NaN, lower: NaN, upper: NaN };
    for (let row = 0; row < count; row++) {
      const key = (this.keys[slots[row]!] ??= new KeyScores(this.#period, this.#horizon));
      const value = values[row]!;
      key.events++;
      if (Number.isNaN(value)) key.missing++;
      else if (key.events > this.#warmup) {
        forecast.expected = expected[row]!;
        forecast.previous = previous[row]!;
        forecast.lower = expectedLower[row]!;
        forecast.upper = expectedUpper[row]!;
        if (key.score.add(value, forecast)) {
          key.seasonalErrors.add(value - key.seasonal.forecast);
          key.smoothingErrors.add(value - key.smoothing.forecast);
        }
      }
      key.seasonal.observe(value);
      key.smoothing.observe(value);
      key.ahead?.score(key.events > this.#warmup ? value : NaN);
      key.ahead?.take(columns.steps, row, Number.isNaN(value) ? previous[row]! : value, key.seasonal);
    }
  }
}
