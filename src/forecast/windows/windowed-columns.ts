/** Makes observations out of raw events: events go into windows, and windows that close become rows of columns. */
import { appendObservation, copyObservations, observationColumns } from "../columns.js";
import type { Windows } from "./windows.js";

/** Columns to which rows can be appended. */
type Columns = ReturnType<typeof observationColumns>;

export interface WindowedColumnsOptions {
  /** Exogenous features per event. */
  readonly featureCount: number;
  /** Returns the forecaster's slot of a key. */
  readonly slotOf: (key: string) => number;
}

/** What windows need of their forecaster. */
interface WindowedForecaster {
  readonly windows: Windows | undefined;
  readonly settings: { readonly featureCount: number };
  slotOf(key: string): number;
}

/**
 * Returns columns for the observations of a forecaster's windows; undefined without the setting `aggregate`.
 *
 * @param slotOf Slot of a key in the columns, if not that of the forecaster.
 */
export function windowedColumns(
  forecaster: WindowedForecaster,
  slotOf = (key: string): number => forecaster.slotOf(key),
): WindowedColumns | undefined {
  const { windows, settings } = forecaster;
  return windows && new WindowedColumns(windows, { featureCount: settings.featureCount, slotOf });
}

/**
 * Columns of the windows' observations, in the order in which windows close. They grow where an event closes more windows
 * than there is room for.
 */
export class WindowedColumns {
  readonly #windows: Windows;
  readonly #options: WindowedColumnsOptions;
  #columns: Columns;

  constructor(windows: Windows, options: WindowedColumnsOptions) {
    this.#windows = windows;
    this.#options = options;
    this.#columns = observationColumns(16, options.featureCount);
  }

  /** The observations since `clear`. */
  get columns(): Columns {
    return this.#columns;
  }

  /**
   * Appends the observations of the windows that an event closes, then adds the event to its own window. Key, time, value
   * and features must be valid. Throws EVENT_LATE and TIME_INVALID.
   */
  take(key: string, time: number, value: number, features: ArrayLike<number>): void {
    const closed = this.#windows.advance(time);
    if (closed > 0) this.#append(closed);
    this.#windows.refuseLate(time);
    this.#windows.add(this.#windows.slotOf(key), time, value, features);
  }

  #append(count: number): void {
    const { slots, times, values, features } = this.#windows.closed;
    const { featureCount: width, slotOf } = this.#options;
    const columns = this.#roomFor(count);
    for (let i = 0; i < count; i++) {
      appendObservation(columns, slotOf(this.#windows.nameOf(slots[i]!)), times[i]!, values[i]!);
      const row = columns.count - 1;
      for (let j = 0; j < width; j++) columns.features[row * width + j] = features[i * width + j]!;
    }
  }

  #roomFor(rows: number): Columns {
    const needed = this.#columns.count + rows;
    if (needed <= this.#columns.slots.length) return this.#columns;
    const larger = observationColumns(2 ** Math.ceil(Math.log2(needed)), this.#options.featureCount);
    copyObservations(this.#columns, larger);
    return (this.#columns = larger);
  }
}
