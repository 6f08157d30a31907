/** The forecast message: one row of forecasts as JSON text, the same to the byte wherever it is written. */
import { dueTime, type ForecastColumns } from "../forecast/columns.js";
import { maximumTime } from "../forecast/input.js";
import { isoTime } from "./iso-time.js";

/**
 * Writes the forecast messages of one forecaster; null stands for what there is not.
 *
 * @example
 * ```ts
 * const messages = new ForecastMessages((version) => forecaster.modelName(version));
 * messages.text(columns, 0, (slot) => forecaster.keyOf(slot)); // {"key":"pump-7","time":"2026-03-01T10:00:05.000Z", …}
 * ```
 */
export class ForecastMessages {
  readonly #modelName: (version: number) => string;
  /** Keys as JSON, by slot. */
  readonly #keys: string[] = [];
  #version = -1;
  #model = "";

  constructor(modelName: (version: number) => string) {
    this.#modelName = modelName;
  }

  /** The message of a row, without a line break. */
  text(columns: ForecastColumns, row: number, keyOf: (slot: number) => string): string {
    const slot = columns.slots[row]!;
    const key = (this.#keys[slot] ??= JSON.stringify(keyOf(slot)));
    const version = columns.version[row]!;
    if (version !== this.#version) {
      this.#version = version;
      this.#model = JSON.stringify(this.#modelName(version));
    }
    return (
      `{"key":${key},"time":${timeText(columns.times[row]!)},"value":${numberText(columns.values[row]!)},` +
      `"yhat":${numberText(columns.yhat[row]!)},"yhat_lower":${numberText(columns.yhatLower[row]!)},` +
      `"yhat_upper":${numberText(columns.yhatUpper[row]!)},"yhat_time":${timeText(columns.yhatTime[row]!)},` +
      `"expected":${numberText(columns.expected[row]!)},"anomaly_score":${numberText(columns.anomalyScore[row]!)},` +
      `"model":${this.#model}${horizonText(columns, row)}}`
    );
  }
}

/** The forecasts of the steps after the next value; nothing at a horizon of 1. */
function horizonText(columns: ForecastColumns, row: number): string {
  const { horizon, yhat, yhatLower, yhatUpper } = columns.steps;
  if (horizon === 1) return "";
  let text = ',"horizon":[';
  for (let step = 2; step <= horizon; step++) {
    const at = row * (horizon - 1) + step - 2;
    text +=
      `${step === 2 ? "" : ","}{"step":${step},"yhat":${numberText(yhat[at]!)},` +
      `"yhat_lower":${numberText(yhatLower[at]!)},"yhat_upper":${numberText(yhatUpper[at]!)},` +
      `"yhat_time":${timeText(dueTime(columns, row, step))}}`;
  }
  return `${text}]`;
}

/** JSON has no NaN. */
function numberText(value: number): string {
  return Number.isFinite(value) ? String(value) : "null";
}

/** The expected time of a next value may lie beyond what a Date can hold. */
function timeText(time: number): string {
  return Math.abs(time) <= maximumTime ? `"${isoTime(time)}"` : "null";
}
