/** What forecasters of objects share: columns that grow, events that are refused, and the lifetime of what they wrap. */
import { CallGuard } from "./call-guard.js";
import { inputFault, warnOncePerCode, type RejectedEvent } from "./input.js";
import type { KeyedForecaster } from "./keyed-forecaster.js";

/** Where events go and their forecasts come from, with room for equally many of both. */
interface Columns<In, Out> {
  readonly events: In;
  readonly forecasts: Out;
}

const firstCapacity = 16;

/**
 * A forecaster of events of type `T` over one of columns of types `In` and `Out`; a forecast is a `Result`. Its lifetime
 * is that of the memory it holds: dispose of it.
 */
export abstract class ObjectForecaster<T, In extends { count: number }, Out, Result> {
  /** @internal */
  protected readonly forecaster: KeyedForecaster<{ readonly hidden: number }, In, Out>;
  readonly #makeColumns: (capacity: number) => Columns<In, Out>;
  readonly #onRejected: (rejected: RejectedEvent<T>) => void;
  readonly #guard = new CallGuard();
  #columns: Columns<In, Out>;
  #capacity = firstCapacity;

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

  /** Keys that it holds a state of. */
  get keys(): number {
    return this.forecaster.keys;
  }

  /** Bytes of state, room for further keys included. */
  get bytes(): number {
    return this.forecaster.bytes;
  }

  /**
   * Takes events in order and returns a forecast for each that was not refused. Throws FORECASTER_BUSY where a callback of
   * this forecaster calls it.
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
    this.forecaster.release();
    if (events.length > this.#capacity) {
      const capacity = 2 ** Math.ceil(Math.log2(events.length));
      this.#columns = this.#makeColumns(capacity);
      this.#capacity = capacity;
    }
    const columns = this.#columns;
    columns.events.count = 0;
    const accepted = events.filter((event) => this.#accepts(event));
    this.forecaster.observe(columns.events, columns.forecasts);
    return accepted.map((event, row) => this.resultAt(event, row, columns.events, columns.forecasts));
  }

  /**
   * The whole state in one versioned binary form, from which another forecaster goes on bit for bit. Throws
   * FORECASTER_BUSY where a callback of this forecaster calls it.
   */
  snapshot(): Uint8Array {
    this.#guard.assertFree();
    return this.forecaster.snapshot();
  }

  /**
   * Takes over the state of a snapshot. Throws SNAPSHOT_FOREIGN, SNAPSHOT_VERSION, SNAPSHOT_CORRUPT, MEMORY_EXHAUSTED
   * or, where a callback of this forecaster calls it, FORECASTER_BUSY, and then has changed nothing.
   */
  restore(snapshot: Uint8Array): void {
    this.#guard.assertFree();
    this.forecaster.restore(snapshot);
  }

  /**
   * Gives the memory back; everything throws FORECASTER_DISPOSED from then on. Called by a callback of this forecaster it
   * takes effect when `observe` returns.
   */
  dispose(): void {
    if (this.#guard.defers(() => this.dispose())) return;
    this.forecaster.dispose();
  }

  /**
   * Asks the event for its fields. What comes back checks them and appends a row: an error in there is the event's
   * fault, one before that is the callback's and ends the stream.
   * @internal
   */
  protected abstract read(event: T): (events: In) => void;

  /**
   * The forecast in a row.
   * @internal
   */
  protected abstract resultAt(event: T, row: number, events: In, forecasts: Out): Result;

  /** Appends an event to the columns, or refuses it. */
  #accepts(event: T): boolean {
    const append = this.read(event);
    try {
      append(this.#columns.events);
      return true;
    } catch (error) {
      this.#onRejected({ event, error: inputFault(error) });
      return false;
    }
  }
}
