/** From rows of forecasts to output records: the message as the value; key, headers and timestamp as they came. */
import type { ForecastColumns } from "../forecast/columns.js";
import type { Forecaster } from "../forecast/forecaster.js";
import { ForecastMessages } from "./message.js";
import type { InputRecord, OutputRecord } from "./ports.js";

/** Characters of a buffer, about: few buffers, and none near the longest text there can be. */
const bufferLength = 65_536;

export class ForecastEncoder {
  readonly #messages: ForecastMessages;
  readonly #keyOf: (slot: number) => string;

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
    let text = "";
    for (let row = 0; row < records.length; row++) {
      text += this.#messages.text(columns, row, this.#keyOf);
      this.#ends.push(text.length);
      if (text.length < bufferLength && row < records.length - 1) continue;
      this.#cut(text, records, output);
      text = "";
    }
    return output;
  }

  /** Appends the records of the messages in `text`, which are those behind what the output has. */
  #cut(text: string, records: readonly InputRecord[], output: OutputRecord[]): void {
    const bytes = Buffer.from(text);
    const ascii = bytes.length === text.length;
    let [begin, beginByte] = [0, 0];
    for (const end of this.#ends) {
      const endByte = ascii ? end : beginByte + Buffer.byteLength(text.slice(begin, end));
      const { key, headers, timestamp } = records[output.length]!;
      output.push({ key, value: bytes.subarray(beginByte, endByte), headers, timestamp });
      begin = end;
      beginByte = endByte;
    }
    this.#ends.length = 0;
  }
}
