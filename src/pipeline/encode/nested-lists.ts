/** Writes the lists inside a JSON message: intervals of several levels, and forecasts of further steps. */
import { dueTime, type ForecastColumns } from "../../forecast/columns.js";
import { JsonText } from "./json-text.js";

const close = Buffer.from("}");
const closeList = Buffer.from("]");
const innerIntervals = Buffer.from(',"intervals":[');

export class NestedLists {
  readonly #text = JsonText.shared();
  readonly #beginIntervals: Buffer;
  readonly #beginSteps: Buffer;
  readonly #epoch: boolean;
  readonly #firstStep = this.#text.piece('{"step":');
  readonly #nextStep = this.#text.piece(',{"step":');
  readonly #firstLevel = this.#text.piece('{"level":');
  readonly #nextLevel = this.#text.piece(',{"level":');
  readonly #lower = this.#text.piece(',"lower":');
  readonly #upper = this.#text.piece(',"upper":');
  readonly #yhat = this.#text.piece(',"yhat":');
  readonly #yhatLower = this.#text.piece(',"yhat_lower":');
  readonly #yhatUpper = this.#text.piece(',"yhat_upper":');
  readonly #yhatTime = this.#text.piece(',"yhat_time":');

  /**
   * @param beginIntervals Text before the intervals of the next value, the opening bracket included.
   * @param beginSteps Text before the further steps.
   * @param epoch Writes times as epoch milliseconds instead of ISO 8601.
   */
  constructor(beginIntervals: string, beginSteps: string, epoch: boolean) {
    this.#beginIntervals = Buffer.from(beginIntervals);
    this.#beginSteps = Buffer.from(beginSteps);
    this.#epoch = epoch;
  }

  /** Appends the intervals of the next value. */
  intervals({ intervals }: ForecastColumns, row: number): void {
    const { levels, yhatLower, yhatUpper } = intervals;
    this.#bytes(this.#beginIntervals);
    this.#levels(levels, yhatLower, yhatUpper, row * levels.length);
  }

  /** Appends the forecasts of the steps after the next value. */
  steps(columns: ForecastColumns, row: number): void {
    const text = this.#text;
    const { horizon, yhat, yhatLower, yhatUpper } = columns.steps;
    const { levels, stepLower, stepUpper } = columns.intervals;
    this.#bytes(this.#beginSteps);
    for (let step = 2; step <= horizon; step++) {
      const at = row * (horizon - 1) + step - 2;
      text.integer(step === 2 ? this.#firstStep : this.#nextStep, step);
      text.number(this.#yhat, yhat[at]!);
      text.number(this.#yhatLower, yhatLower[at]!);
      text.number(this.#yhatUpper, yhatUpper[at]!);
      if (levels.length > 0) {
        this.#bytes(innerIntervals);
        this.#levels(levels, stepLower, stepUpper, at * levels.length);
      }
      if (this.#epoch) text.long(this.#yhatTime, dueTime(columns, row, step));
      else text.time(this.#yhatTime, dueTime(columns, row, step));
      text.bytes(close, 0, 1);
    }
    text.bytes(closeList, 0, 1);
  }

  /** The intervals of one forecast at every level, which lie from `at` on. */
  #levels(levels: readonly number[], lower: Float64Array, upper: Float64Array, at: number): void {
    const text = this.#text;
    for (let i = 0; i < levels.length; i++) {
      text.number(i === 0 ? this.#firstLevel : this.#nextLevel, levels[i]!);
      text.number(this.#lower, lower[at + i]!);
      text.number(this.#upper, upper[at + i]!);
      text.bytes(close, 0, 1);
    }
    text.bytes(closeList, 0, 1);
  }

  #bytes(bytes: Buffer): void {
    this.#text.bytes(bytes, 0, bytes.length);
  }
}
