/**
 * Base of the column forecasters: keys and their slots, one model for all keys, snapshots and disposal. Subclasses define
 * what an event carries, a value or a symbol.
 */
import { refuseAsNumber } from "../errors/library.js";
import { CallGuard, disposeSymbol } from "./call-guard.js";
import type { Cell } from "./learning/cell-reader.js";
import type { KeyBounds } from "./keys/eviction.js";
import type { ForecasterListeners, LearningSettings } from "./learning/schedule.js";
import { CellRunner } from "./learning/cell-runner.js";
import type { SteppedRows } from "../engine/stepped-rows.js";
import { modelName } from "./settings.js";
import {
  joinRecords,
  partsOf,
  type Snapshot,
  type SnapshotBytes,
  type SnapshotRecord,
} from "./snapshot/snapshot.js";
import { ForecasterState, type StateOptions } from "./forecaster-state.js";

/** What a forecaster is made of. */
interface ForecasterParts extends Pick<
  StateOptions,
  | "layout"
  | "readout"
  | "horizons"
  | "seasons"
  | "detection"
  | "incidents"
  | "silences"
  | "expected"
  | "groups"
  | "conversions"
> {
  readonly cell: Cell;
  readonly learning: LearningSettings;
  readonly bounds: KeyBounds;
}

/** Forecasts one ordered stream of events in columns of type `In`, with forecasts in columns of type `Out`. */
export abstract class KeyedForecaster<
  Settings extends { readonly hidden: number },
  In extends { readonly count: number },
  Out,
> {
  readonly settings: Settings;
  /** @internal */
  protected readonly state: ForecasterState;
  readonly #guard: CallGuard;
  /** The first error that a listener threw in the batch under way. */
  #failure: { readonly error: unknown } | undefined;

  /** @internal */
  protected constructor(
    settings: Settings,
    { cell, learning, ...parts }: ForecasterParts,
    { onUpdate, onForgotten }: ForecasterListeners,
  ) {
    this.settings = settings;
    this.#guard = new CallGuard();
    const runner = new CellRunner(learning, cell, this.#contained(onUpdate));
    const guard = this.#guard;
    this.state = new ForecasterState({
      ...parts,
      settings,
      runner,
      guard,
      onForgotten: this.#contained(onForgotten),
    });
  }

  /** Returns the number of keys with a state. */
  get keyCount(): number {
    return this.state.keys.size;
  }

  /** Returns the number of keys that lost their state so far, by `maxKeys`, `keyTtlMs` or `forget`. */
  get forgotten(): number {
    return this.state.keys.forgotten;
  }

  /** Returns the number of weight updates so far. */
  get version(): number {
    return this.state.runner.version;
  }

  /** Returns the name of the engine's kernel. Results are bit-exact among engines with the same kernel. */
  get kernel(): string {
    return this.state.runner.kernel;
  }

  /** Returns the bytes of state, including reserved room for further keys. */
  get bytes(): number {
    return this.state.bytes;
  }

  /** Returns the bytes of state per key, without the key's name. */
  get bytesPerKey(): number {
    return this.state.bytesPerKey;
  }

  /** Returns the model name and version in forecasts: "lstm32@1841". */
  modelName(version = this.version): string {
    const { cell, initial } = this.state.runner;
    return modelName({ cell, initial, hidden: this.settings.hidden }, version);
  }

  /** Returns the slot of a key and creates the slot on first use. Throws MEMORY_EXHAUSTED and FORECASTER_BUSY. */
  slotOf(key: string): number {
    return this.state.slotOf(key);
  }

  /**
   * Releases the slots of keys without a state (unused or evicted) and returns them; they may be reused for other keys.
   * Without this call memory grows with every key ever seen. Throws FORECASTER_BUSY.
   */
  release(): readonly number[] {
    this.#guard.assertFree();
    return this.state.keys.release();
  }

  /** Returns the key of a slot. */
  keyOf(slot: number): string {
    return this.state.keys.nameOf(slot);
  }

  /** Iterates over the keys with a state. Throws FORECASTER_DISPOSED. */
  keys(): IterableIterator<string> {
    this.state.assertUsable();
    return this.state.keys.begun();
  }

  /** Returns whether a key has a state. Throws FORECASTER_DISPOSED. */
  has(key: string): boolean {
    this.state.assertUsable();
    return this.state.has(key);
  }

  /**
   * Forgets a key's state, as an eviction does, but without `onForgotten`. A training window of the key that waits is learned from first.
   *
   * @returns Whether the key had a state.
   * @throws FORECASTER_BUSY if a listener of this forecaster calls it. FORECASTER_DISPOSED.
   */
  forget(key: string): boolean {
    this.state.assertUsable();
    this.#guard.enter();
    let had: boolean;
    try {
      had = this.state.forgetKey(key);
    } finally {
      this.#guard.leave();
    }
    if (this.#failure !== undefined) this.#rethrow(this.#failure);
    return had;
  }

  /**
   * Writes the pending forecast of a key to a row, bit for bit as the key's last event wrote it. Changes no state. The columns
   * that score an event are NaN.
   *
   * @param slot Slot of a key with a state.
   * @throws FORECASTER_BUSY if a listener of this forecaster calls it. FORECASTER_DISPOSED. RangeError without a state.
   */
  forecast(slot: number, forecasts: Out, row = 0): void {
    this.state.assertUsable();
    this.#guard.assertFree();
    if (!this.state.keys.has(slot)) throw new RangeError(`the key of slot ${slot} has no state`);
    this.writePending(slot, forecasts, row);
  }

  /**
   * Processes events in order and writes one row of forecasts per event. An error of a listener is rethrown after all
   * events.
   *
   * @param events Events in order of arrival, `count` rows.
   * @param forecasts Columns with room for `count` rows.
   * @param from First row to process; earlier rows are already processed.
   * @throws FORECASTER_BUSY if a listener of this forecaster calls it. FORECASTER_DISPOSED.
   */
  observe(events: In, forecasts: Out, from = 0): void {
    this.state.assertUsable();
    this.#guard.enter();
    try {
      if (from === 0) this.startBatch?.();
      const { count } = events;
      for (let event = from; event < count; event++) this.observeEvent(event, events, forecasts);
      this.step(forecasts);
    } finally {
      this.#guard.leave();
    }
    if (this.#failure !== undefined) this.#rethrow(this.#failure);
  }

  /**
   * Returns the whole state in a versioned binary format. A forecaster restored from it continues bit for bit. Throws
   * FORECASTER_BUSY and FORECASTER_DISPOSED.
   */
  snapshot(): Uint8Array {
    return joinRecords(this.records());
  }

  /**
   * Replaces the state by a snapshot; slots are assigned again. An error leaves the state unchanged.
   *
   * @param snapshot Bytes from `snapshot()` of a forecaster with the same settings, or the latest records from `changes()`. With
   * `anyTuning` the learning rate, boost, gradient norm, alarm rate, bounds and kind may differ.
   * @throws SNAPSHOT_FOREIGN, SNAPSHOT_VERSION, SNAPSHOT_CORRUPT, MEMORY_EXHAUSTED or FORECASTER_BUSY.
   */
  restore(snapshot: SnapshotBytes, { anyTuning = false }: { readonly anyTuning?: boolean } = {}): void {
    this.takeOver(this.state.decode(partsOf(snapshot), anyTuning));
  }

  /**
   * Frees the memory. Later calls of `observe`, `snapshot` and `restore` throw FORECASTER_DISPOSED. A call from a listener
   * takes effect when `observe` returns.
   */
  dispose(): void {
    this.state.dispose();
  }

  /** Disposes at the end of a `using` block. */
  [disposeSymbol](): void {
    this.dispose();
  }

  /**
   * Writes the pending forecast of a key with a state to a row.
   * @internal
   */
  protected abstract writePending(slot: number, forecasts: Out, row: number): void;

  /**
   * The version in a pending forecast, of what its key keeps of it: a snapshot of release 0.1 did not keep it.
   * @internal
   */
  protected versionOf(kept: number): number {
    return kept > 0 ? kept - 1 : this.version;
  }

  /**
   * Steps the cell for all events that wait, and writes their forecasts.
   * @internal
   */
  protected step(forecasts: Out): void {
    const rows = this.state.runner.step();
    if (rows !== undefined) this.forecastRows(rows, forecasts);
  }

  /**
   * The key of a slot begins, with its first event; those that have to go for it are forgotten.
   * @internal
   */
  protected begin(slot: number, forecasts: Out): void {
    const going = this.state.keysToForget();
    if (going.slots.length > 0) {
      // What waits may be of a key that goes.
      this.step(forecasts);
      this.forgetting?.(going.slots);
      this.state.forget(going);
    }
    this.state.keys.begin(slot);
  }

  /**
   * A batch begins.
   * @internal
   */
  protected startBatch?(): void;

  /**
   * The keys of these slots are about to be forgotten, because of the event under way.
   * @internal
   */
  protected forgetting?(slots: readonly number[]): void;

  /**
   * Takes the event in row `event`: scores what was forecast for it and lets it wait for the next step of the cell.
   * @internal
   */
  protected abstract observeEvent(event: number, events: In, forecasts: Out): void;

  /**
   * Writes the forecasts of events whose cell has just been stepped.
   * @internal
   */
  protected abstract forecastRows(rows: SteppedRows, forecasts: Out): void;

  /**
   * The records of a snapshot, the model's first.
   * @internal
   */
  protected records(): readonly SnapshotRecord[] {
    return [...this.state.records()];
  }

  /**
   * Takes over a snapshot that fits.
   * @internal
   */
  protected takeOver(snapshot: Snapshot): void {
    this.state.takeOver(snapshot);
  }

  /** A listener whose errors wait for the end of the batch: an event is taken whole, whatever a listener does. */
  #contained<T>(listener: ((value: T) => void) | undefined): (value: T) => void {
    return (value) => {
      try {
        listener?.(value);
      } catch (error) {
        this.#failure ??= { error };
      }
    };
  }

  #rethrow({ error }: { readonly error: unknown }): never {
    this.#failure = undefined;
    throw error;
  }
}

refuseAsNumber(KeyedForecaster, "keys", "keyCount");
