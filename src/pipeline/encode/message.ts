/** Encodes one row of forecasts as a JSON message. The same row gives the same bytes in every output. */
import type { ForecastColumns } from "../../forecast/columns.js";
import { JsonText, longestAppend } from "./json-text.js";
import { KeyJsonCache } from "./key-json-cache.js";
import { NestedLists } from "./nested-lists.js";

const close = Buffer.from("}");

/** Writes the messages of one forecaster, in a format. */
export interface MessageWriter {
  /**
   * Appends the message of a row to the process's text, without a line break. Throws MEMORY_EXHAUSTED.
   *
   * @param offset Offset of the row's record in the input.
   */
  write(columns: ForecastColumns, row: number, keyOf: (slot: number) => string, offset: number): void;
  /** The slot is no longer that of its key. */
  forget(slot: number): void;
}

/**
 * Writes the forecast messages of one forecaster; null stands for a missing value.
 *
 * @example
 * ```ts
 * const messages = new ForecastMessages((version) => forecaster.modelName(version));
 * messages.write(columns, 0, (slot) => forecaster.keyOf(slot));
 * JsonText.shared().take().toString(); // {"key":"pump-7","time":"2026-03-01T10:00:05.000Z", …}
 * ```
 */
export class ForecastMessages implements MessageWriter {
  readonly #modelName: (version: number) => string;
  readonly #incidentId: ((position: number, slot: number) => string) | undefined;
  readonly #text = JsonText.shared();
  readonly #keys = new KeyJsonCache();
  #version = -1;
  #model = Buffer.alloc(0);

  readonly #time = this.#text.piece(',"time":');
  readonly #value = this.#text.piece(',"value":');
  readonly #yhat = this.#text.piece(',"yhat":');
  readonly #yhatLower = this.#text.piece(',"yhat_lower":');
  readonly #yhatUpper = this.#text.piece(',"yhat_upper":');
  readonly #yhatTime = this.#text.piece(',"yhat_time":');
  readonly #expected = this.#text.piece(',"expected":');
  readonly #anomalyScore = this.#text.piece(',"anomaly_score":');
  readonly #lists = new NestedLists(',"intervals":[', ',"horizon":[', false);

  /** @param incidentId Returns the id of a key's open incident. Without it messages name no incident. */
  constructor(
    modelName: (version: number) => string,
    incidentId?: (position: number, slot: number) => string,
  ) {
    this.#modelName = modelName;
    this.#incidentId = incidentId;
  }

  /** Appends the message of a row to the process's text, without a line break. Throws MEMORY_EXHAUSTED. */
  write(columns: ForecastColumns, row: number, keyOf: (slot: number) => string): void {
    const text = this.#text;
    const slot = columns.slots[row]!;
    const keys = this.#keys;
    if (!keys.has(slot)) keys.add(slot, `{"key":${JSON.stringify(keyOf(slot))}`);
    const version = columns.version[row]!;
    if (version !== this.#version) {
      this.#version = version;
      this.#model = Buffer.from(`,"model":${JSON.stringify(this.#modelName(version))}`);
    }
    const { horizon } = columns.steps;
    const width = columns.intervals.levels.length;
    const appends = (5 + 3 * width) * horizon + 4;
    const room = keys.lengthOf(slot) + this.#model.length + appends * longestAppend;
    text.reserve(room);
    text.bytes(keys.bytes, keys.beginOf(slot), keys.beginOf(slot) + keys.lengthOf(slot));
    text.time(this.#time, columns.times[row]!);
    text.number(this.#value, columns.values[row]!);
    text.number(this.#yhat, columns.yhat[row]!);
    text.number(this.#yhatLower, columns.yhatLower[row]!);
    text.number(this.#yhatUpper, columns.yhatUpper[row]!);
    if (width > 0) this.#lists.intervals(columns, row);
    text.time(this.#yhatTime, columns.yhatTime[row]!);
    text.number(this.#expected, columns.expected[row]!);
    text.number(this.#anomalyScore, columns.anomalyScore[row]!);
    text.bytes(this.#model, 0, this.#model.length);
    const incident = columns.incident[row]!;
    if (!Number.isNaN(incident)) this.#incident({ position: incident, slot, room });
    if (horizon > 1) this.#lists.steps(columns, row);
    text.bytes(close, 0, 1);
  }

  /** The slot is no longer that of its key. */
  forget(slot: number): void {
    this.#keys.forget(slot);
  }

  /** The id of the incident that is open after the event, and `room` for the rest of the message. */
  #incident({ position, slot, room }: { position: number; slot: number; room: number }): void {
    if (this.#incidentId === undefined) return;
    const bytes = Buffer.from(`,"incident":${JSON.stringify(this.#incidentId(position, slot))}`);
    this.#text.reserve(bytes.length + room);
    this.#text.bytes(bytes, 0, bytes.length);
  }
}
