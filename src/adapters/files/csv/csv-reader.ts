/** Reads observations from CSV files in bounded memory, in file order, as batches of columns. */
import { appendObservation, setFeatures, observationColumns } from "../../../forecast/columns.js";
import { UndercurrentError, type ErrorCode } from "../../../errors/errors.js";
import { inputFault } from "../../../forecast/input.js";
import type { WindowedColumns } from "../../../forecast/windows/windowed-columns.js";
import type { Rejection } from "../../../pipeline/telemetry.js";
import { flagNames } from "../../../pipeline/times/reader.js";
import { zoneNotice } from "../../../pipeline/times/zone.js";
import type { CellForm } from "./cells.js";
import { csvLayout, decodeFor, type CsvColumns } from "./csv-layout.js";
import type { ObservationSink, RowReader } from "./row-reader.js";
import { quoted } from "./column-names.js";
import { missingColumn } from "./csv-documents.js";
import { clockColumn } from "./clock-column.js";
import { CsvRecords, isFault, type CsvRecord, type CsvRow } from "./csv-records.js";
import { assertHeader, otherForm } from "./header.js";
import { jsonLinesName, type LineReader, type LineReadings } from "../line-records.js";
import { LineSplitter, type Line } from "../lines.js";
import { keyOfFile, nameOf, openText } from "../open.js";
import { detectTimeUnit, judgedRows } from "./time-unit.js";

/** Columns whose rows can be given positions. */
type NumberedColumns = ReturnType<typeof observationColumns>;

export interface CsvReaderOptions {
  readonly columns: CsvColumns;
  /** Reads the lines of files that are JSON lines by their name; without, every file is CSV. */
  readonly lines?: LineReader | undefined;
  /** How the file and its cells are written; detected or ISO 8601, decimal points and milliseconds without. */
  readonly form?: FileForm | undefined;
  /** Takes notes on a file, such as a detected delimiter. */
  readonly notice?: ((text: string) => void) | undefined;
  /** The slot of a key, made on first use. */
  slotOf(key: string): number;
  /** Windows that the rows go into: batches then hold the observations of windows that closed. */
  readonly windows?: WindowedColumns | undefined;
  /** Takes rejections as they occur. */
  reject(rejection: Rejection): void;
  /** Takes the bytes of a file that have been read so far, for a progress bar. */
  readonly progress?: ((file: string, bytes: number) => void) | undefined;
  /** Observations that a batch holds before it is handed on; 8,192 without. */
  readonly batchSize?: number | undefined;
}

/** How a file is written. */
export interface FileForm extends CellForm {
  /** One character; detected without. */
  readonly delimiter?: string | undefined;
  /** Encoding of the file; without, UTF-8 or what its byte order mark says. */
  readonly encoding?: string | undefined;
}

const defaultBatchSize = 8192;

/**
 * Yields the observations of CSV files, one file after the other, rows in order, wide rows from left to right. The
 * columns are reused: a batch is valid until the next is asked for. It may be empty, and holds more than `batchSize`
 * observations only where one row does, or where one row closes many windows.
 *
 * Wide: the first column, or `time`, is the time; every other column is a key. Long: `time` is the column "time" or
 * the first one; `key` the column "key" or, without one, the file's name; `value` the column "value" or the only
 * other one. The columns of `features` are neither keys nor values. Files ending in .gz are decompressed; "-" is standard
 * input. Rows that cannot be read go to `reject` with their file and line; an empty file is INPUT_EMPTY there.
 *
 * Throws FILE_UNREADABLE, INPUT_COLUMN_MISSING, INPUT_COLUMN_INVALID or TIME_UNIT_UNCLEAR.
 *
 * @example
 * ```ts
 * for await (const batch of readObservations(["ETTm2.csv"], { columns: { wide: true }, slotOf, reject })) {
 *   forecaster.observe(batch, forecasts);
 * }
 * ```
 */
export async function* readObservations(
  files: readonly string[],
  options: CsvReaderOptions,
): AsyncGenerator<NumberedColumns> {
  for (const file of files) {
    const isLines = options.lines !== undefined && jsonLinesName.test(file);
    yield* isLines ? readLines(file, options, options.lines) : readFile(file, options);
  }
}

async function* readFile(file: string, options: CsvReaderOptions): AsyncGenerator<NumberedColumns> {
  const notice = (text: string): void => options.notice?.(`${nameOf(file)}: ${text}`);
  const records = new CsvRecords({ ...options.form, notice });
  let rows: FileRows | undefined;
  /** The first rows, which decide the unit of the times. */
  let first: CsvRecord[] | undefined = [];
  const settle = function* (): Generator<NumberedColumns> {
    const waiting = first ?? [];
    first = undefined;
    rows?.settle(waiting, notice);
    for (const record of waiting) if (rows?.take(record) === true) yield rows.batch();
  };
  const take = function* (all: readonly CsvRecord[]): Generator<NumberedColumns> {
    for (const record of all) {
      if (rows === undefined) {
        const header = headerOf(file, record, records.headerText);
        rows = new FileRows(file, options, layoutOf(file, header, options), header);
        rows.reportUnread(notice);
      } else if (first === undefined) {
        if (rows.take(record)) yield rows.batch();
      } else if (first.push(record) === judgedRows) yield* settle();
    }
  };
  const progress = (bytes: number): void => options.progress?.(file, bytes);
  for await (const piece of openText(file, { progress, encoding: options.form?.encoding }))
    yield* take(records.push(piece));
  yield* take(records.end());
  yield* settle();
  if (rows === undefined) {
    options.reject({ code: "INPUT_EMPTY", message: "the file is empty", origin: nameOf(file) });
  } else {
    yield rows.batch();
    rows.reportOrder(notice);
  }
}

async function* readLines(
  file: string,
  options: CsvReaderOptions,
  read: LineReader,
): AsyncGenerator<NumberedColumns> {
  const notice = (text: string): void => options.notice?.(`${nameOf(file)}: ${text}`);
  const rows = new FileRows(file, options, 1);
  const lines = new LineSplitter();
  let count = 0;
  const take = function* (all: readonly Line[]): Generator<NumberedColumns> {
    for (const line of all) {
      if (line.text?.trim() === "") continue;
      count++;
      let found: LineReadings;
      try {
        found = read(line);
      } catch (error) {
        if (!(error instanceof UndercurrentError)) throw error;
        rows.rejection(line.number, error.code, error.message);
        continue;
      }
      for (const { error } of found.refused) rows.rejection(line.number, error.code, error.message);
      for (const reading of found.readings) if (rows.takeReading(line.number, reading)) yield rows.batch();
    }
  };
  const progress = (bytes: number): void => options.progress?.(file, bytes);
  const { encoding } = options.form ?? {};
  for await (const piece of openText(file, { progress, encoding })) yield* take(lines.push(piece));
  yield* take(lines.end());
  if (count === 0)
    options.reject({ code: "INPUT_EMPTY", message: "the file is empty", origin: nameOf(file) });
  yield rows.batch();
  rows.reportOrder(notice);
}

/** The rows of one file on their way into batches. */
class FileRows implements ObservationSink {
  readonly #name: string;
  readonly #options: CsvReaderOptions;
  readonly #layout: RowReader | undefined;
  readonly #header: readonly string[];
  /** What to do about a time of day in a column of its own, for the errors of times. */
  #clockHint = "";
  readonly #perRow: number;
  readonly #own: NumberedColumns;
  /** Keys of the rows by their number, where the rows go into windows. */
  readonly #names: string[] = [];
  readonly #numbers = new Map<string, number>();
  readonly #capacity: number;
  /** Line of the row that is read. */
  #line = 0;
  /** Of each slot, the time of its last observation. */
  readonly #lastTimes: number[] = [];
  #observations = 0;
  /** Observations that are older than the one before of their key, and that have its time. */
  #older = 0;
  #equal = 0;
  /** Whether the batch has been handed on, so that the next row starts a new one. */
  #handedOn = false;

  /** @param layout how the rows are read, or the number of observations of one row. */
  constructor(
    file: string,
    options: CsvReaderOptions,
    layout: RowReader | number,
    header: readonly string[] = [],
  ) {
    this.#name = nameOf(file);
    this.#header = header;
    this.#options = options;
    this.#layout = typeof layout === "number" ? undefined : layout;
    this.#perRow = typeof layout === "number" ? layout : layout.observationsPerRow;
    this.#capacity = Math.max(options.batchSize ?? defaultBatchSize, this.#perRow);
    this.#own = observationColumns(this.#capacity, options.columns.features?.length);
  }

  /** Decides how the cells of all rows are read. Throws TIME_UNIT_UNCLEAR. */
  settle(first: readonly CsvRecord[], notice: (text: string) => void): void {
    const { form = {} } = this.#options;
    const layout = this.#layout!;
    const rows = first.flatMap((record) => (isFault(record) ? [] : [record]));
    const odd = rows.find((row) => this.#namelessIn(row) !== undefined);
    if (odd !== undefined) {
      const where = `${this.#name}: line ${odd.line}`;
      throw new UndercurrentError("INPUT_COLUMN_INVALID", `${where}: ${this.#namelessIn(odd)!}`);
    }
    const times = rows.map(({ cells }) => layout.timeOf(cells));
    const clock = clockColumn(this.#header, layout.timeColumns, rows, form.timeFormat);
    if (clock?.isRead === true) notice(clock.text);
    else this.#clockHint = clock?.text ?? "";
    const zone = zoneNotice(times, form, flagNames);
    if (zone !== undefined) notice(zone);
    if (form.timeFormat !== undefined) {
      layout.setForm(form);
      return;
    }
    const detected = detectTimeUnit(times, form.timeUnit, this.#name);
    if (detected.notice !== undefined) notice(detected.notice);
    layout.setForm({ ...form, timeUnit: detected.unit });
  }

  /** Returns whether the batch is full: another row may not fit. */
  take(record: CsvRecord): boolean {
    this.#reopen();
    if (isFault(record)) this.rejection(record.line, record.code, record.message);
    else if (this.#namelessIn(record) !== undefined) {
      this.rejection(record.line, "ROW_UNREADABLE", this.#namelessIn(record)!);
    } else {
      this.#line = record.line;
      this.#layout!.read(record, this);
    }
    return this.#isFull;
  }

  /** Returns what is wrong with a row that has a cell in a column without a name; undefined if none is. */
  #namelessIn({ cells }: CsvRow): string | undefined {
    const column = this.#layout!.nameless.find((each) => cells[each]!.trim() !== "");
    if (column === undefined) return undefined;
    return `column ${column + 1} has no name in the header, and the cell ${quoted(cells[column]!)}`;
  }

  /** Takes one reading of a line. Returns whether the batch is full. */
  takeReading(line: number, { key, time, value, features }: LineReadings["readings"][number]): boolean {
    this.#reopen();
    this.#line = line;
    this.observation(this.slotOf(key), time, value, features);
    return this.#isFull;
  }

  get #isFull(): boolean {
    return this.#columns.count + this.#perRow > this.#capacity;
  }

  /** Begins a new batch after the one that was handed on. */
  #reopen(): void {
    if (this.#handedOn) this.#columns.count = 0;
    this.#handedOn = false;
  }

  /** Returns the rows read since the last batch; possibly none. */
  batch(): NumberedColumns {
    if (this.#handedOn) this.#columns.count = 0;
    this.#handedOn = true;
    return this.#columns;
  }

  observation(slot: number, time: number, value: number, features: ArrayLike<number>): void {
    const { windows } = this.#options;
    const last = this.#lastTimes[slot] ?? -Infinity;
    if (time < last) this.#older++;
    else if (time === last) this.#equal++;
    this.#lastTimes[slot] = time;
    this.#observations++;
    if (windows === undefined) {
      appendObservation(this.#own, slot, time, value);
      setFeatures(this.#own, features);
      return;
    }
    try {
      windows.take(this.#names[slot]!, time, value, features);
    } catch (error) {
      const { code, message } = inputFault(error);
      this.rejection(this.#line, code, message);
    }
  }

  /** Notes columns that could tell the keys of rows apart, where all rows are of one. */
  reportUnread(notice: (text: string) => void): void {
    const unread = this.#layout!.unread.slice(0, 5).map(quoted).join(", ");
    if (unread === "") return;
    notice(`all rows are of one key, for no column is named key; --key names its column, such as ${unread}`);
  }

  /** Notes rows that are out of the order of time, and keys that seem to be several series. */
  reportOrder(notice: (text: string) => void): void {
    const all = this.#observations.toLocaleString("en");
    if (this.#older > 0) {
      notice(
        `${this.#older.toLocaleString("en")} of ${all} values are older than the one before of their key: ` +
          "rows are taken as they stand; sort them by time, the oldest first",
      );
    }
    if (this.#equal > 0.25 * this.#observations) {
      notice(
        `${this.#equal.toLocaleString("en")} of ${all} values have the time of the one before of their key: ` +
          "if the rows are of several series, --key names the column that tells them apart",
      );
    }
  }

  rejection(line: number, code: ErrorCode, text: string): void {
    const message = code === "TIME_INVALID" ? `${text}${this.#clockHint}` : text;
    this.#options.reject({ code, message, origin: `${this.#name}:${line}` });
  }

  slotOf(key: string): number {
    if (this.#options.windows === undefined) return this.#options.slotOf(key);
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    this.#numbers.set(key, this.#names.length);
    return this.#names.push(key) - 1;
  }

  /** The columns of the batch. */
  get #columns(): NumberedColumns {
    return this.#options.windows?.columns ?? this.#own;
  }
}

function layoutOf(file: string, header: readonly string[], options: CsvReaderOptions): RowReader {
  const { columns, form = {} } = options;
  const name = nameOf(file);
  assertHeader({ file: name, header, columns, form });
  const decode = decodeFor(columns);
  const missing = decode && missingColumn(decode, header);
  if (missing !== undefined) {
    const why =
      missing === "" ? "decode reads no table" : `it has no column ${quoted(missing)}, which decode names`;
    options.notice?.(`${name}: its columns are taken as without decode, for ${why}`);
  }
  return csvLayout({ file: name, keyWithoutColumn: keyOfFile(file), header, columns });
}

function headerOf(file: string, record: CsvRecord, text: string): readonly string[] {
  const other = otherForm(text);
  if (other !== undefined) throw new UndercurrentError("INPUT_COLUMN_MISSING", `${nameOf(file)} ${other}`);
  if (!isFault(record)) return record.cells;
  throw new UndercurrentError(
    "INPUT_COLUMN_MISSING",
    `${nameOf(file)}: line ${record.line}: the header is unreadable: ${record.message}`,
  );
}
