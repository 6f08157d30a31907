/** Readings become columns of observations: a slot for each key, and the policy on events that come late. */
import { UndercurrentError } from "../errors.js";
import { appendObservation, observationColumns, type ObservationColumns } from "../forecast/columns.js";
import type { Forecaster } from "../forecast/forecaster.js";
import type { Reading } from "./decode.js";
import type { LatePolicy } from "./settings.js";

/** Where a slot's last time was not looked up yet: no time of an event, for they are finite. */
const unread = Infinity;

export class Intake {
  /** The readings that were taken since `clear`, in order; `columns` holds them as numbers. */
  readonly readings: Reading[] = [];

  readonly #forecaster: Forecaster;
  readonly #late: LatePolicy;
  #columns: ReturnType<typeof observationColumns>;
  /**
   * Time of the last event taken of each slot's key: `unread` before its first here, -Infinity where it has none. It
   * runs ahead of the forecaster's by the events that were taken and not yet observed.
   */
  #lastTimes = new Float64Array(64).fill(unread);

  /** The forecaster must have its state already: slots are given anew by a restore. */
  constructor(forecaster: Forecaster, late: LatePolicy) {
    this.#forecaster = forecaster;
    this.#late = late;
    this.#columns = observationColumns(1024, forecaster.settings.features);
  }

  get columns(): ObservationColumns {
    return this.#columns;
  }

  clear(): void {
    this.readings.length = 0;
    this.#columns.count = 0;
  }

  /** Appends a reading. Throws EVENT_LATE where it is late and the policy is not to process it. */
  take(reading: Reading): void {
    const slot = this.#forecaster.slotOf(reading.key);
    if (this.#late !== "process") this.#refuseLate(slot, reading);
    if (this.#columns.count === this.#columns.slots.length) this.#grow();
    appendObservation(this.#columns, slot, reading.time, reading.value, reading.features);
    this.readings.push(reading);
  }

  #refuseLate(slot: number, { key, time, value }: Reading): void {
    if (slot >= this.#lastTimes.length) {
      const lastTimes = new Float64Array(2 * slot).fill(unread);
      lastTimes.set(this.#lastTimes);
      this.#lastTimes = lastTimes;
    }
    let last = this.#lastTimes[slot]!;
    if (last === unread) {
      const recorded = this.#forecaster.lastTimeOf(slot);
      last = Number.isNaN(recorded) ? -Infinity : recorded;
    }
    if (time < last) {
      throw new UndercurrentError(
        "EVENT_LATE",
        `the event of ${JSON.stringify(key)} is ${last - time} ms older than the one before it`,
      );
    }
    // A key begins with its first value: missing ones before it leave no trace in the state.
    this.#lastTimes[slot] = last === -Infinity && Number.isNaN(value) ? -Infinity : time;
  }

  #grow(): void {
    const columns = observationColumns(2 * this.#columns.slots.length, this.#forecaster.settings.features);
    columns.slots.set(this.#columns.slots);
    columns.times.set(this.#columns.times);
    columns.values.set(this.#columns.values);
    columns.features.set(this.#columns.features);
    columns.count = this.#columns.count;
    this.#columns = columns;
  }
}
