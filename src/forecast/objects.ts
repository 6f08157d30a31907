/** Forecasts events of any type: callbacks read key, time and value from each event. */
import type { EngineFactory } from "../engine/port.js";
import { refuseMisplaced, refuseRenamed, requireFunctionList, requireFunctions } from "../errors/errors.js";
import {
  appendObservation,
  setFeatures,
  dueTime,
  forecastColumns,
  observationColumns,
  type ForecastColumns,
} from "./columns.js";
import { Forecaster } from "./forecaster.js";
import { readKey, readTime, readValue, type RejectedEvent, type TimeLike, type ValueLike } from "./input.js";
import type { ForecasterListeners } from "./learning/schedule.js";
import { ObjectForecaster } from "./object-forecaster.js";
import { forecasterSettings, type ForecasterOptions, type ForecasterSettings } from "./settings.js";

/** A forecast as an object. NaN means "none"; `JSON.stringify` writes NaN as null. */
export interface Forecast {
  readonly key: string;
  /** Epoch milliseconds of the observation. */
  readonly time: number;
  /** The observed value; NaN if the value is missing. */
  readonly value: number;
  /** Forecast of the key's next value; NaN before its first observed value. */
  readonly yhat: number;
  /** Lower bound of the interval at the first of `intervalLevels`; NaN before the key's third observed value. */
  readonly yhatLower: number;
  readonly yhatUpper: number;
  /** Intervals at all `intervalLevels`, in their order; empty if there is only one level. */
  readonly intervals: readonly ForecastInterval[];
  /** Expected time of the next value, in epoch milliseconds; NaN before the key's second event. */
  readonly yhatTime: number;
  /** Earlier forecast of this observation; NaN on the key's first observation. */
  readonly expected: number;
  /** Anomaly score: above 1 is anomalous; NaN for missing values and for a key's first 101 observed values. */
  readonly anomalyScore: number;
  /** Model name and version of its weights: "lstm32@1841". */
  readonly model: string;
  /** Forecasts for the steps 2 to `horizon`; empty if `horizon` is 1. */
  readonly horizon: readonly StepForecast[];
}

/** A forecast interval. The intervals of one forecast are nested. */
export interface ForecastInterval {
  /** Nominal coverage, between 0 and 1. */
  readonly level: number;
  /** Lower bound; NaN while the forecast has no interval. */
  readonly lower: number;
  readonly upper: number;
}

/** A forecast several steps ahead. One step is one event of the key. */
export interface StepForecast {
  /** Step ahead, from 2; the forecast itself is step 1. */
  readonly step: number;
  readonly yhat: number;
  /** Lower bound at the first of `intervalLevels`; NaN until the key has `step` + 5 events. */
  readonly yhatLower: number;
  readonly yhatUpper: number;
  /** Intervals at all `intervalLevels`; empty if there is only one level. */
  readonly intervals: readonly ForecastInterval[];
  /** Expected time of the value, from the key's typical time between events, in epoch milliseconds. */
  readonly yhatTime: number;
}

/** A forecast together with its event. */
export type EventForecast<T> = Forecast & { readonly event: T };

/** Options of the operators: how to read an event, and the settings of the forecaster. */
export interface EventOptions<T> extends Omit<ForecasterOptions, "featureCount">, ForecasterListeners {
  /** Returns the key of the series: 1 to 1,024 characters. */
  readonly key: (event: T) => string;
  /** Returns the event time: epoch milliseconds, a Date, or ISO 8601 text (UTC if it has no zone). */
  readonly time: (event: T) => TimeLike;
  /** Returns the value, from -1e30 to 1e30; null, undefined or NaN for a missing value. */
  readonly value: (event: T) => ValueLike;
  /**
   * Return exogenous features, numbers that help to forecast the next value: at most 32 callbacks, with the range of
   * `value`.
   */
  readonly features?: readonly ((event: T) => ValueLike)[];
  /** Called with each rejected event. Default: a process warning for the first event of each error code. */
  readonly onRejected?: (rejected: RejectedEvent<T>) => void;
  /** Engine that runs and trains the cell. Default: WebAssembly. */
  readonly engine?: EngineFactory;
}

/** An observation for `createForecaster`. */
export interface Observation {
  readonly key: string;
  readonly time: TimeLike;
  readonly value: ValueLike;
  /** Exogenous features, `featureCount` numbers. Absent entries are missing values; further entries are ignored. */
  readonly features?: readonly ValueLike[];
}

/** Returns the checked settings among the options. Throws SETTING_INVALID. */
export function settingsOf<T>(options: EventOptions<T>): ForecasterSettings {
  refuseMisplaced(options, { featureCount: "give a callback for each feature in `features`" });
  requireFunctions(options, ["key", "time", "value"], ["onRejected", "onUpdate", "engine"]);
  const { key, time, value, features = [], onRejected, onUpdate, engine, ...settings } = options;
  requireFunctionList("features", features);
  return forecasterSettings({ ...settings, featureCount: features.length });
}

/** Returns one row of a forecaster's columns as an object. */
export function forecastAt(
  forecaster: Pick<Forecaster, "keyOf" | "modelName">,
  columns: ForecastColumns,
  row: number,
): Forecast {
  return {
    key: forecaster.keyOf(columns.slots[row]!),
    time: columns.times[row]!,
    value: columns.values[row]!,
    yhat: columns.yhat[row]!,
    yhatLower: columns.yhatLower[row]!,
    yhatUpper: columns.yhatUpper[row]!,
    intervals: intervalsAt(columns, "yhat", row),
    yhatTime: columns.yhatTime[row]!,
    expected: columns.expected[row]!,
    anomalyScore: columns.anomalyScore[row]!,
    model: forecaster.modelName(columns.version[row]),
    horizon: stepsAt(columns, row),
  };
}

const noIntervals: readonly ForecastInterval[] = Object.freeze([]);

/** The intervals of the forecast `index` in the columns of the next values, or in those of the further steps. */
function intervalsAt(
  { intervals }: ForecastColumns,
  of: "yhat" | "step",
  index: number,
): readonly ForecastInterval[] {
  const { levels, [`${of}Lower` as const]: lower, [`${of}Upper` as const]: upper } = intervals;
  if (levels.length === 0) return noIntervals;
  const at = index * levels.length;
  return levels.map((level, i) => ({ level, lower: lower[at + i]!, upper: upper[at + i]! }));
}

function stepsAt(columns: ForecastColumns, row: number): readonly StepForecast[] {
  const { horizon, yhat, yhatLower, yhatUpper } = columns.steps;
  const width = horizon - 1;
  return Array.from({ length: width }, (_, i) => ({
    step: i + 2,
    yhat: yhat[row * width + i]!,
    yhatLower: yhatLower[row * width + i]!,
    yhatUpper: yhatUpper[row * width + i]!,
    intervals: intervalsAt(columns, "step", row * width + i),
    yhatTime: dueTime(columns, row, i + 2),
  }));
}

/** Forecasts events of type T. It holds memory outside the JavaScript heap: call `dispose` at the end. */
export class EventForecaster<T> extends ObjectForecaster<
  T,
  ReturnType<typeof observationColumns>,
  ForecastColumns,
  EventForecast<T>
> {
  readonly #options: EventOptions<T>;

  constructor(options: EventOptions<T>) {
    const settings = settingsOf(options);
    const { featureCount: features, horizon, intervalLevels: levels } = settings;
    super(
      new Forecaster(settings, options.engine, options),
      (capacity) => ({
        events: observationColumns(capacity, features),
        forecasts: forecastColumns(capacity, horizon, levels),
      }),
      options.onRejected,
    );
    this.#options = options;
  }

  /** @internal */
  protected override read(event: T): (events: ReturnType<typeof observationColumns>) => void {
    const key = this.#options.key(event);
    const time = this.#options.time(event);
    const value = this.#options.value(event);
    const features = this.#options.features?.map((feature) => feature(event));
    return (events) => {
      const milliseconds = readTime(time);
      const number = readValue(value);
      const numbers = features?.map((feature, index) => readValue(feature, `feature ${index}`));
      appendObservation(events, this.forecaster.slotOf(readKey(key)), milliseconds, number);
      if (numbers !== undefined) setFeatures(events, numbers);
    };
  }

  /** @internal */
  protected override resultAt(
    event: T,
    row: number,
    _: unknown,
    forecasts: ForecastColumns,
  ): EventForecast<T> {
    return { event, ...forecastAt(this.forecaster, forecasts, row) };
  }
}

const carried = "each observation carries its key, time and value";
const misplaced = { key: carried, time: carried, value: carried };

/**
 * Creates a forecaster without RxJS. `observe` takes observations and returns their forecasts in order.
 *
 * Observations with an invalid key, time or value are rejected: they change nothing, have no forecast, and go to
 * `onRejected`.
 *
 * @param options Settings of the forecaster; omitted settings have their default.
 * @returns The forecaster. Call `dispose` at the end.
 * @throws SETTING_INVALID if an option is invalid. MEMORY_EXHAUSTED if the engine's memory cannot be allocated.
 *
 * @example
 * ```ts
 * const forecaster = createForecaster({ hidden: 32 });
 * const [forecast] = forecaster.observe([{ key: "pump-7", time: Date.now(), value: 41.2 }]);
 * console.log(forecast?.yhat);
 * forecaster.dispose();
 * ```
 */
export function createForecaster(
  options: Omit<EventOptions<Observation>, "key" | "time" | "value" | "features"> &
    Pick<ForecasterOptions, "featureCount"> = {},
): EventForecaster<Observation> {
  refuseRenamed("forecasterOptions", options);
  refuseMisplaced(options, misplaced);
  const { featureCount: count = 0, ...others } = options;
  // Checked before so many callbacks are made.
  forecasterSettings({ featureCount: count });
  return new EventForecaster({
    ...others,
    features: Array.from({ length: count }, (_, i) => (event: Observation) => event.features?.[i]),
    key: (event) => event.key,
    time: (event) => event.time,
    value: (event) => event.value,
  });
}
