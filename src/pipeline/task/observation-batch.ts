/** Converts records and readings to columns of observations: slots of keys, and the policy for late events. */
import { isUtf8 } from "node:buffer";
import { UndercurrentError } from "../../errors/errors.js";
import {
  appendObservation,
  setFeatures,
  observationColumns,
  type ObservationColumns,
} from "../../forecast/columns.js";
import type { Forecaster } from "../../forecast/forecaster.js";
import { decoder, type Decode, type Reading } from "../decode/decode.js";
import { KeyIndex } from "../decode/key-index.js";
import type { InputRecord } from "../ports.js";
import { RecordScan } from "../decode/scan.js";
import type { DecodeSettings, LatePolicy } from "../settings.js";

const day = 86_400_000;
/**
 * Where late events are refused, how far ahead of its record's timestamp a time may be: one event that says it is of the
 * year 2300 would make all that follow of its key late.
 */
const furthestAhead = 7 * day;

/** Where a slot's last time was not looked up yet: no time of an event, for they are finite. */
const unread = Infinity;

/** What a reading and a scanned record share. */
interface Observed {
  readonly time: number;
  readonly value: number;
  readonly features: ArrayLike<number>;
}

export class ObservationBatch {
  /** The records that were taken since `clear`, in order; `columns` holds what they say as numbers. */
  readonly records: InputRecord[] = [];

  /** Hears of the first event of each key, and maybe of later ones. */
  onFirstEvent: ((key: string) => void) | undefined;

  readonly #forecaster: Forecaster;
  readonly #late: LatePolicy;
  readonly #decode: Decode;
  readonly #scan: RecordScan | undefined;
  readonly #keys = new KeyIndex();
  #columns: ReturnType<typeof observationColumns>;
  /**
   * Time of the last event taken of each slot's key: `unread` before its first here, -Infinity where it has none. It
   * runs ahead of the forecaster's by the events that were taken and not yet observed.
   */
  #lastTimes = new Float64Array(64).fill(unread);
  /** Whether the decoder met each slot's key. */
  #met = new Uint8Array(64);
  /** Keys that the forecaster had forgotten when the times were read. */
  #forgotten = 0;

  /** The forecaster must have its state already: slots are given anew by a restore. */
  constructor(
    forecaster: Forecaster,
    settings: { readonly decode: DecodeSettings; readonly late: LatePolicy },
  ) {
    this.#forecaster = forecaster;
    this.#late = settings.late;
    this.#forgotten = forecaster.forgotten;
    this.#decode = decoder(settings.decode);
    this.#scan = RecordScan.of(settings.decode);
    this.#columns = observationColumns(1024, forecaster.settings.featureCount);
  }

  get columns(): ObservationColumns {
    return this.#columns;
  }

  clear(): void {
    this.records.length = 0;
    this.#columns.count = 0;
  }

  /** The slot is no longer that of its key; nothing of it may be among what was taken. */
  forget(slot: number): void {
    this.#keys.forget(slot);
    if (slot < this.#lastTimes.length) this.#lastTimes[slot] = unread;
    if (slot < this.#met.length) this.#met[slot] = 0;
  }

  /**
   * Appends a reading. Returns whether the forecaster has to observe the batch now, before anything else is taken: which
   * keys it forgets decides what is late after them. `observed` is to be called then.
   *
   * Where the policy is to refuse late events, throws EVENT_LATE, and TIME_INVALID far in the future.
   */
  take(reading: Reading): boolean {
    const { key, time, record } = reading;
    this.#refuseAhead(time, record);
    const slot = this.#forecaster.slotOf(key);
    this.#meet(slot, key);
    return this.#append(slot, reading, record);
  }

  /** Appends what a record says, as if it were decoded and taken. Returns and throws as `take` does, or a decoder. */
  takeRecord(record: InputRecord): boolean {
    const scan = this.#scan;
    const isRead = scan?.read(record) === true;
    if (isRead) this.#refuseAhead(scan.time, record);
    const slot = isRead ? this.#slotOf(scan) : -1;
    if (slot < 0) return this.take(this.#decode(record));
    return this.#append(slot, scan!, record);
  }

  /** Takes notice of the keys that the forecaster has forgotten, where it has observed the batch so far. */
  observed(): void {
    if (this.#forgotten === this.#forecaster.forgotten) return;
    this.#forgotten = this.#forecaster.forgotten;
    this.#lastTimes.fill(unread);
  }

  /** The slot of the key that was scanned; -1 where it is for the decoder to say what is wrong with it. */
  #slotOf({ keyBytes, keyStart, keyEnd }: RecordScan): number {
    const known = this.#keys.find(keyBytes, keyStart, keyEnd);
    if (known >= 0) return known;
    const bytes = keyBytes.subarray(keyStart, keyEnd);
    if (!isUtf8(bytes)) return -1;
    const key = Buffer.from(bytes).toString("utf8");
    const slot = this.#forecaster.slotOf(key);
    this.onFirstEvent?.(key);
    this.#keys.add(keyBytes, keyStart, keyEnd, slot);
    return slot;
  }

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
    this.records.push(record);
    return begins && this.#bounded;
  }

  #refuseAhead(time: number, { timestamp }: InputRecord): void {
    // A record without a timestamp has -1, and some producers write 0.
    if (this.#late === "process" || timestamp <= 0 || time - timestamp <= furthestAhead) return;
    const days = Math.round((time - timestamp) / day);
    throw new UndercurrentError(
      "TIME_INVALID",
      `the time is ${days} days ahead of the record's timestamp, expected at most ${furthestAhead / day} with this late policy`,
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
    columns.slots.set(this.#columns.slots);
    columns.times.set(this.#columns.times);
    columns.values.set(this.#columns.values);
    columns.features.set(this.#columns.features);
    columns.count = this.#columns.count;
    this.#columns = columns;
  }
}
