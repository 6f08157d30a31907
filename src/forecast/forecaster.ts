/**
 * The column forecaster: observations in, forecasts out. The settings and the order of events determine the result; the
 * batch size does not.
 */
import type { EngineFactory } from "../engine/port.js";
import { wasmEngine } from "../engine/wasm/engine.js";
import {
  checkWidths,
  forecastColumns,
  observationColumns,
  type ForecastColumns,
  type ObservationColumns,
} from "./columns.js";
import type { CurrentEvent } from "./current-event.js";
import type { ExpertInput } from "./experts/expert.js";
import { expertsOf } from "./experts/experts.js";
import { History } from "./keys/history.js";
import { Horizons } from "./horizon/horizons.js";
import { KeyReadout } from "./experts/key-readout.js";
import { KeyedForecaster } from "./keyed-forecaster.js";
import { keyLayout, number } from "./keys/layout.js";
import { KeyRow } from "./keys/row.js";
import type { ForecasterListeners } from "./learning/schedule.js";
import { rowsPerStep, type SteppedRows } from "./stepped-rows.js";
import type { ForecasterSettings } from "./settings.js";
import type { SnapshotChange } from "./snapshot/snapshot.js";
import { KeyForecaster, writeNoForecast, writeNoScore, type PendingForecast } from "./key-forecaster.js";
import { valueCell } from "./learning/value-cell.js";

/**
 * Forecasts the next value of every key of one ordered stream of observations.
 *
 * @example
 * ```ts
 * const forecaster = new Forecaster(forecasterSettings());
 * const observations = observationColumns(2);
 * const forecasts = forecastColumns(2);
 * observations.slots.fill(forecaster.slotOf("pump-7"));
 * observations.times.set([0, 1000]);
 * observations.values.set([41.2, 41.3]);
 * observations.count = 2;
 * forecaster.observe(observations, forecasts);
 * forecasts.yhat[1]; // the forecast of pump-7's next value
 * forecaster.dispose();
 * ```
 */
export class Forecaster extends KeyedForecaster<ForecasterSettings, ObservationColumns, ForecastColumns> {
  /** Names of the mixture's experts, in the order of `expertWeights`. */
  readonly expertNames: readonly string[];

  readonly #history: History;
  readonly #experts: KeyForecaster;
  readonly #readout: KeyReadout | undefined;
  readonly #horizons: Horizons | undefined;
  /** The event that is taken and its key, and the key of a row that was stepped: while an event is taken rows are. */
  readonly #now: CurrentEvent;
  readonly #key: KeyRow;
  readonly #stepped: KeyRow;
  /** The key that is asked for, perhaps by a listener in the middle of an event. */
  readonly #read: KeyRow;
  readonly #input: ExpertInput = { scale: 1, held: 0, readout: 0, keyReadout: 0, seasonal: 0 };

  constructor(
    settings: ForecasterSettings,
    engine: EngineFactory = wasmEngine,
    listeners: ForecasterListeners = {},
  ) {
    const experts = expertsOf(settings);
    const layout = keyLayout(settings, experts);
    const history = new History(settings, layout);
    const cell = valueCell(settings, layout, history, engine);
    const readout = settings.readout === "shared" ? undefined : new KeyReadout(settings, layout, rowsPerStep);
    const horizons =
      settings.horizon > 1 || layout.seasonal !== undefined ? new Horizons(settings) : undefined;
    super(settings, { cell, learning: settings, bounds: settings, layout, readout, horizons }, listeners);
    this.expertNames = experts.map((expert) => expert.name);
    this.#history = history;
    this.#experts = new KeyForecaster(settings, experts);
    this.#readout = readout;
    this.#horizons = horizons;
    this.#now = {
      observations: observationColumns(0),
      forecasts: forecastColumns(0),
      row: 0,
      time: 0,
      value: 0,
      missing: false,
      change: 0,
    };
    this.#key = new KeyRow(layout);
    this.#stepped = new KeyRow(layout);
    this.#read = new KeyRow(layout);
  }

  /** Returns the time of the key's last event, in epoch milliseconds; NaN before its first observed value. */
  lastTimeOf(slot: number): number {
    const { f64, at64 } = this.#read.point(this.state.keys, slot);
    return f64[at64 + number.count]! > 0 ? f64[at64 + number.time]! : NaN;
  }

  /** Returns the weights of the experts in the forecast of a key's next value; they sum to 1. */
  expertWeights(slot: number): Float64Array {
    return this.#experts.weights(this.#read.point(this.state.keys, slot)).slice();
  }

  /** Returns the parts of the forecast of a key's next value. The key must have an observed value. */
  explain(slot: number): PendingForecast {
    return this.#experts.explain(this.#read.point(this.state.keys, slot));
  }

  /**
   * Processes observations in order and writes one row of forecasts per observation. The key's forecast replaces a missing
   * value, which teaches nothing. A missing feature keeps its last value. A time that goes back counts as the shortest gap.
   *
   * @param observations Values and features from -1e30 to 1e30 or NaN (missing), finite times in epoch milliseconds.
   * @param forecasts Columns with room for every row of `observations`.
   * @param from First row to process; earlier rows are already processed.
   * @throws RangeError if the columns do not match `featureCount`, `horizon` or `intervalLevels`.
   */
  override observe(observations: ObservationColumns, forecasts: ForecastColumns, from = 0): void {
    checkWidths(observations, forecasts, this.settings);
    super.observe(observations, forecasts, from);
  }

  /**
   * Returns the changes of the snapshot since the last call: the model's record, one record per key with events, and null
   * for each evicted key. The latest records of the model and of all keys, joined in any order, are a snapshot for `restore`.
   */
  changes(): SnapshotChange[] {
    return this.state.changes();
  }

  /** @internal */
  protected override observeEvent(
    event: number,
    observations: ObservationColumns,
    forecasts: ForecastColumns,
  ): void {
    const slot = (forecasts.slots[event] = observations.slots[event]!);
    const { keys, runner } = this.state;
    if (runner.blocks(slot)) this.step(forecasts);
    const key = this.#key.point(keys, slot);
    const now = this.#turnTo(event, observations, forecasts);
    if (key.f64[key.at64 + number.observed]! > 0) {
      now.change = this.#experts.score(key, now);
      if (!now.missing) this.#readout?.learn(key, now.change);
    } else {
      writeNoScore(forecasts, event);
      if (now.missing) {
        // A key begins with its first value: nothing is known that could be forecast from.
        writeNoForecast(forecasts, event);
        forecasts.version[event] = runner.version;
        return;
      }
      this.begin(slot, forecasts);
      this.#experts.start(key, now.value);
    }
    keys.changed[slot] = 1;
    this.#history.pushChange(key, now.change);
    this.#readout?.see(key, now);
    if (runner.updatesWith(key, now.change)) this.step(forecasts);
    runner.schedule(key, now.change, now.missing);
    this.#history.pushInputs(key, now);
    runner.enter(key, event);
    const next = this.#horizons?.observe(key, now);
    if (key.layout.seasonal !== undefined) key.f32[key.at32 + key.layout.seasonal] = next!;
    key.f64[key.at64 + number.count] = key.f64[key.at64 + number.count]! + 1;
  }

  /** @internal */
  protected override forecastRows(rows: SteppedRows, forecasts: ForecastColumns): void {
    const { keys, runner } = this.state;
    const own = this.#readout?.forecast(rows, keys);
    const input = this.#input;
    for (let i = 0; i < rows.count; i++) {
      const event = rows.events[i]!;
      const key = this.#stepped.point(keys, rows.slots[i]!);
      input.readout = rows.buffers.readouts[i]!;
      input.keyReadout = own?.[i] ?? 0;
      this.#experts.forecast(key, input, event, forecasts);
      forecasts.version[event] = runner.version;
    }
  }

  #turnTo(event: number, observations: ObservationColumns, forecasts: ForecastColumns): CurrentEvent {
    const now = this.#now;
    now.observations = observations;
    now.forecasts = forecasts;
    now.row = event;
    now.time = forecasts.times[event] = observations.times[event]!;
    now.value = forecasts.values[event] = observations.values[event]!;
    now.missing = Number.isNaN(now.value);
    now.change = 0;
    return now;
  }
}
