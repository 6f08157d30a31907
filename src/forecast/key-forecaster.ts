/** Forecasts one key: scores its pending forecast, updates its scale, and mixes its next forecast. */
import type { ForecastColumns } from "./columns.js";
import type { CurrentEvent } from "./current-event.js";
import { changed } from "./experts/drift.js";
import { clip } from "./elementary.js";
import type { Expert, ExpertInput } from "./experts/expert.js";
import { persistence } from "./experts/experts.js";
import { typicalGap } from "./keys/gap.js";
import {
  halfWidth,
  intervalSettings,
  startIntervals,
  trackError,
  type IntervalSettings,
} from "./uncertainty/interval.js";
import { number, trackedLevels } from "./keys/layout.js";
import type { KeyRow } from "./keys/row.js";
import { learnMixture, mixtureWeights, restartMixture } from "./experts/mixture.js";
import { scaleOf, trackScale } from "./keys/scaling.js";
import { NestedIntervals } from "./uncertainty/nested-intervals.js";
import type { ForecasterSettings } from "./settings.js";

/** Bounds in scaled changes: of an observed target, of the imputation of a missing value, of an expert's forecast. */
const largestTarget = 20;
const largestImputation = 10;
const largestForecast = 20;

/** The parts of a pending forecast. All numbers except the weights are in the unit of the values. */
export interface PendingForecast {
  /** The key's running level; `scale` is the typical size of its changes, by which the cell's inputs are divided. */
  readonly level: number;
  readonly scale: number;
  /** The forecast is the weighted sum of the experts' forecasts; the weights sum to 1. */
  readonly experts: readonly {
    readonly name: string;
    readonly weight: number;
    readonly forecast: number;
  }[];
}

export class KeyForecaster {
  readonly #experts: readonly Expert[];
  readonly #persistence: number;
  readonly #intervals: IntervalSettings;
  readonly #nested: NestedIntervals;
  readonly #squaredLoss: boolean;
  readonly #weights: Float64Array;

  constructor(settings: ForecasterSettings, experts: readonly Expert[]) {
    this.#experts = experts;
    this.#persistence = experts.indexOf(persistence);
    this.#intervals = intervalSettings(trackedLevels(settings), settings.alarmRate);
    this.#nested = new NestedIntervals(settings.intervalLevels);
    this.#squaredLoss = settings.loss === "squared";
    this.#weights = new Float64Array(experts.length);
  }

  /** The weights of the experts in the forecast of the key's next value. One array is reused. */
  weights(key: KeyRow): Float64Array {
    mixtureWeights(key, this.#weights);
    return this.#weights;
  }

  /** How the key's pending forecast came about. */
  explain(key: KeyRow): PendingForecast {
    const { f64, at64, f32, at32, layout } = key;
    const base = f64[at64 + number.base]!;
    const scale = scaleOf(key);
    const weights = this.weights(key);
    const experts = this.#experts.map(({ name }, e) => ({
      name,
      weight: weights[e]!,
      forecast: base + scale * f32[at32 + layout.forecasts + e]!,
    }));
    return { level: f64[at64 + number.mean]!, scale, experts };
  }

  /** Takes a key's first value. */
  start(key: KeyRow, value: number): void {
    const { f64, at64 } = key;
    f64[at64 + number.observed] = 1;
    f64[at64 + number.base] = value;
    f64[at64 + number.held] = value;
    f64[at64 + number.undisturbed] = value;
    f64[at64 + number.mean] = value;
    startIntervals(key, this.#intervals.levels.length);
  }

  /**
   * Writes how the pending forecast did against the event's value to its row; where the value is there, everything that
   * belongs to the key learns from it. Moves the base to the value, or to the imputation of a missing one, and
   * returns the scaled change that the cell is shown.
   */
  score(key: KeyRow, { forecasts, row, value, missing }: CurrentEvent): number {
    const { f64, at64, f32, at32, layout } = key;
    const scale = scaleOf(key);
    const base = f64[at64 + number.base]!;
    const mixture = f32[at32 + layout.mixture]!;
    const expected = base + scale * mixture;
    const half = halfWidth(key, 0);
    forecasts.expected[row] = expected;
    forecasts.expectedLower[row] = expected - half;
    forecasts.expectedUpper[row] = expected + half;
    const { levels, expectedLower, expectedUpper } = forecasts.intervals;
    if (levels.length > 0) {
      this.#fillHalves(key);
      this.#nested.write(expected, expectedLower, expectedUpper, row * levels.length);
    }
    forecasts.previous[row] = f64[at64 + number.held]!;
    if (missing) {
      const imputation = clip(mixture, largestImputation);
      f64[at64 + number.base] = base + scale * imputation;
      for (let e = 0; e < this.#experts.length; e++) {
        this.#experts[e]!.skip(f32, at32 + layout.experts[e]!, scale * imputation);
      }
      forecasts.anomalyScore[row] = NaN;
      return imputation;
    }
    const change = value - base;
    const target = clip(change / scale, largestTarget);
    f64[at64 + number.observed] = f64[at64 + number.observed]! + 1;
    for (let e = 0; e < this.#experts.length; e++) {
      this.#experts[e]!.learn(f32, at32 + layout.experts[e]!, change, scale);
    }
    learnMixture(key, this.#experts.length, target, this.#squaredLoss);
    const last = f32[at32 + layout.forecasts + this.#persistence]!;
    if (changed(key, this.#loss(target - mixture), this.#loss(target - last))) {
      restartMixture(key, this.#experts.length, this.#persistence);
    }
    forecasts.anomalyScore[row] = trackError(key, this.#intervals, change - scale * mixture);
    trackScale(key, value, change);
    f64[at64 + number.base] = value;
    f64[at64 + number.held] = value;
    return target;
  }

  /** Half the widths of a key's intervals at every level. */
  #fillHalves(key: KeyRow): void {
    const { halves } = this.#nested;
    for (let i = 0; i < halves.length; i++) halves[i] = halfWidth(key, i);
  }

  #loss(error: number): number {
    return this.#squaredLoss ? error * error : Math.abs(error);
  }

  /**
   * Mixes the forecast of a key's next value from what the experts say, into row `row`. Of `input` the read-outs are
   * given; the rest is filled in here.
   */
  forecast(key: KeyRow, input: ExpertInput, row: number, forecasts: ForecastColumns): void {
    const { f64, at64, f32, at32, layout } = key;
    const base = f64[at64 + number.base]!;
    input.scale = scaleOf(key);
    input.held = (f64[at64 + number.held]! - base) / input.scale;
    if (layout.seasonal !== undefined) input.seasonal = f32[at32 + layout.seasonal]!;
    const weights = this.weights(key);
    let mixture = 0;
    for (let e = 0; e < this.#experts.length; e++) {
      const forecast = this.#experts[e]!.forecast(f32, at32 + layout.experts[e]!, input);
      f32[at32 + layout.forecasts + e] = clip(forecast, largestForecast);
      mixture += weights[e]! * f32[at32 + layout.forecasts + e]!;
    }
    f32[at32 + layout.mixture] = mixture;
    // From the mixture as it is stored, in 32 bits, so that the next event's `expected` is this very forecast.
    const yhat = base + input.scale * f32[at32 + layout.mixture]!;
    const half = halfWidth(key, 0);
    const gap = typicalGap(key);
    forecasts.yhat[row] = yhat;
    forecasts.yhatLower[row] = yhat - half;
    forecasts.yhatUpper[row] = yhat + half;
    const { levels, yhatLower, yhatUpper } = forecasts.intervals;
    if (levels.length > 0) {
      this.#fillHalves(key);
      this.#nested.write(yhat, yhatLower, yhatUpper, row * levels.length);
    }
    forecasts.yhatTime[row] = gap > 0 ? f64[at64 + number.time]! + gap : NaN;
  }
}

const scores = ["expected", "expectedLower", "expectedUpper", "previous", "anomalyScore"] as const;
const predictions = ["yhat", "yhatLower", "yhatUpper", "yhatTime"] as const;

/** Row `event` has nothing to score. */
export function writeNoScore(forecasts: ForecastColumns, event: number): void {
  for (const name of scores) forecasts[name][event] = NaN;
  const { levels, expectedLower, expectedUpper } = forecasts.intervals;
  const width = levels.length;
  for (const column of [expectedLower, expectedUpper]) column.fill(NaN, event * width, (event + 1) * width);
}

/** Row `event` forecasts nothing. */
export function writeNoForecast(forecasts: ForecastColumns, event: number): void {
  for (const name of predictions) forecasts[name][event] = NaN;
  const { horizon, yhat, yhatLower, yhatUpper } = forecasts.steps;
  const begin = event * (horizon - 1);
  for (const column of [yhat, yhatLower, yhatUpper]) column.fill(NaN, begin, begin + horizon - 1);
  const { intervals } = forecasts;
  const width = intervals.levels.length;
  for (const column of [intervals.yhatLower, intervals.yhatUpper]) {
    column.fill(NaN, event * width, (event + 1) * width);
  }
  for (const column of [intervals.stepLower, intervals.stepUpper]) {
    column.fill(NaN, begin * width, (begin + horizon - 1) * width);
  }
}
