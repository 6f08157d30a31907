/** Defines the typed-array columns of observations and forecasts on the hot paths. */

/** A batch of observations in arrival order. */
export interface ObservationColumns {
  readonly count: number;
  /** Slot of the key, from `Forecaster.slotOf`. */
  readonly slots: Int32Array;
  /** Epoch milliseconds. */
  readonly times: Float64Array;
  /** The value; NaN for a missing value. */
  readonly values: Float64Array;
  /** Exogenous features, row-major [count, featureCount]; NaN for a missing value. */
  readonly features: Float64Array;
  /**
   * Where the event stands in its input: the offset of a record, the number of a row. Incidents are named by the position of
   * their first event. NaN, or no column: the number of the event among those of its key, from 0.
   */
  readonly positions?: Float64Array;
  /** Returns the group that the event in a row names (`detection.group`); asked once for each key. */
  groupOf?: ((row: number) => string | undefined) | undefined;
}

/**
 * One row per observation, in the same order. The first group scores the observation against its earlier forecast; the
 * second group forecasts the key's next value. NaN means "none": no forecast before a key's first observed value, no
 * interval before its third.
 */
export interface ForecastColumns {
  readonly slots: Int32Array;
  readonly times: Float64Array;
  readonly values: Float64Array;
  /** Forecast of this value, made at the previous one, and its interval. */
  readonly expected: Float64Array;
  readonly expectedLower: Float64Array;
  readonly expectedUpper: Float64Array;
  /** The key's previous observed value, which is the forecast of persistence. */
  readonly previous: Float64Array;
  /** Above 1 is anomalous; NaN for missing values and for the key's first 101 observed values. */
  readonly anomalyScore: Float64Array;
  /** Position of the first event of the key's open incident; NaN while no incident is open. */
  readonly incident: Float64Array;
  /** Forecast of the key's next value, and its interval at the first level. */
  readonly yhat: Float64Array;
  readonly yhatLower: Float64Array;
  readonly yhatUpper: Float64Array;
  /** Expected time of the next value, in epoch milliseconds. */
  readonly yhatTime: Float64Array;
  /** Number of weight updates before this forecast. */
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

/** Returns the expected time of the value `step` steps ahead, in epoch milliseconds; NaN while unknown. */
export function dueTime(columns: ForecastColumns, row: number, step: number): number {
  const time = columns.times[row]!;
  return time + step * (columns.yhatTime[row]! - time);
}

/** Columns that a program fills: rows are appended up to the capacity. */
export interface WritableObservationColumns extends ObservationColumns {
  count: number;
  /** Position of each row's event in its batch; NaN if there is none. */
  readonly positions: Float64Array;
}

/**
 * Creates columns for observations.
 *
 * @param capacity Largest number of rows.
 * @param features Number of exogenous features per row, the setting `featureCount`.
 */
export function observationColumns(capacity: number, features = 0): WritableObservationColumns {
  return {
    count: 0,
    slots: new Int32Array(capacity),
    times: new Float64Array(capacity),
    values: new Float64Array(capacity),
    features: new Float64Array(capacity * features),
    positions: new Float64Array(capacity).fill(NaN),
  };
}

/**
 * Appends a row, for which there must be room; its features are missing until `setFeatures` gives them, and its position is
 * unknown until `setPosition` gives it.
 */
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
  columns.positions[row] = NaN;
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

/** Copies all rows into larger columns of the same width. */
export function copyObservations(from: ObservationColumns, to: ReturnType<typeof observationColumns>): void {
  for (const name of ["slots", "times", "values", "features"] as const) to[name].set(from[name]);
  if (from.positions !== undefined) to.positions.set(from.positions);
  to.count = from.count;
}

/** Gives the last row its position in the input. */
export function setPosition(
  { count, positions }: ReturnType<typeof observationColumns>,
  position: number,
): void {
  positions[count - 1] = position;
}

/** Numbers the rows in their order. */
export function numberRows({ count, positions }: ReturnType<typeof observationColumns>, first: number): void {
  for (let row = 0; row < count; row++) positions[row] = first + row;
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
 * Creates columns for forecasts.
 *
 * @param capacity Largest number of rows.
 * @param horizon Number of steps ahead, the setting `horizon`.
 * @param levels The setting `intervalLevels`, to hold the intervals of several levels. The first level always has columns.
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
    incident: column(),
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
  "incident",
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
