/**
 * Reads CSV (RFC 4180) as records of equal width with line numbers. An unreadable line becomes one rejection, and reading
 * continues with the next line: a stray quotation mark does not swallow the rest of the file.
 */
import { CsvError, parse } from "csv-parse/sync";
import type { ErrorCode } from "../../../errors/errors.js";
import { LineSplitter, longestLine, type Line } from "../lines.js";
import { notUtf8Text, wasUtf8 } from "../encodings/utf8.js";

/** A record of which every cell was read. */
export interface CsvRow {
  readonly line: number;
  readonly cells: readonly string[];
}

/** A line that is no record of this file. */
export interface CsvFault {
  readonly line: number;
  readonly code: ErrorCode;
  readonly message: string;
}

export type CsvRecord = CsvRow | CsvFault;

export function isFault(record: CsvRecord): record is CsvFault {
  return "code" in record;
}

/**
 * Largest number of lines of one record, whose quoted cells may contain line breaks. Two stray quotation marks can look like
 * one long cell; the limit bounds what they hide.
 */
const mostLines = 100;

export interface CsvRecordsOptions {
  /** One character; detected without: the comma, semicolon or tab. */
  readonly delimiter?: string | undefined;
  /** Decimal mark of the numbers; the point without. */
  readonly decimal?: string | undefined;
  /** Takes notes on the file: a detected delimiter other than the comma. */
  readonly notice?: ((text: string) => void) | undefined;
}

/**
 * Takes pieces of CSV text in order and gives the records that each completes. Empty lines are left out. The first
 * record sets the width; later ones of another width are faults.
 *
 * @example
 * ```ts
 * const records = new CsvRecords();
 * records.push('time,note\n1,"a\nb"\n2'); // [{ line: 1, cells: ["time", "note"] }, { line: 2, cells: ["1", "a\nb"] }]
 * records.end(); // [{ line: 4, code: "ROW_UNREADABLE", message: "1 cell where the header has 2" }]
 * ```
 */
export class CsvRecords {
  readonly #lines = new LineSplitter();
  #delimiter: string | undefined;
  #headerText = "";
  readonly #decimal: string;
  readonly #notice: ((text: string) => void) | undefined;
  /** Lines that came before the delimiter was known. */
  #first: Line[] = [];
  /** Lines of a record whose quotation mark has not been closed yet. */
  #open: Line[] = [];
  #openLength = 0;
  #width = 0;

  constructor({ delimiter, decimal = ".", notice }: CsvRecordsOptions = {}) {
    this.#decimal = decimal;
    this.#delimiter = delimiter;
    this.#notice = notice;
  }

  /** The first line that is not empty, once it was read. */
  get headerText(): string {
    return this.#headerText;
  }

  push(piece: string): CsvRecord[] {
    const records: CsvRecord[] = [];
    for (const line of this.#lines.push(piece)) this.#begin(line, records);
    return records;
  }

  end(): CsvRecord[] {
    const records: CsvRecord[] = [];
    for (const line of this.#lines.end()) this.#begin(line, records);
    if (this.#delimiter === undefined) this.#detect(records);
    while (this.#open.length > 0) this.#giveUp("a quotation mark is not closed", records);
    return records;
  }

  /** Takes a line; the first ones wait until two of them that are not empty decide the delimiter. */
  #begin(line: Line, records: CsvRecord[]): void {
    this.#headerText ||= line.text ?? "";
    if (this.#delimiter !== undefined) {
      this.#take(line, records);
      return;
    }
    this.#first.push(line);
    if (line.text === undefined || this.#first.filter(({ text }) => text !== "").length === 2) {
      this.#detect(records);
    }
  }

  #detect(records: CsvRecord[]): void {
    const lines = this.#first;
    this.#first = [];
    const [header = "", next] = lines.flatMap(({ text }) =>
      text === undefined || text === "" ? [] : [text],
    );
    this.#delimiter = detectDelimiter(header, next, this.#decimal);
    if (this.#delimiter !== ",") this.#notice?.(`cells are separated by ${delimiterName(this.#delimiter)}`);
    for (const line of lines) this.#take(line, records);
  }

  #take(line: Line, records: CsvRecord[]): void {
    const { text } = line;
    if (this.#open.length > 0) {
      this.#takeInsideQuotes(line, records);
    } else if (text === undefined) {
      const message = `the line is longer than ${longestLine} characters`;
      records.push({ line: line.number, code: "LINE_TOO_LONG", message });
    } else if (!wasUtf8(text)) {
      records.push({ line: line.number, code: "ROW_UNREADABLE", message: notUtf8Text });
    } else if (!text.includes('"')) {
      if (text.length > 0) records.push(this.#sized(line.number, text.split(this.#delimiter!)));
    } else if (hasOpenQuote(text)) {
      this.#open.push(line);
      this.#openLength = text.length;
    } else {
      records.push(this.#parse(line.number, text));
    }
  }

  #takeInsideQuotes(line: Line, records: CsvRecord[]): void {
    const text = line.text ?? "";
    this.#open.push(line);
    this.#openLength += text.length;
    if (line.text === undefined || this.#open.length > mostLines || this.#openLength > longestLine) {
      this.#giveUp("a quotation mark is not closed", records);
    } else if (!wasUtf8(text)) {
      // The lines before it have no end, and this one is refused by itself.
      this.#giveUp("a quotation mark is not closed", records);
    } else if (hasOpenQuote(text)) {
      const first = this.#open[0]!.number;
      const record = this.#parse(first, this.#open.map((part) => part.text).join("\n"));
      if (isFault(record)) this.#giveUp(record.message, records);
      else {
        this.#open = [];
        records.push(record);
      }
    }
  }

  /** Rejects the first line of lines that make no record together, and reads the others again. */
  #giveUp(message: string, records: CsvRecord[]): void {
    const [first, ...rest] = this.#open;
    this.#open = [];
    records.push({ line: first!.number, code: "ROW_UNREADABLE", message });
    for (const line of rest) this.#take(line, records);
  }

  #parse(line: number, text: string): CsvRecord {
    try {
      const [cells] = parse(text, { record_delimiter: "\n", delimiter: this.#delimiter! });
      return this.#sized(line, cells ?? []);
    } catch (error) {
      if (!(error instanceof CsvError)) throw error;
      return {
        line,
        code: "ROW_UNREADABLE",
        message: faults[error.code] ?? "no row of comma-separated cells",
      };
    }
  }

  #sized(line: number, cells: readonly string[]): CsvRecord {
    if (this.#width === 0) this.#width = cells.length;
    if (cells.length === this.#width) return { line, cells };
    return {
      line,
      code: "ROW_UNREADABLE",
      message: `expected ${this.#width} cells as in the header, found ${cells.length}`,
    };
  }
}

const faults: Readonly<Record<string, string>> = {
  INVALID_OPENING_QUOTE: "a quotation mark inside a cell that does not start with one",
  CSV_INVALID_CLOSING_QUOTE: "text after the closing quotation mark of a cell",
  CSV_QUOTE_NOT_CLOSED: "a quotation mark is not closed",
};

/** Whether the number of quotation marks is odd: a doubled one inside quotes opens nothing and closes nothing. */
function hasOpenQuote(text: string): boolean {
  let open = false;
  for (let at = text.indexOf('"'); at >= 0; at = text.indexOf('"', at + 1)) open = !open;
  return open;
}

const otherDelimiters = [";", "\t"] as const;

/** What messages call a delimiter. */
function delimiterName(delimiter: string): string {
  return delimiter === "\t" ? "tabs (--delimiter tab)" : `${delimiter} (--delimiter "${delimiter}")`;
}

/**
 * Detects the delimiter from the first two lines: the semicolon or tab, whichever the header has more of, or else the comma.
 * If the header has commas too, the comma wins, unless the two lines differ in commas but agree in the other character. A comma
 * that is the decimal mark never wins over a semicolon or tab.
 */
function detectDelimiter(header: string, next: string | undefined, decimal: string): string {
  const commas = countOf(header, ",");
  const found = otherDelimiters
    .map((delimiter) => ({ delimiter, times: countOf(header, delimiter) }))
    .sort((a, b) => b.times - a.times)[0]!;
  if (found.times === 0) return ",";
  if (commas === 0 || decimal === ",") return found.delimiter;
  if (next === undefined || countOf(next, ",") === commas) return ",";
  return countOf(next, found.delimiter) === found.times ? found.delimiter : ",";
}

/** How often a character comes outside quotation marks. */
function countOf(line: string, character: string): number {
  return line.replace(/"[^"]*"?/g, "").split(character).length - 1;
}
