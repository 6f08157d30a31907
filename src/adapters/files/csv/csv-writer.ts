/** Forecasts as rows of CSV (RFC 4180), one for each observation. */
import type { IntervalColumns } from "../../../forecast/columns.js";
import type { ForecastBatch } from "../../../pipeline/telemetry.js";
import type { TextOutput } from "../text-output.js";

/**
 * Writes one row for each observation: `expected` is the forecast made before `y` was seen, `next_yhat` that of the key's
 * next value. Numbers are the shortest text that reads back as the same number; NaN is an empty cell; times are ISO 8601 in
 * UTC.
 *
 * @example
 * ```ts
 * const output = TextOutput.toFile("forecasts.csv");
 * const writer = new ForecastCsvWriter(output);
 * writer.write(batch);
 * await output.close();
 * ```
 */
export class ForecastCsvWriter {
  readonly #output: TextOutput;
  /** Keys as cells, by slot. */
  readonly #keyCells: string[] = [];
  readonly #cells = new TextCells();
  #lastTime = NaN;
  #lastTimeCell = "";

  /** `levels` are the settings' interval levels: several levels add two columns each. */
  constructor(output: TextOutput, levels: readonly number[] = []) {
    this.#output = output;
    const several = levels.length > 1 ? levels : [];
    const names = several.map((level) => `,yhat_lower_${level},yhat_upper_${level}`);
    output.write(
      `key,time,y,yhat,yhat_lower,yhat_upper,anomaly_score${names.join("")},${nextNames.join()},${ownNames.join()}\n`,
    );
  }

  /** The first key that a spreadsheet would run as a formula; undefined if there is none. */
  get formula(): string | undefined {
    return this.#cells.formula;
  }

  /** Adds the rows of a batch. */
  write(batch: ForecastBatch): void {
    const { columns } = batch;
    const { slots, times, values, expected, expectedLower, expectedUpper, anomalyScore } = columns;
    const { yhat: next, yhatLower: nextLower, yhatUpper: nextUpper, yhatTime } = columns;
    for (let row = 0; row < batch.count; row++) {
      const slot = slots[row]!;
      const key = (this.#keyCells[slot] ??= this.#cells.of(batch.keyOf(slot)));
      const y = numberCell(values[row]!);
      const yhat = numberCell(expected[row]!);
      const lower = numberCell(expectedLower[row]!);
      const upper = numberCell(expectedUpper[row]!);
      const score = numberCell(anomalyScore[row]!);
      const time = this.#timeCell(times[row]!);
      const further = intervalCells(columns.intervals, row);
      const due = dueCell(yhatTime[row]!);
      const ahead = `${numberCell(next[row]!)},${numberCell(nextLower[row]!)},${numberCell(nextUpper[row]!)}`;
      this.#output.write(
        `${key},${time},${y},${yhat},${lower},${upper},${score}${further},${due},${ahead},${yhat},${lower},${upper}\n`,
      );
    }
  }

  /** Neighbouring rows often share their time. */
  #timeCell(time: number): string {
    if (time !== this.#lastTime) {
      this.#lastTime = time;
      this.#lastTimeCell = new Date(time).toISOString();
    }
    return this.#lastTimeCell;
  }
}

/** The forecast of the key's next value. */
const nextNames = ["next_time", "next_yhat", "next_yhat_lower", "next_yhat_upper"] as const;
/** The forecast of the row under the name that messages and the library have. `yhat` of the row is its first name. */
const ownNames = ["expected", "expected_lower", "expected_upper"] as const;

/** A time to come, rounded to milliseconds; empty where none is known, or ISO 8601 has no text for it. */
function dueCell(time: number): string {
  return Math.abs(time) <= 8.64e15 ? new Date(Math.round(time)).toISOString() : "";
}

/** Writes two cells for each level, after the cells of every row. */
function intervalCells({ levels, expectedLower, expectedUpper }: IntervalColumns, row: number): string {
  let cells = "";
  for (let at = row * levels.length; at < (row + 1) * levels.length; at++) {
    cells += `,${numberCell(expectedLower[at]!)},${numberCell(expectedUpper[at]!)}`;
  }
  return cells;
}

/** What spreadsheets take for a formula: https://owasp.org/www-community/attacks/CSV_Injection. */
const formula = /^(?:\s*[=+\-@]|[\t\r\n])/;

/**
 * Writes texts as cells. A text stays unchanged, so that a reader of the file finds the same keys. The first text that a
 * spreadsheet would run as a formula is remembered, so that the command can warn.
 */
export class TextCells {
  /** The first such text. */
  formula: string | undefined;

  of(text: string): string {
    // A number with a sign is no formula.
    if (this.formula === undefined && formula.test(text) && Number.isNaN(Number(text))) this.formula = text;
    return csvCell(text);
  }
}

/** A text as a cell, in quotation marks where RFC 4180 asks for them. */
export function csvCell(text: string): string {
  return /[",\r\n]/.test(text) || text !== text.trim() ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Writes a number as a cell; empty if there is none. */
export function numberCell(value: number): string {
  return Number.isNaN(value) ? "" : String(value);
}
