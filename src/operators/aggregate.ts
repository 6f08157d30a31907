/** The operator `aggregate`: makes one observation per key and window of event time out of raw events. */
import { concatMap, defer, type OperatorFunction } from "rxjs";
import { requireFunctionList, requireFunctions, requireOptions } from "../errors/library.js";
import {
  inputFault,
  readKey,
  readTime,
  readValue,
  warnOncePerCode,
  type RejectedEvent,
  type TimeLike,
  type ValueLike,
} from "../forecast/input.js";
import { forecasterSettings, type ForecasterOptions } from "../forecast/settings.js";
import type { AggregateSettings } from "../forecast/windows/settings.js";
import { Windows } from "../forecast/windows/windows.js";

/** Options of `aggregate`: how to read an event, and the windows. */
export type AggregateOptions<T> = NonNullable<ForecasterOptions["aggregate"]> & {
  /** Returns the key of the series: 1 to 1,024 characters. */
  readonly key: (event: T) => string;
  /** Returns the event time: epoch milliseconds, a Date, or ISO 8601 text (UTC if it has no zone). */
  readonly time: (event: T) => TimeLike;
  /**
   * Returns the value, from -1e30 to 1e30; null, undefined or NaN for a missing value. Needed by all functions but
   * `count`.
   */
  readonly value?: (event: T) => ValueLike;
  /** Return exogenous features: an observation has the last value of each in its window. */
  readonly features?: readonly ((event: T) => ValueLike)[];
  /** Called with each rejected event. Default: a process warning for the first event of each error code. */
  readonly onRejected?: (rejected: RejectedEvent<T>) => void;
};

/** The observation of one key and window. */
export interface WindowObservation {
  readonly key: string;
  /** End of the window, in epoch milliseconds. */
  readonly time: number;
  /** NaN for a missing value. */
  readonly value: number;
  /** Number of events in the window. */
  readonly events: number;
  /** Last value of each feature in the window; NaN for a missing one. */
  readonly features: readonly number[];
}

/**
 * Emits one observation per key and window of event time, once an event is newer than the window's end by `grace`. Only
 * events close windows: a window that is open when the source completes emits nothing. The state is lost with the
 * subscription. To keep it, give the windows to the forecaster: `forecast({ ...read, aggregate: { every: "1m" } })`.
 *
 * An event with an invalid key, time or value, and an event whose window is closed (EVENT_LATE), is rejected; see
 * `onRejected`. An error thrown by a callback errors the stream, as in `map`.
 *
 * @param options Callbacks that read an event, and settings of the windows. `maxAhead` has no effect here.
 * @returns An operator from events to observations, in the order in which windows close.
 * @throws SETTING_INVALID at once if an option is invalid.
 *
 * @example
 * ```ts
 * clicks$
 *   .pipe(aggregate({ key: (click) => click.page, time: (click) => click.at, every: "1m", by: "count" }))
 *   .subscribe(({ key, time, value }) => console.log(key, new Date(time), value));
 * ```
 */
export function aggregate<T>(options: AggregateOptions<T>): OperatorFunction<T, WindowObservation> {
  requireOptions(options);
  const { key, time, value, features = [], onRejected, ...windows } = options;
  const isCount = (windows.by ?? "count") === "count";
  requireFunctions(options, isCount ? ["key", "time"] : ["key", "time", "value"], ["value", "onRejected"]);
  requireFunctionList("features", features);
  const featureCount = features.length;
  const settings = forecasterSettings({ aggregate: windows, featureCount }).aggregate!;
  return (source) =>
    defer(() => {
      const events = new EventWindows(options, settings);
      return source.pipe(concatMap((event) => events.take(event)));
    });
}

const none: readonly WindowObservation[] = [];

/** The windows of one subscription. */
class EventWindows<T> {
  readonly #options: AggregateOptions<T>;
  readonly #windows: Windows;
  readonly #onRejected: (rejected: RejectedEvent<T>) => void;

  constructor(options: AggregateOptions<T>, settings: AggregateSettings) {
    this.#options = options;
    this.#windows = new Windows(settings, options.features?.length ?? 0);
    this.#onRejected = options.onRejected ?? warnOncePerCode();
  }

  /** Takes an event. Returns the observations of the windows that it closed. */
  take(event: T): readonly WindowObservation[] {
    // Errors of the callbacks end the stream, errors of what they return reject the event.
    const key = this.#options.key(event);
    const time = this.#options.time(event);
    const value = this.#options.value?.(event);
    const features = this.#options.features?.map((feature) => feature(event)) ?? [];
    let closed = none;
    try {
      const name = readKey(key);
      const milliseconds = readTime(time);
      const number = readValue(value);
      const numbers = features.map((feature, index) => readValue(feature, `feature ${index}`));
      if (this.#windows.advance(milliseconds) > 0) closed = this.#closed();
      this.#windows.refuseLate(milliseconds);
      this.#windows.add(this.#windows.slotOf(name), milliseconds, number, numbers);
    } catch (error) {
      this.#onRejected({ event, error: inputFault(error) });
    }
    return closed;
  }

  #closed(): readonly WindowObservation[] {
    const { count, slots, times, values, events, features } = this.#windows.closed;
    const width = this.#options.features?.length ?? 0;
    return Array.from({ length: count }, (_, i) => ({
      key: this.#windows.nameOf(slots[i]!),
      time: times[i]!,
      value: values[i]!,
      events: events[i]!,
      features: Array.from(features.subarray(i * width, (i + 1) * width)),
    }));
  }
}
