/** Encodes one row of forecasts as a JSON message. The same row gives the same bytes in every output. */
import { dueTime, type ForecastColumns } from "../../forecast/columns.js";
import { JsonText, longestAppend } from "./json-text.js";
import { KeyJsonCache } from "./key-json-cache.js";

const close = Buffer.from("}");
const closeList = Buffer.from("]");

/**
 * Writes the forecast messages of one forecaster; null stands for what there is not.
 *
 * @example
 * ```ts
 * const messages = new ForecastMessages((version) => forecaster.modelName(version));
 * messages.write(columns, 0, (slot) => forecaster.keyOf(slot));
 * JsonText.shared().take().toString(); // {"key":"pump-7","time":"2026-03-01T10:00:05.000Z", …}
 * ```
 */
export class ForecastMessages {
  readonly #modelName: (version: number) => string;
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
  readonly #firstStep = this.#text.piece(',"horizon":[{"step":');
  readonly #nextStep = this.#text.piece(',{"step":');
  readonly #firstLevel = this.#text.piece(',"intervals":[{"level":');
  readonly #nextLevel = this.#text.piece(',{"level":');
  readonly #lower = this.#text.piece(',"lower":');
  readonly #upper = this.#text.piece(',"upper":');

  constructor(modelName: (version: number) => string) {
    this.#modelName = modelName;
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
    const { intervals } = columns;
    const width = intervals.levels.length;
    const appends = (5 + 3 * width) * horizon + 4;
    text.reserve(keys.lengthOf(slot) + this.#model.length + appends * longestAppend);
    text.bytes(keys.bytes, keys.beginOf(slot), keys.beginOf(slot) + keys.lengthOf(slot));
    text.time(this.#time, columns.times[row]!);
    text.number(this.#value, columns.values[row]!);
    text.number(this.#yhat, columns.yhat[row]!);
    text.number(this.#yhatLower, columns.yhatLower[row]!);
    text.number(this.#yhatUpper, columns.yhatUpper[row]!);
    if (width > 0) this.#intervals(intervals.levels, intervals.yhatLower, intervals.yhatUpper, row * width);
    text.time(this.#yhatTime, columns.yhatTime[row]!);
    text.number(this.#expected, columns.expected[row]!);
    text.number(this.#anomalyScore, columns.anomalyScore[row]!);
    text.bytes(this.#model, 0, this.#model.length);
    if (horizon > 1) this.#steps(columns, row);
    text.bytes(close, 0, 1);
  }

  /** The slot is no longer that of its key. */
  forget(slot: number): void {
    this.#keys.forget(slot);
  }

  /** The intervals of one forecast at every level, which lie from `at` on. */
  #intervals(levels: readonly number[], lower: Float64Array, upper: Float64Array, at: number): void {
    const text = this.#text;
    for (let i = 0; i < levels.length; i++) {
      text.number(i === 0 ? this.#firstLevel : this.#nextLevel, levels[i]!);
      text.number(this.#lower, lower[at + i]!);
      text.number(this.#upper, upper[at + i]!);
      text.bytes(close, 0, 1);
    }
    text.bytes(closeList, 0, 1);
  }

  /** The forecasts of the steps after the next value. */
  #steps(columns: ForecastColumns, row: number): void {
    const text = this.#text;
    const { horizon, yhat, yhatLower, yhatUpper } = columns.steps;
    const { levels, stepLower, stepUpper } = columns.intervals;
    for (let step = 2; step <= horizon; step++) {
      const at = row * (horizon - 1) + step - 2;
      text.integer(step === 2 ? this.#firstStep : this.#nextStep, step);
      text.number(this.#yhat, yhat[at]!);
      text.number(this.#yhatLower, yhatLower[at]!);
      text.number(this.#yhatUpper, yhatUpper[at]!);
      if (levels.length > 0) this.#intervals(levels, stepLower, stepUpper, at * levels.length);
      text.time(this.#yhatTime, dueTime(columns, row, step));
      text.bytes(close, 0, 1);
    }
    text.bytes(closeList, 0, 1);
  }
}
