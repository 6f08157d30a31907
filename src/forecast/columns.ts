/** Observations and forecasts as columns of typed arrays: what flows on every hot path. */

/** A batch of observations in arrival order. */
export interface ObservationColumns {
  readonly count: number;
  /** Slot of the key, from `Forecaster.slotOf`. */
  readonly slots: Int32Array;
  /** Epoch milliseconds. */
  readonly times: Float64Array;
  /** The value; NaN where it is missing. */
  readonly values: Float64Array;
  /** Exogenous features, those of an observation side by side; NaN where one is missing. */
  readonly features: Float64Array;
}

/**
 * One row for each observation, in the same order. The first group scores the observation against the forecast
 * that was made before it was seen; the second forecasts the key's next value. NaN stands for "none": there is no
 * forecast before a key's first observed value, and no interval before its third.
 */
export interface ForecastColumns {
  readonly slots: Int32Array;
  readonly times: Float64Array;
  readonly values: Float64Array;
  /** The forecast of this value, made when the previous one came, and its interval. */
  readonly expected: Float64Array;
  readonly expectedLower: Float64Array;
  readonly expectedUpper: Float64Array;
  /** The key's previous observed value: the forecast of persistence. */
  readonly previous: Float64Array;
  /** Above 1 is anomalous; NaN for missing values and while the key is too young to tell. */
  readonly anomalyScore: Float64Array;
  /** Forecast of the key's next value, and its interval at the first level. */
  readonly yhat: Float64Array;
  readonly yhatLower: Float64Array;
  readonly yhatUpper: Float64Array;
  /** When the next value is due, in epoch milliseconds. */
  readonly yhatTime: Float64Array;
  /** Updates of the weights before this forecast. */
  readonly version: Float64Array;
  readonly steps: StepColumns;
  readonly intervals: IntervalColumns;
}

/**
 * Intervals at every level of the settings, in their order, the first included: that of level i in row r lies at
 * `r * levels.length + i`, in step s of that row at `(r * (horizon - 1) + s - 2) * levels.length + i`. Intervals of one row
 * lie inside one another. NaN stands for "none". There is nothing where `levels` is empty.
 */
export interface IntervalColumns {
  readonly levels: readonly number[];
  /** Around `expected`. */
  readonly expectedLower: Float64Array;
  readonly expectedUpper: Float64Array;
  /** Around `yhat`. */
  readonly yhatLower: Float64Array;
  readonly yhatUpper: Float64Array;
  /** Around the `yhat` of `steps`. */
  readonly stepLower: Float64Array;
  readonly stepUpper: Float64Array;
}

/**
 * Forecasts of the values 2 to `horizon` steps ahead: that of step s in row r lies at `r * (horizon - 1) + s - 2`. NaN
 * stands for "none": there is no interval of a step before the key has five values and as many events as the step.
 */
export interface StepColumns {
  readonly horizon: number;
  readonly yhat: Float64Array;
  readonly yhatLower: Float64Array;
  readonly yhatUpper: Float64Array;
}

/** When the value `step` steps after the observation in a row is due, epoch milliseconds; NaN while unknown. */
export function dueTime(columns: ForecastColumns, row: number, step: number): number {
  const time = columns.times[row]!;
  return time + step * (columns.yhatTime[row]! - time);
}

/** Columns for up to `capacity` observations with this many exogenous features each. */
export function observationColumns(capacity: number, features = 0): ObservationColumns & { count: number } {
  return {
    count: 0,
    slots: new Int32Array(capacity),
    times: new Float64Array(capacity),
    values: new Float64Array(capacity),
    features: new Float64Array(capacity * features),
  };
}

/** Appends a row, for which there must be room; its features are missing until `setFeatures` gives them. */
export function appendObservation(
  columns: ReturnType<typeof observationColumns>,
  slot: number,
  time: number,
  value: number,
): void {
  const row = columns.count++;
  columns.slots[row] = slot;
  columns.times[row] = time;
  columns.values[row] = value;
  const width = columns.features.length / columns.slots.length;
  for (let i = 0; i < width; i++) columns.features[row * width + i] = NaN;
}

/**
 * Gives the last row its features, as many as the columns are wide: one that is not there is missing, and what is beyond
 * them is not read.
 */
export function setFeatures({ count, features, slots }: ObservationColumns, values: ArrayLike<number>): void {
  const width = features.length / slots.length;
  const begin = (count - 1) * width;
  for (let i = 0; i < width; i++) features[begin + i] = values[i] ?? NaN;
}

/** Throws RangeError where the columns are not as wide as a forecaster's `featureCount` and `horizon` say. */
export function checkWidths(
  observations: ObservationColumns,
  forecasts: ForecastColumns,
  settings: {
    readonly featureCount: number;
    readonly horizon: number;
    readonly intervalLevels: readonly number[];
  },
): void {
  const { count, features } = observations;
  if (features.length < count * settings.featureCount) {
    throw new RangeError(`${count} observations have ${features.length} features between them`);
  }
  const { horizon } = forecasts.steps;
  if (horizon !== settings.horizon) {
    throw new RangeError(`the columns are for a horizon of ${horizon}, not ${settings.horizon}`);
  }
  const { levels } = forecasts.intervals;
  if (levels.length > 0 && levels.join() !== settings.intervalLevels.join()) {
    throw new RangeError(
      `the columns are for intervals of ${levels.join(", ")}, not ${settings.intervalLevels.join(", ")}`,
    );
  }
}

/**
 * Columns for the forecasts of up to `capacity` observations, up to `horizon` steps ahead. With the levels of the settings
 * they hold the intervals at each, where there are several; the first level has its own columns in any case.
 */
export function forecastColumns(
  capacity: number,
  horizon = 1,
  levels: readonly number[] = [],
): ForecastColumns {
  const column = (): Float64Array => new Float64Array(capacity);
  const steps = (): Float64Array => new Float64Array(capacity * (horizon - 1));
  const several = levels.length > 1 ? levels : [];
  const width = several.length;
  const bounds = (): Float64Array => new Float64Array(capacity * width);
  const stepBounds = (): Float64Array => new Float64Array(capacity * (horizon - 1) * width);
  return {
    slots: new Int32Array(capacity),
    times: column(),
    values: column(),
    expected: column(),
    expectedLower: column(),
    expectedUpper: column(),
    previous: column(),
    anomalyScore: column(),
    yhat: column(),
    yhatLower: column(),
    yhatUpper: column(),
    yhatTime: column(),
    version: column(),
    steps: { horizon, yhat: steps(), yhatLower: steps(), yhatUpper: steps() },
    intervals: {
      levels: several,
      expectedLower: bounds(),
      expectedUpper: bounds(),
      yhatLower: bounds(),
      yhatUpper: bounds(),
      stepLower: stepBounds(),
      stepUpper: stepBounds(),
    },
  };
}

/** Copies a row of forecasts; both have the same horizon, and intervals are copied where both have them. */
export function copyRow(from: ForecastColumns, row: number, to: ForecastColumns, toRow: number): void {
  for (const name of columnNames) to[name][toRow] = from[name][row]!;
  const steps = from.steps.horizon - 1;
  for (const name of stepNames) {
    for (let i = 0; i < steps; i++) to.steps[name][toRow * steps + i] = from.steps[name][row * steps + i]!;
  }
  const { levels } = to.intervals;
  if (levels.length === 0 || from.intervals.levels.length === 0) return;
  for (const name of intervalNames) {
    const width = name.startsWith("step") ? levels.length * steps : levels.length;
    for (let i = 0; i < width; i++) {
      to.intervals[name][toRow * width + i] = from.intervals[name][row * width + i]!;
    }
  }
}

const columnNames = [
  "slots",
  "times",
  "values",
  "expected",
  "expectedLower",
  "expectedUpper",
  "previous",
  "anomalyScore",
  "yhat",
  "yhatLower",
  "yhatUpper",
  "yhatTime",
  "version",
] as const satisfies readonly Exclude<keyof ForecastColumns, "steps" | "intervals">[];
const stepNames = ["yhat", "yhatLower", "yhatUpper"] as const satisfies readonly (keyof StepColumns)[];
const intervalNames = [
  "expectedLower",
  "expectedUpper",
  "yhatLower",
  "yhatUpper",
  "stepLower",
  "stepUpper",
] as const satisfies readonly Exclude<keyof IntervalColumns, "levels">[];
