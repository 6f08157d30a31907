/** Objects in, objects out: the forecaster for events of any type, read through three callbacks. */
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

/** A forecast as an object. NaN stands for "none"; `JSON.stringify` makes it null. */
export interface Forecast {
  readonly key: string;
  /** Epoch milliseconds of the observation. */
  readonly time: number;
  /** The observed value; NaN where it was missing. */
  readonly value: number;
  /** Forecast of the key's next value; NaN before its first observed value. */
  readonly yhat: number;
  /** Its interval at the first level of the settings; NaN before the key's third observed value. */
  readonly yhatLower: number;
  readonly yhatUpper: number;
  /** Its intervals at every level of the settings, in their order; empty where there is one level. */
  readonly intervals: readonly ForecastInterval[];
  /** When the next value is due, epoch milliseconds; NaN before the key's second event. */
  readonly yhatTime: number;
  /** What had been forecast for this observation; NaN on the key's first. */
  readonly expected: number;
  /** Above 1 is anomalous; NaN where the value is missing, and for a key's first 101 observed values. */
  readonly anomalyScore: number;
  /** The model's name and version: "lstm32@1841". */
  readonly model: string;
  /** Forecasts of the values after the next one, for steps 2 to the setting `horizon`; empty where that is 1. */
  readonly horizon: readonly StepForecast[];
}

/** An interval of a forecast; those of one forecast lie inside one another. */
export interface ForecastInterval {
  /** Share of the values that it is to hold. */
  readonly level: number;
  /** NaN where the forecast has no interval yet. */
  readonly lower: number;
  readonly upper: number;
}

/** The forecast of a value some steps ahead of an observation; a step is an event of the key. */
export interface StepForecast {
  /** From 2 on: the next value's is the forecast itself. */
  readonly step: number;
  readonly yhat: number;
  /** Its interval at the first level; NaN before the key has five events more than the step. */
  readonly yhatLower: number;
  readonly yhatUpper: number;
  /** Its intervals at every level; empty where there is one level. */
  readonly intervals: readonly ForecastInterval[];
  /** When the value is due, by the typical time between events; epoch milliseconds. */
  readonly yhatTime: number;
}

/** A forecast beside the event that it was made from. */
export type EventForecast<T> = Forecast & { readonly event: T };

/** How to read an event, and the settings of the forecaster. */
export interface EventOptions<T> extends Omit<ForecasterOptions, "featureCount">, ForecasterListeners {
  /** Whose value it is: 1 to 1,024 characters. */
  readonly key: (event: T) => string;
  /** When it was observed: epoch milliseconds, a Date, or ISO 8601 text (UTC where it names no zone). */
  readonly time: (event: T) => TimeLike;
  /** The value, at most 1e30 in size; null, undefined or NaN where it is missing. */
  readonly value: (event: T) => ValueLike;
  /**
   * Further numbers that are known with the value and help to forecast the next one, at most 32, each read like the
   * value; it is the same list for every event.
   */
  readonly features?: readonly ((event: T) => ValueLike)[];
  /** Called with each refused event. By default the first of each code becomes a process warning. */
  readonly onRejected?: (rejected: RejectedEvent<T>) => void;
  /** The engine that steps and learns; WebAssembly by default. */
  readonly engine?: EngineFactory;
}

/** An observation in the form that `createForecaster` takes. */
export interface Observation {
  readonly key: string;
  readonly time: TimeLike;
  readonly value: ValueLike;
  /** As many as the setting `featureCount` says: one that is not there is missing, and what is beyond them is not read. */
  readonly features?: readonly ValueLike[];
}

/** The settings among the options, checked. Throws SETTING_INVALID. */
export function settingsOf<T>(options: EventOptions<T>): ForecasterSettings {
  refuseMisplaced(options, { featureCount: "give a callback for each feature in `features`" });
  requireFunctions(options, ["key", "time", "value"], ["onRejected", "onUpdate", "engine"]);
  const { key, time, value, features = [], onRejected, onUpdate, engine, ...settings } = options;
  requireFunctionList("features", features);
  return forecasterSettings({ ...settings, featureCount: features.length });
}

/** A row of a forecaster's columns as an object. */
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

/** A forecaster of events of type T. Its lifetime is that of the memory it holds: dispose of it. */
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
 * A forecaster without RxJS: observations in, forecasts out, in order.
 *
 * Events with an invalid key, time or value are refused: they change nothing, have no forecast, and go to
 * `onRejected`. Throws SETTING_INVALID where an option is wrong.
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
