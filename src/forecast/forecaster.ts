/**
 * The forecaster: observations in, forecasts out, columns on both sides. It is a deterministic function of the
 * settings and the order of events, however they are cut into batches.
 */
import type { EngineFactory } from "../engine/port.js";
import { wasmEngine } from "../engine/wasm.js";
import { UndercurrentError } from "../errors.js";
import { checkWidths, type ForecastColumns, type ObservationColumns } from "./columns.js";
import { expertsOf, seasonal } from "./experts.js";
import { pushChange, pushInputs, type HistorySettings } from "./history.js";
import { Horizons } from "./horizons.js";
import { KeyReadout } from "./key-readout.js";
import { KeyTable } from "./keys.js";
import { keyLayout, number } from "./layout.js";
import type { ForecasterListeners } from "./learning.js";
import { Recurrence, rowsPerStep, type SteppedRows } from "./recurrence.js";
import { modelName, type ForecasterSettings } from "./settings.js";
import { signatureOf, type Signature } from "./signature.js";
import { joinRecords, type SnapshotChange } from "./snapshot.js";
import {
  addKey,
  bytesOfKey,
  changesOf,
  makeRoom,
  recordsOf,
  reserveKeys,
  restoreState,
  type StateParts,
} from "./state.js";
import { Tracker, writeNoForecast, writeNoScore, type PendingForecast } from "./tracker.js";
import { valueCell } from "./value-cell.js";

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
export class Forecaster {
  readonly settings: ForecasterSettings;
  /** Names of the experts that the mixture weighs, in the order of `expertWeights`. */
  readonly expertNames: readonly string[];

  readonly #history: HistorySettings;
  readonly #tracker: Tracker;
  readonly #recurrence: Recurrence;
  readonly #readout: KeyReadout | undefined;
  readonly #horizons: Horizons | undefined;
  readonly #signature: Signature;
  #keys: KeyTable;
  /** Where the forecasts of the batch under way go. */
  #forecasts: ForecastColumns | undefined;
  #disposed = false;

  constructor(
    settings: ForecasterSettings,
    engine: EngineFactory = wasmEngine,
    listeners: ForecasterListeners = {},
  ) {
    this.settings = settings;
    const experts = expertsOf(settings);
    this.expertNames = experts.map((expert) => expert.name);
    const layout = keyLayout(settings, experts);
    this.#history = { ...settings, layout };
    this.#tracker = new Tracker(settings, layout, experts);
    this.#keys = new KeyTable(layout);
    this.#recurrence = new Recurrence(settings, valueCell(settings, this.#history, engine), {
      stepped: (rows) => this.#forecastAll(rows, this.#forecasts!),
      updated: (report) => listeners.onUpdate?.(report),
    });
    this.#signature = signatureOf(settings, this.#recurrence.cell);
    if (settings.readout !== "shared") this.#readout = new KeyReadout(settings, layout, rowsPerStep);
    const seasonalAt = layout.experts[experts.indexOf(seasonal)];
    if (settings.horizon > 1 || seasonalAt !== undefined) this.#horizons = new Horizons(settings, seasonalAt);
    reserveKeys(this.#parts(), this.#keys.capacity);
  }

  /** Keys that it holds a state of: those that have had a value, and were not forgotten. */
  get keys(): number {
    return this.#keys.size;
  }

  /** Keys that were forgotten so far, to keep the bounds of the settings. */
  get forgotten(): number {
    return this.#keys.forgotten;
  }

  /** Updates of the weights so far. */
  get version(): number {
    return this.#recurrence.version;
  }

  /** The engine's kernel: the same events give the same bits with the same kernel. */
  get kernel(): string {
    return this.#recurrence.kernel;
  }

  /** Bytes of state, room for further keys included. */
  get bytes(): number {
    const further = (this.#readout?.bytes ?? 0) + (this.#horizons?.bytes ?? 0);
    return this.#keys.bytes + this.#recurrence.bytes + further;
  }

  /** Bytes of state that a key takes, without its name. */
  get bytesPerKey(): number {
    return bytesOfKey(this.#parts());
  }

  /** The model's name and version, as forecasts carry it: "lstm32@1841". */
  modelName(version = this.version): string {
    return modelName({ ...this.settings, cell: this.#recurrence.cell }, version);
  }

  /** The slot of a key, which is made on first use. Throws MEMORY_EXHAUSTED, changing nothing. */
  slotOf(key: string): number {
    return this.#keys.find(key) ?? addKey(this.#parts(), key);
  }

  /**
   * Takes the slots back of keys without a state, which have had no value yet or were forgotten, and returns them: they
   * may become other keys'. Without it memory grows with all keys that ever were, whatever the settings bound.
   */
  release(): readonly number[] {
    return this.#keys.release();
  }

  /** The key of a slot. */
  keyOf(slot: number): string {
    return this.#keys.nameOf(slot);
  }

  /** Time of the last event of a slot's key, in order of arrival; NaN before the first that counts, which has a value. */
  lastTimeOf(slot: number): number {
    const at = slot * this.#keys.numbersPerKey;
    return this.#keys.numbers[at + number.count]! > 0 ? this.#keys.numbers[at + number.time]! : NaN;
  }

  /** The weights of the experts in the forecast of a key's next value; they sum to 1. */
  expertWeights(slot: number): Float64Array {
    return this.#tracker.weights(this.#keys, slot).slice();
  }

  /** What the forecast of a slot's next value was mixed from; the key must have had a value. */
  explain(slot: number): PendingForecast {
    return this.#tracker.explain(this.#keys, slot);
  }

  /**
   * Takes observations in order and writes a row of forecasts for each. Values and features must be at most 1e30 in
   * size or NaN, which stands for a missing one, and times finite. A missing value is bridged by the key's own forecast,
   * and nothing learns from it; a missing feature is what it was; a time that goes back is the shortest of gaps. Rows
   * before `from` have been taken already.
   */
  observe(observations: ObservationColumns, forecasts: ForecastColumns, from = 0): void {
    this.#assertUsable();
    this.#forecasts = forecasts;
    checkWidths(observations, forecasts, this.settings);
    const { count } = observations;
    for (let event = from; event < count; event++) this.#observe(event, observations, forecasts);
    this.#recurrence.step();
  }

  /** The whole state in one versioned binary form, from which another forecaster goes on bit for bit. */
  snapshot(): Uint8Array {
    return joinRecords([...recordsOf(this.#parts(), this.#signature, false)]);
  }

  /**
   * What changed in the snapshot since the last call: the model's record, one for each key that had events, and the
   * end of each that was forgotten. The latest record of the model and of each key, in any order and joined, are a
   * snapshot to `restore`.
   */
  changes(): SnapshotChange[] {
    return changesOf(this.#parts(), this.#signature);
  }

  /**
   * Takes over the state of a snapshot; keys it does not hold are forgotten, and slots are given anew. With
   * `anyTuning`, it may have been made with another learning rate, boost, gradient clip or alarm rate. Throws
   * SNAPSHOT_FOREIGN, SNAPSHOT_VERSION or SNAPSHOT_CORRUPT, and then has changed nothing.
   */
  restore(snapshot: Uint8Array, { anyTuning = false }: { readonly anyTuning?: boolean } = {}): void {
    const { layout } = this.#history;
    this.#keys = restoreState(this.#parts(), layout, snapshot, this.#signature, anyTuning);
  }

  /** Gives the memory back: observing, snapshots and restoring throw FORECASTER_DISPOSED from then on. */
  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#recurrence.dispose();
    this.#readout?.dispose();
    this.#horizons?.dispose();
    this.#keys = new KeyTable(this.#history.layout);
  }

  #observe(event: number, observations: ObservationColumns, forecasts: ForecastColumns): void {
    const slot = (forecasts.slots[event] = observations.slots[event]!);
    const time = (forecasts.times[event] = observations.times[event]!);
    const value = (forecasts.values[event] = observations.values[event]!);
    if (this.#recurrence.blocks(slot)) this.#recurrence.step();
    const keys = this.#keys;
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
        forecasts.version[event] = this.version;
        return;
      }
      makeRoom(this.#parts(), this.settings);
      keys.begin(slot);
      this.#tracker.start(keys, slot, value);
    }
    keys.changed[slot] = 1;
    const count = numbers[at + number.count]!;
    pushChange(singles, row, this.#history, count, change);
    this.#readout?.see(keys, slot, forecasts, event, change);
    this.#recurrence.schedule(slot, singles, row, count, change, missing);
    pushInputs(numbers, at, singles, row, this.#history, time, missing, observations.features, event);
    this.#recurrence.enter(event, slot, singles, row, count);
    this.#horizons?.observe(keys, slot, missing, event, forecasts.steps);
    numbers[at + number.count] = count + 1;
  }

  #forecastAll(rows: SteppedRows, forecasts: ForecastColumns): void {
    const own = this.#readout?.forecast(rows, this.#keys);
    for (let i = 0; i < rows.count; i++) {
      const event = rows.events[i]!;
      const slot = rows.slots[i]!;
      this.#tracker.forecast(this.#keys, slot, event, rows.buffers.readouts[i]!, own?.[i] ?? 0, forecasts);
      forecasts.version[event] = this.version;
    }
  }

  #parts(): StateParts {
    this.#assertUsable();
    const [keys, recurrence] = [this.#keys, this.#recurrence];
    return { keys, recurrence, readout: this.#readout, horizons: this.#horizons };
  }

  #assertUsable(): void {
    if (this.#disposed) throw new UndercurrentError("FORECASTER_DISPOSED", "the forecaster was disposed of");
  }
}
