/** What each key knows by itself: scores its pending forecast, follows its scale, and mixes its next forecast. */
import type { ForecastColumns } from "./columns.js";
import { changed } from "./experts/drift.js";
import { clip } from "./elementary.js";
import { persistence, type Expert, type ExpertInput } from "./experts/experts.js";
import { typicalGap } from "./keys/gap.js";
import {
  halfWidth,
  intervalSettings,
  startIntervals,
  trackError,
  type IntervalSettings,
} from "./uncertainty/interval.js";
import { NestedIntervals } from "./uncertainty/nested-intervals.js";
import type { KeyTable } from "./keys/key-table.js";
import { number, trackedLevels, type KeyLayout } from "./keys/row-layout.js";
import { learnMixture, mixtureWeights, restartMixture } from "./experts/mixture.js";
import { scaleOf, trackScale } from "./keys/scaling.js";
import type { ForecasterSettings } from "./settings.js";

/** Bounds in scaled changes: of an observed target, of the imputation of a missing value, of an expert's forecast. */
const largestTarget = 20;
const largestImputation = 10;
const largestForecast = 20;

/** What a pending forecast was mixed from; all but the weights in the unit of the values. */
export interface PendingForecast {
  /** The key's running level, and the size of its changes, in which the cell sees them. */
  readonly level: number;
  readonly scale: number;
  /** The forecast is the sum of the experts' forecasts by their weights, which sum to 1. */
  readonly experts: readonly {
    readonly name: string;
    readonly weight: number;
    readonly forecast: number;
  }[];
}

export class KeyForecaster {
  readonly #layout: KeyLayout;
  readonly #experts: readonly Expert[];
  readonly #persistence: number;
  readonly #intervals: IntervalSettings;
  readonly #nested: NestedIntervals;
  readonly #squaredLoss: boolean;
  readonly #situation: ExpertInput = { scale: 1, held: 0, readout: 0, keyReadout: 0 };
  readonly #weights: Float64Array;

  constructor(settings: ForecasterSettings, layout: KeyLayout, experts: readonly Expert[]) {
    this.#layout = layout;
    this.#experts = experts;
    this.#persistence = experts.indexOf(persistence);
    this.#intervals = intervalSettings(trackedLevels(settings), settings.alarmRate);
    this.#nested = new NestedIntervals(settings.intervalLevels);
    this.#squaredLoss = settings.loss === "squared";
    this.#weights = new Float64Array(experts.length);
  }

  /** The weights of the experts in the forecast of the key's next value. One array is reused. */
  weights(keys: KeyTable, slot: number): Float64Array {
    mixtureWeights(
      keys.singles,
      slot * keys.singlesPerKey,
      this.#layout,
      this.#experts.length,
      this.#weights,
    );
    return this.#weights;
  }

  /** How the key's pending forecast came about. */
  explain(keys: KeyTable, slot: number): PendingForecast {
    const at = slot * keys.numbersPerKey;
    const row = slot * keys.singlesPerKey;
    const base = keys.numbers[at + number.base]!;
    const scale = scaleOf(keys.numbers, at);
    const weights = this.weights(keys, slot);
    const experts = this.#experts.map(({ name }, e) => ({
      name,
      weight: weights[e]!,
      forecast: base + scale * keys.singles[row + this.#layout.forecasts + e]!,
    }));
    return { level: keys.numbers[at + number.mean]!, scale, experts };
  }

  /** Takes a key's first value. */
  start(keys: KeyTable, slot: number, value: number): void {
    const at = slot * keys.numbersPerKey;
    keys.numbers[at + number.observed] = 1;
    keys.numbers[at + number.base] = value;
    keys.numbers[at + number.held] = value;
    keys.numbers[at + number.undisturbed] = value;
    keys.numbers[at + number.mean] = value;
    startIntervals(keys.singles, slot * keys.singlesPerKey, this.#layout, this.#intervals.levels.length);
  }

  /**
   * Writes how the pending forecast did against `value` to row `event`; where the value is there, everything that
   * belongs to the key learns from it. Moves the base to the value, or to the imputation of a missing one, and
   * returns the scaled change that the cell is shown.
   */
  score(keys: KeyTable, slot: number, event: number, value: number, forecasts: ForecastColumns): number {
    const { numbers, singles } = keys;
    const at = slot * keys.numbersPerKey;
    const row = slot * keys.singlesPerKey;
    const layout = this.#layout;
    const scale = scaleOf(numbers, at);
    const base = numbers[at + number.base]!;
    const mixture = singles[row + layout.mixture]!;
    const expected = base + scale * mixture;
    const half = halfWidth(numbers, at, singles, row, layout, 0);
    forecasts.expected[event] = expected;
    forecasts.expectedLower[event] = expected - half;
    forecasts.expectedUpper[event] = expected + half;
    const { levels, expectedLower, expectedUpper } = forecasts.intervals;
    if (levels.length > 0) {
      this.#fillHalves(keys, slot);
      this.#nested.write(expected, expectedLower, expectedUpper, event * levels.length);
    }
    forecasts.previous[event] = numbers[at + number.held]!;
    if (Number.isNaN(value)) {
      const imputation = clip(mixture, largestImputation);
      numbers[at + number.base] = base + scale * imputation;
      for (let e = 0; e < this.#experts.length; e++) {
        this.#experts[e]!.skip(singles, row + layout.experts[e]!, scale * imputation);
      }
      forecasts.anomalyScore[event] = NaN;
      return imputation;
    }
    const change = value - base;
    const target = clip(change / scale, largestTarget);
    numbers[at + number.observed] = numbers[at + number.observed]! + 1;
    for (let e = 0; e < this.#experts.length; e++) {
      this.#experts[e]!.learn(singles, row + layout.experts[e]!, change, scale);
    }
    learnMixture(singles, row, layout, this.#experts.length, target, this.#squaredLoss);
    const last = singles[row + layout.forecasts + this.#persistence]!;
    if (changed(singles, row + layout.excess, this.#loss(target - mixture), this.#loss(target - last))) {
      restartMixture(singles, row, layout, this.#experts.length, this.#persistence);
    }
    const error = change - scale * mixture;
    forecasts.anomalyScore[event] = trackError(numbers, at, singles, row, layout, this.#intervals, error);
    trackScale(numbers, at, value, change);
    numbers[at + number.base] = value;
    numbers[at + number.held] = value;
    return target;
  }

  /** Half the widths of a key's intervals at every level. */
  #fillHalves({ numbers, singles, numbersPerKey, singlesPerKey }: KeyTable, slot: number): void {
    const { halves } = this.#nested;
    const at = slot * numbersPerKey;
    const row = slot * singlesPerKey;
    for (let i = 0; i < halves.length; i++) halves[i] = halfWidth(numbers, at, singles, row, this.#layout, i);
  }

  #loss(error: number): number {
    return this.#squaredLoss ? error * error : Math.abs(error);
  }

  /** Mixes the forecast of a key's next value from the read-outs and the other experts, into row `event`. */
  forecast(
    keys: KeyTable,
    slot: number,
    event: number,
    readout: number,
    keyReadout: number,
    forecasts: ForecastColumns,
  ): void {
    const { numbers, singles } = keys;
    const at = slot * keys.numbersPerKey;
    const row = slot * keys.singlesPerKey;
    const layout = this.#layout;
    const base = numbers[at + number.base]!;
    const situation = this.#situation;
    situation.scale = scaleOf(numbers, at);
    situation.held = (numbers[at + number.held]! - base) / situation.scale;
    situation.readout = readout;
    situation.keyReadout = keyReadout;
    const weights = this.weights(keys, slot);
    let mixture = 0;
    for (let e = 0; e < this.#experts.length; e++) {
      const forecast = this.#experts[e]!.forecast(singles, row + layout.experts[e]!, situation);
      singles[row + layout.forecasts + e] = clip(forecast, largestForecast);
      mixture += weights[e]! * singles[row + layout.forecasts + e]!;
    }
    singles[row + layout.mixture] = mixture;
    // From the mixture as it is stored, in 32 bits, so that the next event's `expected` is this very forecast.
    const yhat = base + situation.scale * singles[row + layout.mixture]!;
    const half = halfWidth(numbers, at, singles, row, layout, 0);
    const gap = typicalGap(numbers, at);
    forecasts.yhat[event] = yhat;
    forecasts.yhatLower[event] = yhat - half;
    forecasts.yhatUpper[event] = yhat + half;
    const { levels, yhatLower, yhatUpper } = forecasts.intervals;
    if (levels.length > 0) {
      this.#fillHalves(keys, slot);
      this.#nested.write(yhat, yhatLower, yhatUpper, event * levels.length);
    }
    forecasts.yhatTime[event] = gap > 0 ? numbers[at + number.time]! + gap : NaN;
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
