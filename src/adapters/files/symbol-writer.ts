/** Forecasts of symbols as rows of CSV (RFC 4180), one for each event. */
import type { SymbolColumns, SymbolForecastColumns } from "../../forecast/symbols/columns.js";
import { numberCell, TextCells } from "./csv/csv-writer.js";
import type { TextOutput } from "./text-output.js";

/**
 * Writes one row for each event: `probability` is that of the symbol before it was seen, `next` the likeliest of those
 * that may follow, with its own.
 */
export class SymbolCsvWriter {
  readonly #output: TextOutput;
  readonly #cells = new TextCells();

  constructor(output: TextOutput) {
    this.#output = output;
    output.write("key,symbol,probability,recurrent,ngrams,next,next_probability,unseen\n");
  }

  /** The first key or symbol that a spreadsheet would run as a formula; undefined if there is none. */
  get formula(): string | undefined {
    return this.#cells.formula;
  }

  /** Adds the rows of a batch. */
  write(events: SymbolColumns, forecasts: SymbolForecastColumns, keyOf: (slot: number) => string): void {
    const { width } = forecasts;
    for (let row = 0; row < events.count; row++) {
      const cells = [
        this.#cells.of(keyOf(events.slots[row]!)),
        this.#cells.of(events.symbols[row]!),
        numberCell(forecasts.probability[row]!),
        numberCell(forecasts.recurrent[row]!),
        numberCell(forecasts.ngrams[row]!),
        this.#cells.of(forecasts.next[row * width]!),
        numberCell(forecasts.nextProbability[row * width]!),
        numberCell(forecasts.unseen[row]!),
      ];
      this.#output.write(`${cells.join()}\n`);
    }
  }
}
