/** From rows of forecasts to output records: the message as the value; key, headers and timestamp as they came. */
import type { ForecastColumns } from "../forecast/columns.js";
import type { Forecaster } from "../forecast/forecaster.js";
import { ForecastMessages } from "./message.js";
import type { InputRecord, OutputRecord } from "./ports.js";

export class ForecastEncoder {
  readonly #messages: ForecastMessages;
  readonly #keyOf: (slot: number) => string;

  constructor(forecaster: Forecaster) {
    this.#messages = new ForecastMessages((version) => forecaster.modelName(version));
    this.#keyOf = (slot) => forecaster.keyOf(slot);
  }

  /** The output record of a row that was forecast from `record`. */
  record(columns: ForecastColumns, row: number, record: InputRecord): OutputRecord {
    return {
      key: record.key,
      value: Buffer.from(this.#messages.text(columns, row, this.#keyOf)),
      headers: record.headers,
      timestamp: record.timestamp,
    };
  }
}
