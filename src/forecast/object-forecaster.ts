/** Base of the object forecasters: growing columns, rejected events, and the lifetime of the wrapped forecaster. */
import { CallGuard, disposeSymbol } from "./call-guard.js";
import { inputFault, readKey, warnOncePerCode, type RejectedEvent } from "./input.js";
import type { KeyedForecaster } from "./keyed-forecaster.js";
import { requireSnapshot } from "./snapshot/snapshot.js";
import { refuseAsNumber } from "../errors/library.js";

/** Columns of events and of their forecasts, with the same capacity. */
interface Columns<In, Out> {
  readonly events: In;
  readonly forecasts: Out;
}

const firstCapacity = 16;

/**
 * Forecasts events of type `T` with a column forecaster (`In`, `Out`); each forecast is a `Result`. It holds memory
 * outside the JavaScript heap: call `dispose` at the end.
 */
export abstract class ObjectForecaster<T, In extends { count: number }, Out, Result> {
  /** @internal */
  protected readonly forecaster: KeyedForecaster<{ readonly hidden: number }, In, Out>;
  readonly #makeColumns: (capacity: number) => Columns<In, Out>;
  readonly #onRejected: (rejected: RejectedEvent<T>) => void;
  readonly #guard = new CallGuard();
  #columns: Columns<In, Out>;
  #capacity = firstCapacity;
  /** The row of a forecast that was asked for. */
  #asked: Out | undefined;

  /** @internal */
  protected constructor(
    forecaster: KeyedForecaster<{ readonly hidden: number }, In, Out>,
    makeColumns: (capacity: number) => Columns<In, Out>,
    onRejected: (rejected: RejectedEvent<T>) => void = warnOncePerCode(),
  ) {
    this.forecaster = forecaster;
    this.#makeColumns = makeColumns;
    this.#onRejected = onRejected;
    this.#columns = makeColumns(firstCapacity);
  }

  /** Returns the number of keys with a state. */
  get keyCount(): number {
    return this.forecaster.keyCount;
  }

  /** Iterates over the keys with a state. Throws FORECASTER_DISPOSED. */
  keys(): IterableIterator<string> {
    return this.forecaster.keys();
  }

  /** Returns whether a key has a state, and so a forecast. Throws KEY_INVALID and FORECASTER_DISPOSED. */
  has(key: string): boolean {
    return this.forecaster.has(readKey(key));
  }

  /**
   * Forgets the state of a key. The next event of the key begins anew. An open incident of the key ends without a report.
   *
   * @returns Whether the key had a state.
   * @throws KEY_INVALID. FORECASTER_BUSY if a callback of this forecaster calls it. FORECASTER_DISPOSED.
   */
  forget(key: string): boolean {
    this.#guard.assertFree();
    return this.forecaster.forget(readKey(key));
  }

  /** Returns the bytes of state, including reserved room for further keys. */
  get bytes(): number {
    return this.forecaster.bytes;
  }

  /**
   * Processes events in order.
   *
   * @param events Events in order of arrival.
   * @returns The forecasts of the accepted events, in the order of the events.
   * @throws FORECASTER_BUSY if a callback of this forecaster calls it. FORECASTER_DISPOSED. MEMORY_EXHAUSTED.
   */
  observe(events: readonly T[]): Result[] {
    this.#guard.enter();
    try {
      return this.#observe(events);
    } finally {
      this.#guard.leave();
    }
  }

  #observe(events: readonly T[]): Result[] {
    const given: unknown = events;
    if (!Array.isArray(given)) {
      throw new TypeError("observe: expected an array of events; give a single event as [event]");
    }
    this.forecaster.release();
    this.#reserve(events.length);
    const own = this.#columns.events;
    this.rowsIn(own).count = 0;
    // The event of each row: usually one row per event, with windows none or several.
    const accepted: T[] = [];
    // An error of a callback ends the call: no event is taken before all are read.
    const appends = events.map((event) => this.read(event));
    for (const [i, event] of events.entries()) {
      this.#append(event, appends[i]!);
      for (let { count } = this.rowsIn(own); count > accepted.length;) accepted.push(event);
    }
    const rows = this.rowsIn(own);
    this.#reserve(rows.count);
    const { forecasts } = this.#columns;
    this.forecaster.observe(rows, forecasts);
    const results = accepted.map((event, row) => this.resultAt(event, row, rows, forecasts));
    this.report?.(accepted);
    return results;
  }

  /** Makes room for so many rows; rows that are there are lost. */
  #reserve(rows: number): void {
    if (rows <= this.#capacity) return;
    this.#capacity = 2 ** Math.ceil(Math.log2(rows));
    this.#columns = this.#makeColumns(this.#capacity);
  }

  /**
   * Returns the whole state in a versioned binary format. A forecaster restored from it continues bit for bit.
   *
   * @throws FORECASTER_BUSY if a callback of this forecaster calls it. FORECASTER_DISPOSED.
   */
  snapshot(): Uint8Array {
    this.#guard.assertFree();
    return this.forecaster.snapshot();
  }

  /**
   * Replaces the state by a snapshot. An error leaves the state unchanged.
   *
   * @param snapshot Bytes from `snapshot()` of a forecaster with the same settings.
   * @throws SETTING_INVALID for anything but bytes. SNAPSHOT_FOREIGN, SNAPSHOT_VERSION, SNAPSHOT_CORRUPT, MEMORY_EXHAUSTED or
   * FORECASTER_DISPOSED. FORECASTER_BUSY if a callback of this forecaster calls it.
   */
  restore(snapshot: Uint8Array): void {
    this.#guard.assertFree();
    requireSnapshot(snapshot);
    this.forecaster.restore(snapshot);
  }

  /**
   * Frees the memory. Every later call throws FORECASTER_DISPOSED. A call from a callback of this forecaster takes effect
   * when `observe` returns.
   */
  dispose(): void {
    if (this.#guard.defers(() => this.dispose())) return;
    this.forecaster.dispose();
  }

  /** Disposes at the end of a `using` block. */
  [disposeSymbol](): void {
    this.dispose();
  }

  /**
   * The columns of one row that hold the pending forecast of a key; undefined where the key has no state.
   * @internal
   */
  protected ask(key: string): Out | undefined {
    this.#guard.assertFree();
    const { forecaster } = this;
    const name = readKey(key);
    if (!forecaster.has(name)) return undefined;
    const row = (this.#asked ??= this.#makeColumns(1).forecasts);
    forecaster.forecast(forecaster.slotOf(name), row);
    return row;
  }

  /**
   * Asks the event for its fields. What comes back checks them and appends a row: an error in there is the event's
   * fault, one before that is the callback's and ends the stream.
   * @internal
   */
  protected abstract read(event: T): (events: In) => void;

  /**
   * The columns that hold the rows of the batch: those that `read` is given, unless a forecaster has others.
   * @internal
   */
  protected rowsIn(columns: In): In {
    return columns;
  }

  /**
   * The forecast in a row.
   * @internal
   */
  protected abstract resultAt(event: T, row: number, events: In, forecasts: Out): Result;

  /**
   * Tells listeners of a batch whose forecasts are made.
   * @internal
   */
  protected report?(events: readonly T[]): void;

  /** Appends an event to the columns, or refuses it. */
  #append(event: T, append: (events: In) => void): void {
    try {
      append(this.#columns.events);
    } catch (error) {
      this.#onRejected({ event, error: inputFault(error) });
    }
  }
}

refuseAsNumber(ObjectForecaster, "keys", "keyCount");
