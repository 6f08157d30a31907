/** Scores of forecasts that were made before their values were seen: errors, skill against persistence, coverage. */

/** Share of the error of persistence that a forecast removes; NaN while either error is unknown. */
export function skillOf(error: number, persistenceError: number): number {
  if (persistenceError > 0) return 1 - error / persistenceError;
  // A series that never changed: an equal forecast is exactly as good as persistence.
  return error === 0 && persistenceError === 0 ? 0 : NaN;
}

/** The forecast of a value, as in `ForecastColumns`; NaN stands for none. */
export interface ScoredForecast {
  readonly expected: number;
  /** The key's previous value: the forecast of persistence. */
  readonly previous: number;
  /** The interval of the forecast. */
  readonly lower: number;
  readonly upper: number;
}

/**
 * A score that forgets: each new value multiplies the weight of all earlier ones by `decay`. For gauges and live
 * pages; O(1) per value, no allocation.
 *
 * @example
 * ```ts
 * const score = new RunningScore(0.99); // remembers about 1 / (1 - 0.99) = 100 values
 * score.add(10, { expected: 9, previous: 8, lower: 7, upper: 11 });
 * score.mae; // 1
 * score.skill; // 0.5: persistence, which said 8, was off by 2
 * ```
 */
export class RunningScore {
  readonly #decay: number;
  #count = 0;
  #weight = 0;
  #error = 0;
  #persistenceError = 0;
  #intervalWeight = 0;
  #hits = 0;

  /** `decay` lies in (0, 1]; 1 forgets nothing. */
  constructor(decay: number) {
    this.#decay = decay;
  }

  /**
   * Adds a value and the forecast made of it. Without value, forecast or previous value (NaN) nothing is scored; without
   * an interval (NaN) coverage is left as it is.
   */
  add(value: number, { expected, previous, lower, upper }: ScoredForecast): void {
    const error = Math.abs(value - expected);
    const persistenceError = Math.abs(value - previous);
    if (Number.isNaN(error + persistenceError)) return;
    const decay = this.#decay;
    this.#count++;
    this.#weight = this.#weight * decay + 1;
    this.#error = this.#error * decay + error;
    this.#persistenceError = this.#persistenceError * decay + persistenceError;
    if (Number.isNaN(lower + upper)) return;
    this.#intervalWeight = this.#intervalWeight * decay + 1;
    this.#hits = this.#hits * decay + (value >= lower && value <= upper ? 1 : 0);
  }

  /** Values scored so far, none forgotten. */
  get count(): number {
    return this.#count;
  }

  /** Mean absolute error of the forecasts; NaN before the first. */
  get mae(): number {
    return this.#error / this.#weight;
  }

  /** Mean absolute error of persistence on the same values; NaN before the first. */
  get persistenceMae(): number {
    return this.#persistenceError / this.#weight;
  }

  /** 1 - MAE / MAE of persistence: above 0 is better than persistence. */
  get skill(): number {
    return skillOf(this.mae, this.persistenceMae);
  }

  /** Share of the values with an interval that lay inside it, 0 to 1; NaN before the first. */
  get coverage(): number {
    return this.#hits / this.#intervalWeight;
  }
}

/** Exact totals of the errors of one forecaster. */
export class ErrorTotals {
  #count = 0;
  #absolute = 0;
  #squared = 0;

  add(error: number): void {
    this.#count++;
    this.#absolute += Math.abs(error);
    this.#squared += error * error;
  }

  /** Adds the totals of another score, as if its errors had been added here. */
  addAll(other: ErrorTotals): void {
    this.#count += other.#count;
    this.#absolute += other.#absolute;
    this.#squared += other.#squared;
  }

  get count(): number {
    return this.#count;
  }

  /** Mean absolute error; NaN before the first. */
  get mae(): number {
    return this.#absolute / this.#count;
  }

  /** Root of the mean squared error; NaN before the first. */
  get rmse(): number {
    return Math.sqrt(this.#squared / this.#count);
  }
}

/**
 * Exact totals of one key over a whole run: nothing is forgotten.
 *
 * @example
 * ```ts
 * const score = new Score();
 * score.add(10, { expected: 9, previous: 8, lower: 7, upper: 11 });
 * score.skill; // 0.5
 * score.coverage; // 1
 * ```
 */
export class Score {
  /** Errors of the forecasts. */
  readonly model = new ErrorTotals();
  /** Errors of persistence on the same values. */
  readonly persistence = new ErrorTotals();
  #intervals = 0;
  #hits = 0;

  /** As `RunningScore.add`. Returns whether the value was scored. */
  add(value: number, { expected, previous, lower, upper }: ScoredForecast): boolean {
    const error = value - expected;
    const persistenceError = value - previous;
    if (Number.isNaN(error + persistenceError)) return false;
    this.model.add(error);
    this.persistence.add(persistenceError);
    if (!Number.isNaN(lower + upper)) {
      this.#intervals++;
      if (value >= lower && value <= upper) this.#hits++;
    }
    return true;
  }

  /** Values scored. */
  get count(): number {
    return this.model.count;
  }

  /** 1 - MAE / MAE of persistence; NaN before the first. */
  get skill(): number {
    return skillOf(this.model.mae, this.persistence.mae);
  }

  /** Values scored that had an interval. */
  get intervals(): number {
    return this.#intervals;
  }

  /** Values that lay inside their interval. */
  get hits(): number {
    return this.#hits;
  }

  /** Share of values inside their interval, 0 to 1; NaN before the first. */
  get coverage(): number {
    return this.#hits / this.#intervals;
  }
}

/**
 * Skill over keys of different scale: 1 minus the geometric mean of MAE / MAE of persistence, each key counted
 * once; NaN without any. Takes the two MAEs of each key. Keys whose ratio has no logarithm (nothing scored, or
 * persistence or the forecast never wrong) are left out; `keys` says how many are in.
 *
 * @example
 * ```ts
 * overallSkill([[1, 2], [40, 20]]); // { skill: 0, keys: 2 }: one twice as good, one twice as bad
 * ```
 */
export function overallSkill(pairs: Iterable<readonly [mae: number, persistenceMae: number]>): {
  readonly skill: number;
  readonly keys: number;
} {
  let sum = 0;
  let keys = 0;
  for (const [mae, persistenceMae] of pairs) {
    const ratio = mae / persistenceMae;
    if (!(ratio > 0) || ratio === Infinity) continue;
    sum += Math.log(ratio);
    keys++;
  }
  return { skill: 1 - Math.exp(sum / keys), keys };
}
