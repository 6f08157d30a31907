/** Scores the forecasts of one key 2 to H steps ahead, with baselines made at the same events. */
import type { SeasonalNaive } from "./baselines.js";
import type { StepColumns } from "../columns.js";
import { ErrorTotals, Score } from "./score.js";

/** The scores of one step. */
export interface StepScore {
  readonly step: number;
  readonly score: Score;
  readonly seasonalErrors: ErrorTotals;
}

/** Forecasts wait in rings for the values they are of: those of event number n lie at n modulo H. */
export class StepScores {
  /** Of steps 2 to H. */
  readonly steps: readonly StepScore[];
  readonly #horizon: number;
  readonly #yhat: Float64Array;
  readonly #lower: Float64Array;
  readonly #upper: Float64Array;
  readonly #seasonal: Float64Array;
  /** The last observed value at each event: the forecast of persistence. */
  readonly #held: Float64Array;
  #events = 0;

  constructor(horizon: number) {
    this.#horizon = horizon;
    const ring = (): Float64Array => new Float64Array(horizon * (horizon - 1)).fill(NaN);
    this.#yhat = ring();
    this.#lower = ring();
    this.#upper = ring();
    this.#seasonal = ring();
    this.#held = new Float64Array(horizon).fill(NaN);
    this.steps = Array.from({ length: horizon - 1 }, (_, i) => ({
      step: i + 2,
      score: new Score(),
      seasonalErrors: new ErrorTotals(),
    }));
  }

  /** Scores the forecasts of the key's next value; NaN if it is not to be scored. */
  score(value: number): void {
    if (Number.isNaN(value)) return;
    const forecast = { expected: NaN, previous: NaN, lower: NaN, upper: NaN };
    for (const { step, score, seasonalErrors } of this.steps) {
      if (step > this.#events) return;
      const origin = (this.#events - step) % this.#horizon;
      const at = origin * (this.#horizon - 1) + step - 2;
      forecast.expected = this.#yhat[at]!;
      forecast.previous = this.#held[origin]!;
      forecast.lower = this.#lower[at]!;
      forecast.upper = this.#upper[at]!;
      if (score.add(value, forecast)) {
        seasonalErrors.add(value - this.#seasonal[at]!);
      }
    }
  }

  /** Takes the forecasts of a row, after the baseline has taken its value; `held` is the last observed value. */
  take(columns: StepColumns, row: number, held: number, seasonal: SeasonalNaive): void {
    const place = this.#events++ % this.#horizon;
    const width = this.#horizon - 1;
    const to = place * width;
    const from = row * width;
    for (let i = 0; i < width; i++) {
      this.#yhat[to + i] = columns.yhat[from + i]!;
      this.#lower[to + i] = columns.yhatLower[from + i]!;
      this.#upper[to + i] = columns.yhatUpper[from + i]!;
      this.#seasonal[to + i] = seasonal.ahead(i + 2);
    }
    this.#held[place] = held;
  }
}
