/**
 * Puts records and readings into windows, and the observations of closed windows into a batch. An observation belongs to the
 * record that closed its window: they stand in one commit.
 */
import { UndercurrentError } from "../../errors/errors.js";
import type { ObservationColumns } from "../../forecast/columns.js";
import type { Forecaster } from "../../forecast/forecaster.js";
import { durationMs } from "../../forecast/windows/duration.js";
import type { Windows } from "../../forecast/windows/windows.js";
import type { Reading } from "../decode/decode.js";
import type { ValueFormat } from "../decode/format.js";
import { KeyIndex } from "../decode/key-index.js";
import type { RecordReader } from "../decode/record-reader.js";
import { decodeForWindows, type DecodeSettings } from "../decode-settings.js";
import type { InputRecord } from "../ports.js";
import { ObservationBatch } from "../task/observation-batch.js";

const noHeaders: InputRecord["headers"] = [];

/** Fields of a reading and of a scanned record. */
interface Event {
  readonly time: number;
  readonly value: number;
  readonly features: ArrayLike<number>;
}

export class WindowedBatch {
  /** The observations taken since `clear`, in order: `value` is that of the window, and `record` the one that closed it. */
  readonly readings: Reading[] = [];
  readonly #windows: Windows;
  readonly #maxAhead: number;
  readonly #batch: ObservationBatch;
  readonly #keys = new KeyIndex();
  /** Keys as bytes, by slot of the windows. */
  readonly #keyBytes: (Buffer | undefined)[] = [];

  /** The forecaster must have its state already, and the setting `aggregate`. */
  constructor(forecaster: Forecaster, settings: { readonly decode: DecodeSettings }, format?: ValueFormat) {
    const { aggregate } = forecaster.settings;
    this.#windows = forecaster.windows!;
    this.#maxAhead = durationMs(aggregate!.maxAhead);
    const decode = decodeForWindows(settings.decode, aggregate!.by);
    // Observations come in order: none is late.
    this.#batch = new ObservationBatch(forecaster, { decode, late: "process" }, format);
  }

  /** Reads a record, of which `takeSeries` takes the series one by one. */
  get reader(): RecordReader {
    return this.#batch.reader;
  }

  /** The records that closed the windows. Their keys are those of the series, and they have no value and headers. */
  get records(): readonly InputRecord[] {
    return this.#batch.records;
  }

  get columns(): ObservationColumns {
    return this.#batch.columns;
  }

  /** `listener` is called with the first observation of each key, and possibly with later ones. */
  set onFirstEvent(listener: ((key: string) => void) | undefined) {
    this.#batch.onFirstEvent = listener;
  }

  clear(): void {
    this.#batch.clear();
    this.readings.length = 0;
  }

  /** Frees a slot of the forecaster that its key has lost. */
  forget(slot: number): void {
    this.#batch.forget(slot);
  }

  observed(): void {
    this.#batch.observed();
  }

  /** Puts a series of the record read last into its window. Returns false and throws as `take` does. */
  takeSeries(series: number): boolean {
    const { reader } = this;
    const reading = reader.reading(series);
    if (reading !== undefined) return this.take(reading);
    const scan = reader.select(series);
    if (scan === undefined) return false;
    this.#advance(scan.time, reader.record);
    this.#add(this.#keys.slotOf(scan.key, this.#slotOf, this.#keyFault), scan);
    return false;
  }

  /**
   * Puts a reading into its window, after the windows that it closes became observations. Returns false: the forecaster need
   * not observe the batch before the next event. Throws EVENT_LATE for a closed window, and TIME_INVALID for a time far ahead
   * of its record's.
   */
  take(reading: Reading): boolean {
    this.#advance(reading.time, reading.record);
    this.#add(this.#windows.slotOf(reading.key), reading);
    return false;
  }

  #add(slot: number, { time, value, features }: Event): void {
    this.#windows.add(slot, time, value, features);
  }

  #advance(time: number, record: InputRecord): void {
    const ahead = time - record.timestamp;
    // A record without a timestamp has -1, and some producers write 0.
    if (record.timestamp > 0 && ahead > this.#maxAhead) {
      throw new UndercurrentError(
        "TIME_INVALID",
        `the time is ${ahead} ms ahead of the record's timestamp, expected at most ${this.#maxAhead} ms (aggregate.maxAhead)`,
      );
    }
    if (this.#windows.advance(time) > 0) this.#takeClosed(record);
    for (const slot of this.#windows.freed) {
      this.#keys.forget(slot);
      this.#keyBytes[slot] = undefined;
    }
    this.#windows.refuseLate(time);
  }

  /** Appends the observations of the windows that the record closed. */
  #takeClosed({ offset, timestamp }: InputRecord): void {
    const { count, slots, times, values, features } = this.#windows.closed;
    const width = features.length / slots.length;
    for (let i = 0; i < count; i++) {
      const slot = slots[i]!;
      const key = this.#windows.nameOf(slot);
      const reading: Reading = {
        key,
        time: times[i]!,
        value: values[i]!,
        features: Array.from(features.subarray(i * width, (i + 1) * width)),
        document: undefined,
        record: {
          offset,
          timestamp,
          key: (this.#keyBytes[slot] ??= Buffer.from(key)),
          value: null,
          headers: noHeaders,
        },
      };
      this.#batch.take(reading);
      this.readings.push(reading);
    }
  }

  readonly #slotOf = (key: string): number => this.#windows.slotOf(key);
  readonly #keyFault = (): Error => this.reader.keyFault();
}
