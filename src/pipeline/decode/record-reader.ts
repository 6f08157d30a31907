/** Reads records to readings: common JSON from its bytes, everything else by the decoder. */
import { UndercurrentError } from "../../errors/errors.js";
import type { DecodeSettings } from "../decode-settings.js";
import { namedSeriesOf } from "../decode-settings.js";
import type { InputRecord } from "../ports.js";
import { decodeNames } from "../times/reader.js";
import { zoneNoter } from "../times/zone.js";
import { recordDecoder, type DecodeAll, type Decoded, type Reading } from "./decode.js";
import type { ValueFormat } from "./format.js";
import { RecordScan } from "./scan/scan.js";

const noneRefused: Decoded["refused"] = [];

export class RecordReader {
  readonly #decode: DecodeAll;
  readonly #scan: RecordScan | undefined;
  readonly #names: readonly string[];
  #record: InputRecord | undefined;
  /** Readings of the record read last, if the decoder read it. */
  #decoded: Decoded | undefined;

  constructor(settings: DecodeSettings, format?: ValueFormat) {
    this.#decode = recordDecoder(settings, format);
    this.#scan = RecordScan.of(settings);
    this.#names = (namedSeriesOf(settings) ?? []).map(({ name }) => name);
  }

  /** Reads a record and returns the number of its series. Throws as the decoder does. */
  read(record: InputRecord): number {
    this.#record = record;
    if (this.#scan?.read(record) === true) {
      this.#decoded = undefined;
      return this.#scan.count;
    }
    this.#decoded = this.#decode(record);
    return this.#decoded.readings.length;
  }

  /** The record read last. */
  get record(): InputRecord {
    return this.#record!;
  }

  /** The readings of the record read last that could not be decoded. */
  get refused(): Decoded["refused"] {
    return this.#decoded?.refused ?? noneRefused;
  }

  /** The name of a series of the record read last, as in `Reading`. */
  seriesOf(series: number): string {
    return (this.#decoded === undefined ? this.#names[series] : this.#decoded.readings[series]?.series) ?? "";
  }

  /** A reading of the record read last; undefined if its bytes were scanned. */
  reading(series: number): Reading | undefined {
    return this.#decoded?.readings[series];
  }

  /** The scan of the record read last, after its series is selected; undefined if the series is left out. */
  select(series: number): RecordScan | undefined {
    return this.#scan!.select(series) ? this.#scan : undefined;
  }

  /** Returns why the decoder refuses a scanned record whose key is not UTF-8. */
  keyFault(): Error {
    return this.#decode(this.#record!).refused[0]!.error;
  }
}

/** Records that are looked at for local times. */
const judgedForTimes = 16;

/** Returns the note on the first local time that is taken as UTC; undefined if there is none. */
export function localTimesIn(
  records: readonly InputRecord[],
  decode: DecodeSettings,
  format: ValueFormat | undefined,
): string | undefined {
  // A function of the user's is not called twice for a record.
  if (decode.time === undefined || decode.timeZone !== undefined || decode.format === "module")
    return undefined;
  let found: string | undefined;
  const noteTime = zoneNoter(decode, decodeNames, (note) => (found = note));
  const read = recordDecoder(decode, format, noteTime);
  for (const record of records.slice(0, judgedForTimes)) {
    try {
      read(record);
    } catch (error) {
      // The task has told it.
      if (!(error instanceof UndercurrentError)) throw error;
    }
    if (found !== undefined) return found;
  }
  return undefined;
}
