/** Writes forecasts as CSV (RFC 4180), one row per observation, in large pieces and with backpressure. */
import { createWriteStream, type WriteStream } from "node:fs";
import { once } from "node:events";
import { finished } from "node:stream/promises";
import { UndercurrentError } from "../../errors.js";
import type { ForecastBatch } from "../../pipeline/telemetry.js";

const header = "key,time,y,yhat,yhat_lower,yhat_upper,anomaly_score\n";
const pieceLength = 64 * 1024;

/**
 * Writes one row for each observation: `yhat` is the forecast made before `y` was seen. Numbers are the shortest text
 * that reads back as the same number; what there is not (NaN) is an empty cell; times are ISO 8601 in UTC.
 *
 * @example
 * ```ts
 * const writer = new ForecastCsvWriter("forecasts.csv");
 * writer.write(batch);
 * await writer.drained();
 * await writer.close();
 * ```
 */
export class ForecastCsvWriter {
  readonly #path: string;
  readonly #stream: WriteStream;
  /** Keys as cells, by slot. */
  readonly #keyCells: string[] = [];
  #error: unknown;
  #text = header;
  #lastTime = NaN;
  #lastTimeCell = "";

  constructor(path: string) {
    this.#path = path;
    this.#stream = createWriteStream(path, { highWaterMark: 4 * pieceLength });
    this.#stream.on("error", (error) => (this.#error = error));
  }

  /** Adds the rows of a batch. */
  write(batch: ForecastBatch): void {
    const { slots, times, values, expected, expectedLower, expectedUpper, anomalyScore } = batch.columns;
    let text = this.#text;
    for (let i = 0; i < batch.count; i++) {
      const slot = slots[i]!;
      const key = (this.#keyCells[slot] ??= csvCell(batch.keyOf(slot)));
      const known = !Number.isNaN(expected[i]!);
      text += `${key},${this.#timeCell(times[i]!)},${numberCell(values[i]!)},`;
      text += known
        ? `${expected[i]!},${numberCell(expectedLower[i]!)},${numberCell(expectedUpper[i]!)},`
        : ",,,";
      text += `${numberCell(anomalyScore[i]!)}\n`;
      if (text.length >= pieceLength) {
        this.#stream.write(text);
        text = "";
      }
    }
    this.#text = text;
  }

  /** Resolves when more may be written without memory piling up. Throws OUTPUT_UNWRITABLE. */
  async drained(): Promise<void> {
    if (this.#error === undefined && this.#stream.writableNeedDrain) {
      await once(this.#stream, "drain").catch((error: unknown) => (this.#error = error));
    }
    if (this.#error !== undefined) throw this.#unwritable();
  }

  /** Writes what is left and closes the file. Throws OUTPUT_UNWRITABLE unless all of it is written. */
  async close(): Promise<void> {
    if (this.#error === undefined) {
      this.#stream.end(this.#text);
      await finished(this.#stream).catch((error: unknown) => (this.#error = error));
    }
    if (this.#error !== undefined) throw this.#unwritable();
  }

  #timeCell(time: number): string {
    if (time !== this.#lastTime) {
      this.#lastTime = time;
      this.#lastTimeCell = new Date(time).toISOString();
    }
    return this.#lastTimeCell;
  }

  #unwritable(): UndercurrentError {
    const reason = this.#error instanceof Error ? this.#error.message : String(this.#error);
    return new UndercurrentError("OUTPUT_UNWRITABLE", `${this.#path} cannot be written: ${reason}`, {
      cause: this.#error,
    });
  }
}

/** A text as a cell, in quotation marks where RFC 4180 asks for them. */
export function csvCell(text: string): string {
  return /[",\r\n]/.test(text) || text !== text.trim() ? `"${text.replaceAll('"', '""')}"` : text;
}

/** A number as a cell, empty where there is none. */
function numberCell(value: number): string {
  return Number.isNaN(value) ? "" : String(value);
}
