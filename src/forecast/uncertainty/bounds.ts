/** Keeps forecasts and intervals within the range of possible values. The experts know nothing of that range. */
import type { ForecastColumns } from "../columns.js";
import { heldFeature } from "../keys/features.js";
import type { KeyRow } from "../keys/row.js";
import { commonBounds, type ForecasterSettings } from "../settings.js";

/** What bounds depend on. */
export type BoundsSettings = Pick<ForecasterSettings, "bounds" | "kind">;

/** Cuts what is written of the forecasts of one key at a time. NaN stays NaN. */
export class Bounds {
  /** Bounds of all keys; infinite where there are none. */
  readonly #least: number;
  readonly #largest: number;
  /** Places of the features that hold a key's own bounds; -1 where none does. */
  readonly #minFeature: number;
  readonly #maxFeature: number;
  /** Bounds of the key under way. */
  #min: number;
  #max: number;

  constructor(settings: BoundsSettings) {
    const common = commonBounds(settings);
    this.#min = this.#least = common.min;
    this.#max = this.#largest = common.max;
    const { min, max } = settings.bounds ?? {};
    this.#minFeature = typeof min === "object" ? min.feature : -1;
    this.#maxFeature = typeof max === "object" ? max.feature : -1;
  }

  /** Turns to a key. Its own bounds are what its features say so far; a feature that never came bounds nothing. */
  turnTo(key: KeyRow): void {
    if (this.#minFeature >= 0) {
      const min = heldFeature(key, this.#minFeature);
      this.#min = Number.isNaN(min) ? this.#least : Math.max(min, this.#least);
    }
    if (this.#maxFeature >= 0) {
      const max = heldFeature(key, this.#maxFeature);
      this.#max = Number.isNaN(max) ? this.#largest : max;
    }
  }

  /** Returns the nearest possible value. */
  clip(value: number): number {
    // Not by Math.min and Math.max, which give NaN a sign that depends on the compiler's tier. A maximum below the minimum wins.
    const raised = value < this.#min ? this.#min : value;
    return raised > this.#max ? this.#max : raised;
  }

  /** Cuts the forecast that was made of the event of row `row`, and its intervals. */
  clipExpected({ expected, expectedLower, expectedUpper, intervals }: ForecastColumns, row: number): void {
    if (this.#areInfinite()) return;
    expected[row] = this.clip(expected[row]!);
    expectedLower[row] = this.clip(expectedLower[row]!);
    expectedUpper[row] = this.clip(expectedUpper[row]!);
    this.#clipAll(intervals.expectedLower, row, intervals.levels.length);
    this.#clipAll(intervals.expectedUpper, row, intervals.levels.length);
  }

  /** Cuts the forecast of the next value in row `row`, and its intervals. */
  clipNext({ yhat, yhatLower, yhatUpper, intervals }: ForecastColumns, row: number): void {
    if (this.#areInfinite()) return;
    yhat[row] = this.clip(yhat[row]!);
    yhatLower[row] = this.clip(yhatLower[row]!);
    yhatUpper[row] = this.clip(yhatUpper[row]!);
    this.#clipAll(intervals.yhatLower, row, intervals.levels.length);
    this.#clipAll(intervals.yhatUpper, row, intervals.levels.length);
  }

  /** Cuts the forecasts of the further steps in row `row`, and their intervals. */
  clipSteps({ steps, intervals }: ForecastColumns, row: number): void {
    if (this.#areInfinite()) return;
    const width = steps.horizon - 1;
    this.#clipAll(steps.yhat, row, width);
    this.#clipAll(steps.yhatLower, row, width);
    this.#clipAll(steps.yhatUpper, row, width);
    this.#clipAll(intervals.stepLower, row, width * intervals.levels.length);
    this.#clipAll(intervals.stepUpper, row, width * intervals.levels.length);
  }

  #areInfinite(): boolean {
    return this.#min === -Infinity && this.#max === Infinity;
  }

  #clipAll(column: Float64Array, row: number, width: number): void {
    const end = (row + 1) * width;
    for (let i = row * width; i < end; i++) column[i] = this.clip(column[i]!);
  }
}
