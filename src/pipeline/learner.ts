/** Learns in silence: takes records or observations into the state of one partition, and forecasts nothing from them. */
import type { EngineFactory } from "../engine/port.js";
import { UndercurrentError } from "../errors/errors.js";
import {
  appendObservation,
  forecastColumns,
  observationColumns,
  setFeatures,
  type ForecastColumns,
} from "../forecast/columns.js";
import { Forecaster } from "../forecast/forecaster.js";
import type { ForecasterSettings } from "../forecast/settings.js";
import { windowedColumns, type WindowedColumns } from "../forecast/windows/windowed-columns.js";
import type { Origin } from "./decode/dead-letter.js";
import type { ValueFormat } from "./decode/format.js";
import type { InputRecord, StateRecord } from "./ports.js";
import type { PipelineSettings } from "./settings.js";
import { writeState } from "./state/state-records.js";
import { Stage } from "./task/stage.js";
import type { Rejection } from "./telemetry.js";

/** Observations that are taken at once. The result does not depend on it. */
const capacity = 1024;

/** Errors of one event that windows refuse. */
const refused: ReadonlySet<string> = new Set(["EVENT_LATE", "TIME_INVALID"]);

export interface LearnerOptions {
  readonly model: ForecasterSettings;
  readonly settings: PipelineSettings;
  readonly engine: EngineFactory;
  /** Parser of values whose format needs a schema. */
  readonly format?: ValueFormat | undefined;
  /** The records' topic and partition, for reports. */
  readonly origin: Origin;
  readonly reject: (rejection: Rejection) => void;
}

/**
 * The model of one partition that learns from history. Records go the way of a replay, so the state equals that of a service
 * which has forecast them.
 *
 * @example
 * ```ts
 * const learner = new Learner({ model, settings, engine: wasmEngine, origin, reject });
 * learner.learn(records);
 * const state = learner.end(nextOffset);
 * ```
 */
export class Learner {
  readonly #forecaster: Forecaster;
  readonly #stage: Stage;
  readonly #columns: ReturnType<typeof observationColumns>;
  readonly #windowed: WindowedColumns | undefined;
  #forecasts: ForecastColumns;
  readonly #reject: LearnerOptions["reject"];

  constructor({ model, settings, engine, format, origin, reject }: LearnerOptions) {
    this.#forecaster = new Forecaster(model, engine);
    this.#reject = reject;
    const telemetry = { forecasts: () => undefined, update: () => undefined, rejection: reject };
    this.#stage = new Stage(this.#forecaster, settings, origin, { telemetry, format });
    this.#windowed = windowedColumns(this.#forecaster);
    this.#columns = observationColumns(capacity, model.featureCount);
    this.#forecasts = forecastColumns(capacity, model.horizon, model.intervalLevels);
  }

  /** Keys that have a state. */
  get keys(): number {
    this.#observe();
    return this.#forecaster.keyCount;
  }

  /** Takes records into the state. */
  learn(records: readonly InputRecord[]): void {
    this.#stage.learn(records);
  }

  /** Takes one event into the state, which is an observation or goes into its window; NaN is a missing value. */
  observe(key: string, time: number, value: number, features: ArrayLike<number>): void {
    if (this.#windowed === undefined) {
      appendObservation(this.#columns, this.#forecaster.slotOf(key), time, value);
      setFeatures(this.#columns, features);
      if (this.#columns.count === capacity) this.#observe();
      return;
    }
    try {
      this.#windowed.take(key, time, value, features);
    } catch (error) {
      if (!(error instanceof UndercurrentError) || !refused.has(error.code)) throw error;
      this.#reject({ code: error.code, message: error.message, origin: key });
    }
    if (this.#windowed.columns.count >= capacity) this.#observe();
  }

  /** Returns the records of the state, for an offset, and frees the memory. Incidents that are open are forgotten. */
  end(offset: number): readonly StateRecord[] {
    this.#observe();
    this.#forecaster.release();
    this.#forecaster.dropIncidents();
    const { records } = writeState(offset, this.#forecaster);
    this.dispose();
    return records.flatMap(({ key, value }) => (value === null ? [] : [{ key, value }]));
  }

  dispose(): void {
    this.#forecaster.dispose();
  }

  #observe(): void {
    const columns = this.#windowed?.columns ?? this.#columns;
    if (columns.count === 0) return;
    if (columns.count > this.#forecasts.slots.length) {
      const { horizon, intervalLevels } = this.#forecaster.settings;
      this.#forecasts = forecastColumns(columns.count, horizon, intervalLevels);
    }
    this.#forecaster.observe(columns, this.#forecasts);
    columns.count = 0;
    this.#forecaster.release();
  }
}
