/** Converts records and readings to columns of observations: slots of keys, and the policy for late events. */
import { UndercurrentError } from "../../errors/errors.js";
import {
  appendObservation,
  copyObservations,
  setFeatures,
  setPosition,
  observationColumns,
  type ObservationColumns,
} from "../../forecast/columns.js";
import type { Forecaster } from "../../forecast/forecaster.js";
import type { Reading } from "../decode/decode.js";
import { pathOfGroup } from "../../forecast/incidents/groups/naming.js";
import type { ValueFormat } from "../decode/format.js";
import { groupReader } from "../decode/group.js";
import { KeyIndex } from "../decode/key-index.js";
import { RecordReader } from "../decode/record-reader.js";
import type { InputRecord } from "../ports.js";
import { readingPosition } from "../encode/incident-id.js";
import type { DecodeSettings } from "../decode-settings.js";
import type { LatePolicy } from "../settings.js";

const day = 86_400_000;
/**
 * Where late events are refused, how far ahead of its record's timestamp a time may be: one event that says it is of the
 * year 2300 would make all that follow of its key late.
 */
const furthestAhead = 7 * day;

/** Where a slot's last time was not looked up yet: no time of an event, for they are finite. */
const unread = Infinity;

/** Fields of a reading and of a scanned record. */
interface Observed {
  readonly time: number;
  readonly value: number;
  readonly features: ArrayLike<number>;
}

export class ObservationBatch {
  /** The records taken since `clear`, in order; `columns` holds their numbers. */
  readonly records: InputRecord[] = [];

  /** Called with the first event of each key, and possibly with later ones. */
  onFirstEvent: ((key: string) => void) | undefined;

  /** Reads a record, of which `takeSeries` takes the series one by one. */
  readonly reader: RecordReader;

  readonly #forecaster: Forecaster;
  readonly #late: LatePolicy;
  readonly #keys = new KeyIndex();
  #columns: ReturnType<typeof observationColumns>;
  /**
   * Time of the last event taken of each slot's key: `unread` before its first event here, -Infinity if it has none. It is
   * ahead of the forecaster by the events taken and not yet observed.
   */
  #lastTimes = new Float64Array(64).fill(unread);
  /** Whether the decoder met each slot's key. */
  #met = new Uint8Array(64);
  /** Readings taken of the last record. */
  #taken = 0;
  /** Keys that the forecaster had forgotten when the times were read. */
  #forgotten = 0;

  /** The forecaster must have its state already, because a restore reassigns the slots. */
  constructor(
    forecaster: Forecaster,
    settings: { readonly decode: DecodeSettings; readonly late: LatePolicy },
    format?: ValueFormat,
  ) {
    this.#forecaster = forecaster;
    this.#late = settings.late;
    this.#forgotten = forecaster.forgotten;
    this.reader = new RecordReader(settings.decode, format);
    this.#columns = observationColumns(1024, forecaster.settings.featureCount);
    const path = pathOfGroup(forecaster.settings.detection.group);
    if (path === undefined) return;
    const groupOf = groupReader(settings.decode, path, format);
    this.#columns.groupOf = (row) => groupOf(this.records[row]!, forecaster.keyOf(this.#columns.slots[row]!));
  }

  get columns(): ObservationColumns {
    return this.#columns;
  }

  clear(): void {
    this.records.length = 0;
    this.#taken = 0;
    this.#columns.count = 0;
  }

  /** Frees a slot that its key has lost. The batch must hold no event of the slot. */
  forget(slot: number): void {
    this.#keys.forget(slot);
    if (slot < this.#lastTimes.length) this.#lastTimes[slot] = unread;
    if (slot < this.#met.length) this.#met[slot] = 0;
  }

  /**
   * Appends a reading. Returns whether the forecaster must observe the batch now, before the next event: the keys that it
   * forgets decide which later events are late. Call `observed` then.
   *
   * If late events are refused, throws EVENT_LATE, and TIME_INVALID for a time far in the future.
   */
  take(reading: Reading): boolean {
    const { key, time, record } = reading;
    this.#refuseAhead(time, record);
    const slot = this.#forecaster.slotOf(key);
    this.#meet(slot, key);
    return this.#append(slot, reading, record);
  }

  /** Appends a series of the record read last. Returns and throws as `take` does. */
  takeSeries(series: number): boolean {
    const { reader } = this;
    const reading = reader.reading(series);
    if (reading !== undefined) return this.take(reading);
    const scan = reader.select(series);
    if (scan === undefined) return false;
    const { record } = reader;
    this.#refuseAhead(scan.time, record);
    const slot = this.#keys.slotOf(scan.key, this.#begin, this.#keyFault);
    return this.#append(slot, scan, record);
  }

  /** Updates the slots after the forecaster has observed the batch and may have forgotten keys. */
  observed(): void {
    if (this.#forgotten === this.#forecaster.forgotten) return;
    this.#forgotten = this.#forecaster.forgotten;
    this.#lastTimes.fill(unread);
  }

  /** Returns the slot of a scanned key's first event. */
  readonly #begin = (key: string): number => {
    const slot = this.#forecaster.slotOf(key);
    this.onFirstEvent?.(key);
    return slot;
  };

  readonly #keyFault = (): Error => this.reader.keyFault();

  #meet(slot: number, key: string): void {
    if (this.onFirstEvent === undefined) return;
    if (slot >= this.#met.length) {
      const met = new Uint8Array(2 * slot);
      met.set(this.#met);
      this.#met = met;
    }
    if (this.#met[slot] === 1) return;
    this.#met[slot] = 1;
    this.onFirstEvent(key);
  }

  #append(slot: number, { time, value, features }: Observed, record: InputRecord): boolean {
    const begins = this.#late !== "process" && this.#refuseLate(slot, time, value);
    if (this.#columns.count === this.#columns.slots.length) this.#grow();
    appendObservation(this.#columns, slot, time, value);
    setFeatures(this.#columns, features);
    if (record.offset !== this.records.at(-1)?.offset) this.#taken = 0;
    setPosition(this.#columns, readingPosition(record.offset, this.#taken++));
    this.records.push(record);
    return begins && this.#bounded;
  }

  #refuseAhead(time: number, { timestamp }: InputRecord): void {
    // A record without a timestamp has -1, and some producers write 0.
    if (this.#late === "process" || timestamp <= 0 || time - timestamp <= furthestAhead) return;
    const days = Math.round((time - timestamp) / day);
    throw new UndercurrentError(
      "TIME_INVALID",
      `the time is ${days} days ahead of the record's timestamp, expected at most ${furthestAhead / day} with late: ${this.#late}`,
    );
  }

  /** Whether the forecaster forgets keys where others begin. */
  get #bounded(): boolean {
    const { maxKeys, keyTtlMs } = this.#forecaster.settings;
    return maxKeys > 0 || keyTtlMs > 0;
  }

  /** Returns whether the event is the first of its key. */
  #refuseLate(slot: number, time: number, value: number): boolean {
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
        `the event of ${JSON.stringify(this.#forecaster.keyOf(slot))} is ${last - time} ms older than the previous one`,
      );
    }
    // A key begins with its first value: missing ones before it leave no trace in the state.
    const begun = last > -Infinity;
    if (begun || !Number.isNaN(value)) this.#lastTimes[slot] = time;
    else this.#lastTimes[slot] = -Infinity;
    return !begun && !Number.isNaN(value);
  }

  #grow(): void {
    const columns = observationColumns(
      2 * this.#columns.slots.length,
      this.#forecaster.settings.featureCount,
    );
    copyObservations(this.#columns, columns);
    columns.groupOf = this.#columns.groupOf;
    this.#columns = columns;
  }
}
