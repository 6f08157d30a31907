/**
 * The baselines of a model besides persistence. They are streaming, with one object per key, and never read a value before its
 * turn.
 */
import { detectPeriod, largestPeriod } from "./season.js";

/** Forecasts one key's next value from its values so far. */
export interface Baseline {
  /** Forecast of the next value; NaN before the first observed one. */
  readonly forecast: number;
  /** Takes the next value; NaN if missing. */
  observe(value: number): void;
}

/** Values after which the period is looked for: three times the longest period that can then be found. */
const detections: readonly number[] = [135, 270, 540, 1080, 2160, 3 * largestPeriod];

/**
 * The forecast is the value of one period before, counted in values; that of persistence while there is none: before
 * the first period is over, while none is known, and where that value is missing. So it is scored on the same values
 * as everything else. Without a given period it looks for one in the values so far, and again as they double, up to
 * the 4,320th; the period found last holds from then on. Takes at most 34 KB a key while it looks, 11.5 KB after.
 */
export class SeasonalNaive implements Baseline {
  /** Values from one season to the next; 0 while none is known. */
  period: number;
  forecast = NaN;
  readonly #detects: boolean;
  /** All values while looking for the period, else the values of the last period as a ring. */
  #values: Float64Array;
  #count = 0;
  #last = NaN;

  /** A given period lies between 1 and any length that fits into memory; without one it is detected. */
  constructor(period?: number) {
    this.#detects = period === undefined;
    this.period = period ?? 0;
    this.#values = new Float64Array(this.#detects ? detections[0]! : this.period);
  }

  observe(value: number): void {
    if (!Number.isNaN(value)) this.#last = value;
    if (this.#values.length > 0) this.#values[this.#count % this.#values.length] = value;
    this.#count++;
    if (this.#detects && detections.includes(this.#count)) this.#detect();
    this.forecast = this.ahead(1);
  }

  /** The forecast of the value `step` steps ahead: that of as many whole periods before as are needed. */
  ahead(step: number): number {
    return this.#seasonal(step) ?? this.#last;
  }

  #seasonal(step: number): number | undefined {
    if (this.period === 0 || this.#count < this.period) return undefined;
    const index = this.#count - 1 + step - this.period * Math.ceil(step / this.period);
    const value = this.#values[index % this.#values.length]!;
    return Number.isNaN(value) ? undefined : value;
  }

  #detect(): void {
    this.period = detectPeriod(this.#values) ?? 0;
    const next = detections[detections.indexOf(this.#count) + 1];
    if (next !== undefined) {
      const longer = new Float64Array(next);
      longer.set(this.#values);
      this.#values = longer;
      return;
    }
    // From here on a ring: value c lies at c modulo the period.
    const ring = new Float64Array(this.period);
    for (let c = this.#count - this.period; c < this.#count; c++) ring[c % this.period] = this.#values[c]!;
    this.#values = ring;
  }
}

/** Smoothing factors to choose from; 1 would be persistence. */
const factors = [0.1, 0.3, 0.5, 0.7, 0.9] as const;

/**
 * Simple exponential smoothing, level += α · (value - level), whose forecast is the level. It smooths with five
 * factors side by side and forecasts with the one whose absolute errors so far are the smallest.
 */
export class ExponentialSmoothing implements Baseline {
  forecast = NaN;
  readonly #levels = new Float64Array(factors.length).fill(NaN);
  readonly #errors = new Float64Array(factors.length);
  #best = 0;

  /** The factor that forecasts the next value. */
  get alpha(): number {
    return factors[this.#best]!;
  }

  observe(value: number): void {
    if (Number.isNaN(value)) return;
    const levels = this.#levels;
    const errors = this.#errors;
    if (Number.isNaN(this.forecast)) levels.fill(value);
    let best = 0;
    for (let i = 0; i < factors.length; i++) {
      const error = value - levels[i]!;
      levels[i] = levels[i]! + factors[i]! * error;
      errors[i] = errors[i]! + Math.abs(error);
      if (errors[i]! < errors[best]!) best = i;
    }
    this.#best = best;
    this.forecast = levels[best]!;
  }
}
