/** Encodes rows of forecasts as output records with the key, headers and timestamp of their input records. */
import type { ForecastColumns } from "../../forecast/columns.js";
import type { Forecaster } from "../../forecast/forecaster.js";
import { JsonText } from "./json-text.js";
import { ForecastMessages } from "./message.js";
import type { InputRecord, OutputRecord } from "../ports.js";

/** Bytes of a buffer, about: few buffers, and none that a single record would keep much of. */
const bufferLength = 65_536;

export class ForecastEncoder {
  readonly #messages: ForecastMessages;
  readonly #keyOf: (slot: number) => string;
  readonly #text = JsonText.shared();

  /** Where the messages end that are not yet in the output. */
  readonly #ends: number[] = [];

  constructor(forecaster: Forecaster) {
    this.#messages = new ForecastMessages((version) => forecaster.modelName(version));
    this.#keyOf = (slot) => forecaster.keyOf(slot);
  }

  /**
   * The output records of the rows, of which row r was forecast from `records[r]`. Their values are slices of a few
   * buffers: to copy each message by itself costs more than to write it.
   */
  records(columns: ForecastColumns, records: readonly InputRecord[]): OutputRecord[] {
    const output: OutputRecord[] = [];
    for (let row = 0; row < records.length; row++) {
      this.#messages.write(columns, row, this.#keyOf);
      this.#ends.push(this.#text.length);
      if (this.#text.length >= bufferLength || row === records.length - 1) this.#cut(records, output);
    }
    return output;
  }

  /** The slot is no longer that of its key. */
  forget(slot: number): void {
    this.#messages.forget(slot);
  }

  /** Appends the records of the messages in the text, which are those behind what the output has. */
  #cut(records: readonly InputRecord[], output: OutputRecord[]): void {
    const bytes = this.#text.take();
    let begin = 0;
    for (const end of this.#ends) {
      const { key, headers, timestamp } = records[output.length]!;
      output.push({ key, value: bytes.subarray(begin, end), headers, timestamp });
      begin = end;
    }
    this.#ends.length = 0;
  }
}
