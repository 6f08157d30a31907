/**
 * What forecasters share, whatever their events carry: keys with their slots, one model for all of them, snapshots, and
 * an end. What a value or a symbol means is left to the classes that extend it.
 */
import { CallGuard } from "./call-guard.js";
import type { Cell } from "./learning/cell-reader.js";
import type { KeyBounds } from "./keys/eviction.js";
import type { ForecasterListeners, LearningSettings } from "./learning/schedule.js";
import { CellRunner } from "./learning/cell-runner.js";
import type { SteppedRows } from "./stepped-rows.js";
import { modelName } from "./settings.js";
import { joinRecords, type Snapshot, type SnapshotRecord } from "./snapshot/snapshot.js";
import { ForecasterState, type StateOptions } from "./forecaster-state.js";

/** What a forecaster is made of. */
interface ForecasterParts extends Pick<StateOptions, "layout" | "readout" | "horizons"> {
  readonly cell: Cell;
  readonly learning: LearningSettings;
  readonly bounds: KeyBounds;
}

/** A forecaster of the events of one ordered stream, in columns of type `In`, with forecasts in columns of type `Out`. */
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
    const recurrence = new CellRunner(learning, cell, this.#contained(onUpdate));
    const guard = this.#guard;
    this.state = new ForecasterState({
      ...parts,
      settings,
      recurrence,
      guard,
      onForgotten: this.#contained(onForgotten),
    });
  }

  /** Keys that it holds a state of: those that have begun, and were not forgotten. */
  get keys(): number {
    return this.state.keys.size;
  }

  /** Keys that were forgotten so far, to keep the bounds of the settings. */
  get forgotten(): number {
    return this.state.keys.forgotten;
  }

  /** Updates of the weights so far. */
  get version(): number {
    return this.state.recurrence.version;
  }

  /** The engine's kernel: the same events give the same bits with the same kernel. */
  get kernel(): string {
    return this.state.recurrence.kernel;
  }

  /** Bytes of state, room for further keys included. */
  get bytes(): number {
    return this.state.bytes;
  }

  /** Bytes of state that a key takes, without its name. */
  get bytesPerKey(): number {
    return this.state.bytesPerKey;
  }

  /** The model's name and version, as forecasts carry it: "lstm32@1841". */
  modelName(version = this.version): string {
    return modelName({ cell: this.state.recurrence.cell, hidden: this.settings.hidden }, version);
  }

  /** The slot of a key, which is made on first use. Throws MEMORY_EXHAUSTED and FORECASTER_BUSY, changing nothing. */
  slotOf(key: string): number {
    return this.state.slotOf(key);
  }

  /**
   * Takes the slots back of keys without a state, which have not begun yet or were forgotten, and returns them: they may
   * become other keys'. Without it memory grows with all keys that ever were, whatever the settings bound.
   * Throws FORECASTER_BUSY.
   */
  release(): readonly number[] {
    this.#guard.assertFree();
    return this.state.keys.release();
  }

  /** The key of a slot. */
  keyOf(slot: number): string {
    return this.state.keys.nameOf(slot);
  }

  /**
   * Takes events in order and writes a row of forecasts for each. Rows before `from` have been taken already. An error
   * that a listener throws is thrown on when all events have been taken. Throws FORECASTER_BUSY where a listener of this
   * forecaster calls it, and FORECASTER_DISPOSED.
   */
  observe(events: In, forecasts: Out, from = 0): void {
    this.state.assertUsable();
    this.#guard.enter();
    try {
      const { count } = events;
      for (let event = from; event < count; event++) this.observeEvent(event, events, forecasts);
      this.step(forecasts);
    } finally {
      this.#guard.leave();
    }
    if (this.#failure !== undefined) this.#rethrow(this.#failure);
  }

  /**
   * The whole state in one versioned binary form, from which another forecaster goes on bit for bit. Throws
   * FORECASTER_BUSY and FORECASTER_DISPOSED.
   */
  snapshot(): Uint8Array {
    return joinRecords(this.records());
  }

  /**
   * Takes over the state of a snapshot; keys it does not hold are forgotten, and slots are given anew. With
   * `anyTuning`, it may have been made with another learning rate, boost, gradient clip or alarm rate. Throws
   * SNAPSHOT_FOREIGN, SNAPSHOT_VERSION, SNAPSHOT_CORRUPT, MEMORY_EXHAUSTED or FORECASTER_BUSY, and then has changed
   * nothing.
   */
  restore(snapshot: Uint8Array, { anyTuning = false }: { readonly anyTuning?: boolean } = {}): void {
    this.takeOver(this.state.decode(snapshot, anyTuning));
  }

  /**
   * Gives the memory back: observing, snapshots and restoring throw FORECASTER_DISPOSED from then on. Called by a listener
   * it takes effect when `observe` returns.
   */
  dispose(): void {
    this.state.dispose();
  }

  /**
   * Steps the cell for all events that wait, and writes their forecasts.
   * @internal
   */
  protected step(forecasts: Out): void {
    const rows = this.state.recurrence.step();
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
      this.state.forget(going);
    }
    this.state.keys.begin(slot);
  }

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
