/** Reads symbols from CSV files or plain text in bounded memory, in file order, as batches of columns. */
import { inputFault, readKey, readSymbol } from "../../forecast/input.js";
import { appendSymbol, symbolColumns, type SymbolColumns } from "../../forecast/symbols/columns.js";
import type { Rejection } from "../../pipeline/telemetry.js";
import { ColumnNames } from "./csv/column-names.js";
import { CsvRecords, isFault, type CsvRecord } from "./csv/csv-records.js";
import { keyOfFile, nameOf, openText } from "./open.js";
import { Tokenizer, type TokenKind } from "./tokens.js";

export interface SymbolReaderOptions {
  /** Names of the columns; without, the key is the column "key" or the file's name, the symbol as stated below. */
  readonly key?: string | undefined;
  readonly symbol?: string | undefined;
  /** Character between the cells of a CSV file; detected without. */
  readonly delimiter?: string | undefined;
  /** Encoding of the files; without, UTF-8 or what their byte order marks say. */
  readonly encoding?: string | undefined;
  /** Takes notes on a file, such as a detected delimiter. */
  readonly notice?: ((text: string) => void) | undefined;
  /** The files are plain text, a key each, and its symbols are these. */
  readonly tokens?: TokenKind | undefined;
  /** The slot of a key, made on first use. */
  slotOf(key: string): number;
  /** Takes rejections as they occur. */
  reject(rejection: Rejection): void;
  /** Takes the bytes of a file that have been read so far, for a progress bar. */
  readonly progress?: ((file: string, bytes: number) => void) | undefined;
}

/** Symbols of a batch at most. */
export const symbolsPerBatch = 512;

/**
 * Yields the symbols of files, one file after the other. The columns are reused: a batch is valid until the next is
 * asked for. The symbol is the column "symbol", or the only one left beside "key" and "time". Files ending in .gz are
 * decompressed; "-" is standard input. Rows that cannot be read go to `reject` with their file and line; an empty file
 * is INPUT_EMPTY there.
 *
 * Throws FILE_UNREADABLE, INPUT_COLUMN_MISSING or INPUT_COLUMN_INVALID.
 */
export async function* readSymbols(
  files: readonly string[],
  options: SymbolReaderOptions,
): AsyncGenerator<SymbolColumns> {
  const columns = symbolColumns(symbolsPerBatch);
  for (const file of files) {
    const reader =
      options.tokens === undefined ? new Rows(file, options) : new Text(file, options.tokens, options);
    const progress = (bytes: number): void => options.progress?.(file, bytes);
    const take = function* (events: Iterable<SymbolEvent>): Generator<SymbolColumns> {
      for (const { slot, symbol } of events) {
        appendSymbol(columns, slot, symbol);
        if (columns.count < symbolsPerBatch) continue;
        yield columns;
        columns.count = 0;
      }
    };
    for await (const piece of openText(file, { progress, encoding: options.encoding }))
      yield* take(reader.push(piece));
    yield* take(reader.end());
    if (reader.empty)
      options.reject({ code: "INPUT_EMPTY", message: "the file is empty", origin: nameOf(file) });
  }
  yield columns;
}

interface SymbolEvent {
  readonly slot: number;
  readonly symbol: string;
}

/** Plain text: a key, and one token after the other. */
class Text {
  empty = true;
  readonly #tokenizer: Tokenizer;
  readonly #file: string;
  readonly #options: SymbolReaderOptions;
  #count = 0;

  constructor(file: string, kind: TokenKind, options: SymbolReaderOptions) {
    this.#tokenizer = new Tokenizer(kind);
    this.#file = file;
    this.#options = options;
  }

  push(piece: string): Iterable<SymbolEvent> {
    return this.#events(this.#tokenizer.push(piece));
  }

  end(): Iterable<SymbolEvent> {
    return this.#events(this.#tokenizer.end());
  }

  *#events(tokens: readonly string[]): Generator<SymbolEvent> {
    for (const token of tokens) {
      this.empty = false;
      this.#count++;
      const origin = `${nameOf(this.#file)}: token ${this.#count}`;
      const event = eventOf(this.#options, keyOfFile(this.#file), token, origin);
      if (event !== undefined) yield event;
    }
  }
}

/** The rows of a CSV file. */
class Rows {
  empty = true;
  readonly #records: CsvRecords;
  readonly #file: string;
  readonly #options: SymbolReaderOptions;
  #columns: KeyAndSymbol | undefined;

  constructor(file: string, options: SymbolReaderOptions) {
    this.#file = file;
    this.#options = options;
    const notice = (text: string): void => options.notice?.(`${nameOf(file)}: ${text}`);
    this.#records = new CsvRecords({ delimiter: options.delimiter, notice });
  }

  push(piece: string): Iterable<SymbolEvent> {
    return this.#events(this.#records.push(piece));
  }

  end(): Iterable<SymbolEvent> {
    return this.#events(this.#records.end());
  }

  *#events(records: readonly CsvRecord[]): Generator<SymbolEvent> {
    for (const record of records) {
      this.empty = false;
      const origin = `${nameOf(this.#file)}:${record.line}`;
      if (isFault(record)) {
        this.#options.reject({ code: record.code, message: record.message, origin });
      } else if (this.#columns === undefined) {
        this.#columns = columnsOf(new ColumnNames(nameOf(this.#file), record.cells), this.#options);
      } else {
        const { key, symbol } = this.#columns;
        const name = key === undefined ? keyOfFile(this.#file) : record.cells[key]!;
        const event = eventOf(this.#options, name, record.cells[symbol]!, origin);
        if (event !== undefined) yield event;
      }
    }
  }
}

/** The event of a key and a symbol; undefined, and told, where one of them cannot be. */
function eventOf(
  options: SymbolReaderOptions,
  key: string,
  symbol: string,
  origin: string,
): SymbolEvent | undefined {
  try {
    const text = readSymbol(symbol);
    return { slot: options.slotOf(readKey(key)), symbol: text };
  } catch (error) {
    const { code, message } = inputFault(error);
    options.reject({ code, message, origin });
    return undefined;
  }
}

interface KeyAndSymbol {
  readonly key: number | undefined;
  readonly symbol: number;
}

function columnsOf(
  names: ColumnNames,
  { key: keyName, symbol: symbolName }: Pick<SymbolReaderOptions, "key" | "symbol">,
): KeyAndSymbol {
  const key = names.findAny(keyName, "key");
  const times = names.header.flatMap((name, column) => (name === "time" ? [column] : []));
  const symbol =
    names.findAny(symbolName, "symbol") ??
    names.onlyOther([key, ...times], "which one is the symbol has to be named by --symbol");
  return { key, symbol };
}
