/** Forecasts events of any type: callbacks read key, time and value from each event. */
import type { EngineFactory } from "../engine/port.js";
import {
  refuseMisplaced,
  refuseRenamed,
  renamedForecasterOptions,
  requireFunctionList,
  requireFunctions,
  requireOptions,
  requireNamed,
  textOf,
  UndercurrentError,
} from "../errors/library.js";
import {
  appendObservation,
  setFeatures,
  dueTime,
  forecastColumns,
  observationColumns,
  type ForecastColumns,
} from "./columns.js";
import { Forecaster } from "./forecaster.js";
import { groupAt, pathOfGroup } from "./incidents/groups/naming.js";
import { incidentKinds, type IncidentKind } from "./incidents/kinds.js";
import {
  groupUpdateOf,
  incidentId,
  updateOf,
  type GroupIncidentUpdate,
  type IncidentUpdate,
} from "./incidents/update.js";
import {
  likelyUnit,
  readKey,
  readTime,
  readValue,
  warn,
  type RejectedEvent,
  type TimeLike,
  type ValueLike,
} from "./input.js";
import type { ForecasterListeners } from "./learning/schedule.js";
import { ObjectForecaster } from "./object-forecaster.js";
import { forecasterSettings, type ForecasterOptions, type ForecasterSettings } from "./settings.js";
import { windowedColumns, type WindowedColumns } from "./windows/windowed-columns.js";

/** The forecast of a key's next value, as its last event left it. NaN means "none"; `JSON.stringify` writes NaN as null. */
export interface NextForecast {
  readonly key: string;
  /** Time of the key's last event, in epoch milliseconds. */
  readonly time: number;
  /** Forecast of the key's next value; NaN before its first observed value. */
  readonly yhat: number;
  /** Lower bound of the interval at the first of `intervalLevels`; NaN before the key's third observed value. */
  readonly yhatLower: number;
  readonly yhatUpper: number;
  /** Intervals at all `intervalLevels`, in their order. */
  readonly intervals: readonly ForecastInterval[];
  /** Expected time of the next value, in epoch milliseconds; NaN before the key's second event. */
  readonly yhatTime: number;
  /** Id of the key's incident that is open after its last event; undefined while no incident is open. */
  readonly incident?: string | undefined;
  /** Model name and version of its weights: "lstm32@1841". */
  readonly model: string;
  /** Forecasts for the steps 2 to `horizon`; empty if `horizon` is 1. */
  readonly horizon: readonly StepForecast[];
}

/** A forecast together with the score of the observation that it was made at; `time` is the observation's. */
export interface Forecast extends NextForecast {
  /** The observed value; NaN if the value is missing. */
  readonly value: number;
  /** Earlier forecast of this observation; NaN on the key's first observation. */
  readonly expected: number;
  /** Interval of `expected` at the first of `intervalLevels`; NaN up to the key's third observed value. */
  readonly expectedLower: number;
  readonly expectedUpper: number;
  /** Anomaly score: above 1 is anomalous; NaN for missing values and for a key's first 101 observed values. */
  readonly anomalyScore: number;
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
  /** Intervals at all `intervalLevels`. */
  readonly intervals: readonly ForecastInterval[];
  /** Expected time of the value, from the key's typical time between events, in epoch milliseconds. */
  readonly yhatTime: number;
}

/** A forecast together with its event. With `aggregate` that is the event that closed the window. */
export type EventForecast<T> = Forecast & { readonly event: T };

/** A change of an incident together with the event that made it. */
export type EventIncident<T> = IncidentUpdate & { readonly event: T };

/** Options of the operators: how to read an event, and the settings of the forecaster. */
export interface EventOptions<T> extends Omit<ForecasterOptions, "featureCount">, ForecasterListeners {
  /** Returns the key of the series: 1 to 1,024 characters. */
  readonly key: (event: T) => string;
  /** Returns the event time: epoch milliseconds, a Date, or ISO 8601 text (UTC if it has no zone). */
  readonly time: (event: T) => TimeLike;
  /**
   * Returns the value, from -1e30 to 1e30; null, undefined or NaN for a missing value. Windows that count events
   * (`aggregate`) do not need one.
   */
  readonly value: (event: T) => ValueLike;
  /**
   * Return exogenous features, numbers that help to forecast the next value: at most 32 callbacks, with the range of
   * `value`.
   */
  readonly features?: readonly ((event: T) => ValueLike)[];
  /**
   * Called with each change of an incident, in the order of events: opened, updated a few times, closed. The calls come
   * after the forecasts of a batch are made and before they are returned.
   */
  readonly onIncident?: (incident: EventIncident<T>) => void;
  /** The same for incidents of groups of keys, which `detection.group` names; before those of keys. */
  readonly onGroupIncident?: (incident: GroupIncidentUpdate) => void;
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

const noFeatures: readonly number[] = [];

/** Returns the checked settings among the options. Throws SETTING_INVALID. */
export function settingsOf<T>(options: EventOptions<T>): ForecasterSettings {
  requireOptions(options);
  refuseMisplaced(options, {
    featureCount: "give a callback for each feature in `features`",
    model: "its settings are options themselves, such as horizon",
  });
  requireFunctions(
    options,
    ["key", "time", "value"],
    ["onRejected", "onIncident", "onGroupIncident", "onUpdate", "onForgotten", "engine"],
  );
  const {
    key,
    time,
    value,
    features = [],
    onRejected,
    onIncident,
    onGroupIncident,
    engine,
    onUpdate,
    onForgotten,
    ...settings
  } = options;
  requireFunctionList("features", features);
  return forecasterSettings({ ...settings, featureCount: features.length });
}

/** What names the rows of a forecaster's columns. */
type RowNames = Pick<Forecaster, "keyOf" | "modelName" | "settings">;

/** Returns one row of a forecaster's columns as an object. */
export function forecastAt(forecaster: RowNames, columns: ForecastColumns, row: number): Forecast {
  const [level] = forecaster.settings.intervalLevels as unknown as readonly [number];
  const key = forecaster.keyOf(columns.slots[row]!);
  const incident = columns.incident[row]!;
  return {
    key,
    time: columns.times[row]!,
    value: columns.values[row]!,
    yhat: columns.yhat[row]!,
    yhatLower: columns.yhatLower[row]!,
    yhatUpper: columns.yhatUpper[row]!,
    intervals: nextIntervals(columns, row, level),
    yhatTime: columns.yhatTime[row]!,
    expected: columns.expected[row]!,
    expectedLower: columns.expectedLower[row]!,
    expectedUpper: columns.expectedUpper[row]!,
    anomalyScore: columns.anomalyScore[row]!,
    ...(incident >= 0 && { incident: incidentId(key, incident) }),
    model: forecaster.modelName(columns.version[row]),
    horizon: stepsAt(columns, row, level),
  };
}

/** Returns the forecast in a row whose event is not known, with the first `steps` steps. */
function nextAt(forecaster: RowNames, columns: ForecastColumns, steps: number): NextForecast {
  const { value, expected, expectedLower, expectedUpper, anomalyScore, ...next } = forecastAt(
    forecaster,
    columns,
    0,
  );
  return steps === columns.steps.horizon ? next : { ...next, horizon: next.horizon.slice(0, steps - 1) };
}

function nextIntervals(columns: ForecastColumns, row: number, level: number): readonly ForecastInterval[] {
  const { levels, yhatLower, yhatUpper } = columns.intervals;
  if (levels.length > 0) return intervalsAt(levels, yhatLower, yhatUpper, row);
  return [{ level, lower: columns.yhatLower[row]!, upper: columns.yhatUpper[row]! }];
}

/** The intervals of forecast `index` in columns of several levels. */
function intervalsAt(
  levels: readonly number[],
  lower: Float64Array,
  upper: Float64Array,
  index: number,
): readonly ForecastInterval[] {
  const at = index * levels.length;
  return levels.map((level, i) => ({ level, lower: lower[at + i]!, upper: upper[at + i]! }));
}

const noSteps: readonly StepForecast[] = Object.freeze([]);

function stepsAt(columns: ForecastColumns, row: number, level: number): readonly StepForecast[] {
  const { horizon, yhat, yhatLower, yhatUpper } = columns.steps;
  if (horizon === 1) return noSteps;
  const { levels, stepLower, stepUpper } = columns.intervals;
  const at = row * (horizon - 1);
  const steps: StepForecast[] = [];
  for (let i = 0; i < horizon - 1; i++) {
    const lower = yhatLower[at + i]!;
    const upper = yhatUpper[at + i]!;
    steps.push({
      step: i + 2,
      yhat: yhat[at + i]!,
      yhatLower: lower,
      yhatUpper: upper,
      intervals:
        levels.length > 0 ? intervalsAt(levels, stepLower, stepUpper, at + i) : [{ level, lower, upper }],
      yhatTime: dueTime(columns, row, i + 2),
    });
  }
  return steps;
}

/** Forecasts events of type T. It holds memory outside the JavaScript heap: call `dispose` at the end. */
export class EventForecaster<T> extends ObjectForecaster<
  T,
  ReturnType<typeof observationColumns>,
  ForecastColumns,
  EventForecast<T>
> {
  /** @internal */
  declare protected readonly forecaster: Forecaster;
  readonly #options: EventOptions<T>;
  /** Whether the first event was looked at. */
  #hasBegun = false;
  /** The events of the batch by their rows, where they name groups. */
  readonly #accepted: T[] = [];
  /** With the setting `aggregate`. */
  readonly #windowed: WindowedColumns | undefined;
  /** Where changes of incidents are collected, if anywhere. */
  #changes: EventIncident<T>[] | undefined;

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
    this.#windowed = windowedColumns(this.forecaster);
  }

  /**
   * Returns the pending forecast of a key, bit for bit as the key's last event made it. Changes no state and costs microseconds.
   *
   * @param steps Number of steps ahead, from 1 to the setting `horizon`. Default: all.
   * @returns undefined if the key has no state.
   * @throws KEY_INVALID. TypeError for options of another kind, RangeError for other steps. FORECASTER_BUSY if a callback of this forecaster calls it.
   * FORECASTER_DISPOSED.
   *
   * @example
   * ```ts
   * const forecaster = createForecaster({ horizon: 24 });
   * forecaster.observe([{ key: "pump-7", time: Date.now(), value: 41.2 }]);
   * forecaster.forecast("pump-7", { steps: 3 })?.horizon; // the steps 2 and 3
   * ```
   */
  forecast(key: string, options: { readonly steps?: number } = {}): NextForecast | undefined {
    requireNamed("forecast", options, { names: ["steps"], example: "{ steps: 3 }" });
    const { steps } = options;
    const { horizon } = this.forecaster.settings;
    const count = steps ?? horizon;
    if (!Number.isInteger(count) || count < 1 || count > horizon) {
      throw new RangeError(
        `steps: expected an integer from 1 to ${horizon}, the setting horizon; found ${count}`,
      );
    }
    const columns = this.ask(key);
    return columns && nextAt(this.forecaster, columns, count);
  }

  /**
   * From the next event on, incidents of a kind are not told of a key before an event time, because they are fine. Part of
   * the state. A key without events takes no notice.
   *
   * @throws SETTING_INVALID for a kind that there is not. KEY_INVALID, TIME_INVALID. FORECASTER_DISPOSED.
   *
   * @example
   * ```ts
   * forecaster.expectIncidents("pump-7", "spike", "2026-05-08T00:00Z");
   * ```
   */
  expectIncidents(key: string, kind: IncidentKind, until: TimeLike): void {
    if (!incidentKinds.includes(kind)) {
      throw new UndercurrentError(
        "SETTING_INVALID",
        `kind: expected ${incidentKinds.join(" | ")}, found ${textOf(kind)}`,
      );
    }
    this.forecaster.expectIncidents(this.forecaster.slotOf(readKey(key)), kind, readTime(until));
  }

  /** @internal */
  protected override read(event: T): (events: ReturnType<typeof observationColumns>) => void {
    const key = this.#options.key(event);
    const time = this.#options.time(event);
    const value = this.#options.value(event);
    if (!this.#hasBegun) this.checkFirst(event, time, value);
    const features = this.#options.features?.map((feature) => feature(event));
    const path = pathOfGroup(this.forecaster.settings.detection.group);
    return (events) => {
      const milliseconds = readTime(time);
      const number = readValue(value);
      const numbers = features?.map((feature, index) => readValue(feature, `feature ${index}`));
      if (this.#windowed !== undefined) {
        this.#windowed.take(readKey(key), milliseconds, number, numbers ?? noFeatures);
        return;
      }
      appendObservation(events, this.forecaster.slotOf(readKey(key)), milliseconds, number);
      if (numbers !== undefined) setFeatures(events, numbers);
      if (path !== undefined) this.#nameGroups(events, event, path);
    };
  }

  /** @internal */
  protected override rowsIn(
    columns: ReturnType<typeof observationColumns>,
  ): ReturnType<typeof observationColumns> {
    return this.#windowed?.columns ?? columns;
  }

  /**
   * Forgets the state of a key, its open windows included. The next event of the key begins anew. An open incident of the
   * key ends without a report.
   *
   * @returns Whether the key had a state.
   * @throws KEY_INVALID. FORECASTER_BUSY if a callback of this forecaster calls it. FORECASTER_DISPOSED.
   */
  override forget(key: string): boolean {
    const had = super.forget(key);
    return this.forecaster.windows?.forget(readKey(key)) === true || had;
  }

  /** Lets the columns find the group in the event of a row. */
  #nameGroups(events: ReturnType<typeof observationColumns>, event: T, path: readonly string[]): void {
    if (events.count === 1) this.#accepted.length = 0;
    this.#accepted.push(event);
    events.groupOf ??= (row) => groupAt(this.#accepted[row], path);
  }

  /**
   * Warns of a first event that is taken as it is, and was likely meant otherwise: a time in another unit than milliseconds, or
   * a value at a name that the event does not have.
   *
   * @internal
   */
  protected checkFirst(_: T, time: TimeLike, value: ValueLike): void {
    this.#hasBegun = true;
    const [unit, conversion] = likelyUnit(time) ?? [];
    if (unit !== undefined) {
      const date = new Date(time).toISOString();
      warn(
        `the time ${String(time)} is ${date} in milliseconds; if it is in ${unit}, give (event) => ${conversion}`,
        "TIME_INVALID",
      );
    }
    if (value === undefined) {
      warn("the value of the first event is undefined, which is taken as missing", "VALUE_NOT_A_NUMBER");
    }
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

  /**
   * Processes events in order, as `observe` does, and returns the changes of incidents in place of the forecasts.
   *
   * @param events Events in order of arrival.
   * @returns The changes of incidents by the accepted events, in the order of the events.
   * @throws As `observe`.
   */
  observeIncidents(events: readonly T[]): EventIncident<T>[] {
    const changes: EventIncident<T>[] = [];
    this.#changes = changes;
    try {
      this.observe(events);
    } finally {
      this.#changes = undefined;
    }
    return changes;
  }

  /** @internal */
  protected override report(events: readonly T[]): void {
    const { onIncident, onGroupIncident } = this.#options;
    for (const note of this.forecaster.groupChanges) {
      onGroupIncident?.(groupUpdateOf(note, (slot) => this.forecaster.keyOf(slot)));
    }
    const changes = this.#changes;
    if (onIncident === undefined && changes === undefined) return;
    for (const note of this.forecaster.incidentChanges) {
      const change = { event: events[note.row]!, ...updateOf(this.forecaster.keyOf(note.slot), note) };
      changes?.push(change);
      onIncident?.(change);
    }
  }
}

const carried = "each observation carries its key, time and value";
const misplaced = {
  key: carried,
  time: carried,
  value: carried,
  restore: "give the snapshot to the method restore() of the forecaster",
  save: "the method snapshot() of the forecaster returns its state",
};

/** Returns what is wrong with an observation as a whole. Callers in JavaScript may give anything. */
function observationFault(event: unknown): UndercurrentError | undefined {
  if (typeof event !== "object" || event === null) {
    const found = event == null ? String(event) : textOf(event);
    return new UndercurrentError(
      "KEY_INVALID",
      `the observation is ${found}, expected an object with key, time and value`,
    );
  }
  const { features } = event as { readonly features?: unknown };
  if (features == null || Array.isArray(features) || ArrayBuffer.isView(features)) return undefined;
  return new UndercurrentError(
    "VALUE_NOT_A_NUMBER",
    `the features are ${textOf(features)}, expected a list of numbers`,
  );
}

/** Options of `createForecaster`: settings, an engine and listeners. */
export interface CreateForecasterOptions
  extends
    Omit<EventOptions<Observation>, "key" | "time" | "value" | "features">,
    Pick<ForecasterOptions, "featureCount"> {}

class ObservationForecaster extends EventForecaster<Observation> {
  /** @internal */
  protected override read(event: Observation): ReturnType<EventForecaster<Observation>["read"]> {
    const fault = observationFault(event);
    if (fault === undefined) return super.read(event);
    return () => {
      throw fault;
    };
  }

  protected override checkFirst(event: Observation, time: TimeLike, value: ValueLike): void {
    super.checkFirst(event, time, value);
    const { features } = event;
    if (features == null || features.length === 0 || this.forecaster.settings.featureCount > 0) return;
    warn(
      `the features of the first event are not read; give their number, featureCount: ${features.length}`,
      "SETTING_INVALID",
    );
  }
}

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
export function createForecaster(options: CreateForecasterOptions = {}): EventForecaster<Observation> {
  requireOptions(options, "an object of settings");
  refuseRenamed(renamedForecasterOptions, options);
  refuseMisplaced(options, misplaced);
  const { featureCount: count = 0, ...others } = options;
  // Checked before so many callbacks are made.
  forecasterSettings({ featureCount: count });
  return new ObservationForecaster({
    ...others,
    features: Array.from({ length: count }, (_, i) => (event: Observation) => event.features?.[i]),
    key: (event) => event.key,
    time: (event) => event.time,
    value: (event) => event.value,
  });
}
