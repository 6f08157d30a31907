/**
 * The forecaster: observations in, forecasts out, columns on both sides. It is a deterministic function of the
 * settings and the order of events, however they are cut into batches.
 */
import type { EngineFactory } from "../engine/port.js";
import { wasmEngine } from "../engine/wasm/wasm.js";
import { checkWidths, type ForecastColumns, type ObservationColumns } from "./columns.js";
import { expertsOf, seasonal } from "./experts/experts.js";
import { pushChange, pushInputs, type HistorySettings } from "./keys/history.js";
import { Horizons } from "./horizon/horizons.js";
import { KeyReadout } from "./experts/key-readout.js";
import { KeyedForecaster } from "./keyed-forecaster.js";
import { keyLayout, number } from "./keys/row-layout.js";
import type { ForecasterListeners } from "./learning/learning.js";
import { rowsPerStep, type SteppedRows } from "./learning/cell-runner.js";
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
  /** Names of the experts that the mixture weighs, in the order of `expertWeights`. */
  readonly expertNames: readonly string[];

  readonly #history: HistorySettings;
  readonly #tracker: KeyForecaster;
  readonly #readout: KeyReadout | undefined;
  readonly #horizons: Horizons | undefined;

  constructor(
    settings: ForecasterSettings,
    engine: EngineFactory = wasmEngine,
    listeners: ForecasterListeners = {},
  ) {
    const experts = expertsOf(settings);
    const layout = keyLayout(settings, experts);
    const history = { ...settings, layout };
    const cell = valueCell(settings, history, engine);
    const readout = settings.readout === "shared" ? undefined : new KeyReadout(settings, layout, rowsPerStep);
    const seasonalAt = layout.experts[experts.indexOf(seasonal)];
    const horizons =
      settings.horizon > 1 || seasonalAt !== undefined ? new Horizons(settings, seasonalAt) : undefined;
    super(settings, { cell, learning: settings, bounds: settings, layout, readout, horizons }, listeners);
    this.expertNames = experts.map((expert) => expert.name);
    this.#history = history;
    this.#tracker = new KeyForecaster(settings, layout, experts);
    this.#readout = readout;
    this.#horizons = horizons;
  }

  /** Time of the last event of a slot's key, in order of arrival; NaN before the first that counts, which has a value. */
  lastTimeOf(slot: number): number {
    const { numbers, numbersPerKey } = this.state.keys;
    const at = slot * numbersPerKey;
    return numbers[at + number.count]! > 0 ? numbers[at + number.time]! : NaN;
  }

  /** The weights of the experts in the forecast of a key's next value; they sum to 1. */
  expertWeights(slot: number): Float64Array {
    return this.#tracker.weights(this.state.keys, slot).slice();
  }

  /** What the forecast of a slot's next value was mixed from; the key must have had a value. */
  explain(slot: number): PendingForecast {
    return this.#tracker.explain(this.state.keys, slot);
  }

  /**
   * Takes observations in order and writes a row of forecasts for each. Values and features must be at most 1e30 in
   * size or NaN, which stands for a missing one, and times finite. A missing value is bridged by the key's own forecast,
   * and nothing learns from it; a missing feature is what it was; a time that goes back is the shortest of gaps. Rows
   * before `from` have been taken already. Throws RangeError where the columns are not as wide as the settings say.
   */
  override observe(observations: ObservationColumns, forecasts: ForecastColumns, from = 0): void {
    checkWidths(observations, forecasts, this.settings);
    super.observe(observations, forecasts, from);
  }

  /**
   * What changed in the snapshot since the last call: the model's record, one for each key that had events, and the
   * end of each that was forgotten. The latest record of the model and of each key, in any order and joined, are a
   * snapshot to `restore`.
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
    const time = (forecasts.times[event] = observations.times[event]!);
    const value = (forecasts.values[event] = observations.values[event]!);
    const { keys, recurrence } = this.state;
    if (recurrence.blocks(slot)) recurrence.step();
    const { numbers, singles } = keys;
    const at = slot * keys.numbersPerKey;
    const row = slot * keys.singlesPerKey;
    const missing = Number.isNaN(value);
    let change = 0;
    if (numbers[at + number.observed]! > 0) {
      change = this.#tracker.score(keys, slot, event, value, forecasts);
      if (!missing) this.#readout?.learn(slot, keys, change);
    } else {
      writeNoScore(forecasts, event);
      if (missing) {
        // A key begins with its first value: nothing is known that could be forecast from.
        writeNoForecast(forecasts, event);
        forecasts.version[event] = recurrence.version;
        return;
      }
      this.state.begin(slot);
      this.#tracker.start(keys, slot, value);
    }
    keys.changed[slot] = 1;
    const count = numbers[at + number.count]!;
    pushChange(singles, row, this.#history, count, change);
    this.#readout?.see(keys, slot, forecasts, event, change);
    recurrence.schedule(slot, singles, row, count, change, missing);
    pushInputs(numbers, at, singles, row, this.#history, time, missing, observations.features, event);
    recurrence.enter(event, slot, singles, row, count);
    this.#horizons?.observe(keys, slot, missing, event, forecasts);
    numbers[at + number.count] = count + 1;
  }

  /** @internal */
  protected override forecastRows(rows: SteppedRows, forecasts: ForecastColumns): void {
    const { keys, recurrence } = this.state;
    const own = this.#readout?.forecast(rows, keys);
    for (let i = 0; i < rows.count; i++) {
      const event = rows.events[i]!;
      const slot = rows.slots[i]!;
      this.#tracker.forecast(keys, slot, event, rows.buffers.readouts[i]!, own?.[i] ?? 0, forecasts);
      forecasts.version[event] = recurrence.version;
    }
  }
}
