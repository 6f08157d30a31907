/** Where a CSV file keeps its observations: wide, a column per key, or long, a row per observation. */
import { inputFault, readKey } from "../../../forecast/input.js";
import { timeCellReader, valueCellReader, type CellForm, type ValueCellReader } from "./cells.js";
import type { DecodeSettings } from "../../../pipeline/decode-settings.js";
import { ColumnNames, quoted } from "./column-names.js";
import { documentReader, missingColumn } from "./csv-documents.js";
import type { CsvRow } from "./csv-records.js";
import type { ObservationSink, RowReader } from "./row-reader.js";

/** Names of the columns; `readObservations` states the defaults. */
export interface CsvColumns {
  readonly wide?: boolean | undefined;
  readonly time?: string | undefined;
  readonly key?: string | undefined;
  readonly value?: string | undefined;
  /** Whether rows need no value: without a column "value" and none named, every value is missing. */
  readonly areCounted?: boolean | undefined;
  /** Settings of records, for files that have the columns which they name; other files have those above. */
  readonly decode?: DecodeSettings | undefined;
  /** Columns of the exogenous features: of the row's observation or, in a wide file, of all that are in the row. */
  readonly features?: readonly string[] | undefined;
}

/** The input from which a layout is derived. */
export interface LayoutSource {
  readonly file: string;
  readonly keyWithoutColumn: string;
  readonly header: readonly string[];
  readonly columns: CsvColumns;
}

/** The settings of records, unless columns are named beside them. */
export function decodeFor({ decode, wide, time, key, value }: CsvColumns): DecodeSettings | undefined {
  return wide === true || (time ?? key ?? value) !== undefined ? undefined : decode;
}

/** Finds the columns in the header. Throws INPUT_COLUMN_MISSING or INPUT_COLUMN_INVALID with the file's name. */
export function csvLayout({ file, keyWithoutColumn, header, columns }: LayoutSource): RowReader {
  const names = new ColumnNames(file, header);
  const decode = decodeFor(columns);
  if (decode !== undefined && missingColumn(decode, header) === undefined) {
    return documentReader(names, decode, keyWithoutColumn);
  }
  return columns.wide === true ? wideReader(names, columns) : longReader(names, columns, keyWithoutColumn);
}

function wideReader(names: ColumnNames, columns: CsvColumns): RowReader {
  const timeColumns = columns.time === undefined ? [0] : names.findParts(columns.time);
  const textOf = timeText(timeColumns);
  const features = featureReader(names, columns.features);
  const taken = new Set([...timeColumns, ...features.columns, ...names.nameless]);
  const keyColumns = names.header.map((_, column) => column).filter((column) => !taken.has(column));
  if (keyColumns.length === 0)
    throw names.missing("the file has no column besides the time, expected one column per key");
  const keys = keyColumns.map((column) => names.asKey(column));
  // Slots are made by the first value of their key, so that a column without any takes no memory.
  const slots = new Int32Array(keys.length).fill(-1);
  const cells = new Cells();
  const read = (row: CsvRow, sink: ObservationSink): void => {
    let time: number;
    try {
      time = cells.timeOf(textOf(row.cells));
      features.read(row, cells.valueOf);
    } catch (error) {
      const { code, message } = inputFault(error);
      sink.rejection(row.line, code, message);
      return;
    }
    for (let i = 0; i < slots.length; i++) {
      let value: number;
      try {
        value = cells.valueOf(row.cells[keyColumns[i]!]!);
      } catch (error) {
        const { code, message } = inputFault(error);
        sink.rejection(row.line, code, `column ${quoted(keys[i]!)}: ${message}`);
        continue;
      }
      if (slots[i]! < 0) slots[i] = sink.slotOf(keys[i]!);
      sink.observation(slots[i]!, time, value, features.values);
    }
  };
  const setForm = (form: CellForm): void => cells.setForm(form);
  return {
    ...{ timeOf: textOf, timeColumns, unread: [], nameless: names.nameless },
    ...{ observationsPerRow: keys.length, read, setForm },
  };
}

function longReader(names: ColumnNames, columns: CsvColumns, keyWithoutColumn: string): RowReader {
  const timeColumns = names.findParts(columns.time ?? (names.has("time") ? "time" : names.header[0]!));
  const textOf = timeText(timeColumns);
  const keyColumn = names.findAny(columns.key, "key");
  const features = featureReader(names, columns.features);
  const taken = [...timeColumns, keyColumn, ...features.columns];
  const valueColumn =
    names.findAny(columns.value, "value") ??
    (columns.areCounted === true
      ? undefined
      : names.onlyOther(
          taken,
          names.header.length === 1
            ? "the file has one column: name the character between its cells with --delimiter, or remove lines above the header"
            : `the value column is ambiguous; ${splitTimeHint(names.header)}name it with --value`,
        ));
  const cells = new Cells();
  const read = (row: CsvRow, sink: ObservationSink): void => {
    try {
      const key = readKey(keyColumn === undefined ? keyWithoutColumn : row.cells[keyColumn]!);
      const time = cells.timeOf(textOf(row.cells));
      const value = valueColumn === undefined ? NaN : cells.valueOf(row.cells[valueColumn]!);
      features.read(row, cells.valueOf);
      sink.observation(sink.slotOf(key), time, value, features.values);
    } catch (error) {
      const { code, message } = inputFault(error);
      sink.rejection(row.line, code, message);
    }
  };
  const unread = names.header.filter(
    (name, column) => keyColumn === undefined && name !== "" && ![...taken, valueColumn].includes(column),
  );
  // A column that is named leaves no doubt, whatever the others hold.
  const isNamed = columns.value !== undefined || names.has("value");
  return {
    ...{ timeOf: textOf, timeColumns, unread, nameless: isNamed ? [] : names.nameless },
    ...{ observationsPerRow: 1, read, setForm: (form) => cells.setForm(form) },
  };
}

const ofDay = /^(?:date|datum|day|tag|fecha|data|jour|dia|giorno)$/i;
const ofClock = /^(?:time|uhrzeit|zeit|hora|heure|ora|clock)$/i;

/** Names the option for a date and a time of day in two columns; empty if their names are not known. */
function splitTimeHint(header: readonly string[]): string {
  const day = header.find((name) => ofDay.test(name.trim()));
  const clock = header.find((name) => ofClock.test(name.trim()));
  return day === undefined || clock === undefined
    ? ""
    : `if the time is in two columns, give --time ${quoted(`${day},${clock}`)}; otherwise `;
}

/** Returns a reader of a time's text: the cells of several columns are joined with blanks. */
function timeText(columns: readonly number[]): (cells: readonly string[]) => string {
  const [first] = columns as readonly [number];
  if (columns.length === 1) return (cells) => cells[first]!;
  return (cells) => columns.map((column) => cells[column]!.trim()).join(" ");
}

/** Reads a row's features into one array, which is reused; an error names the column. */
function featureReader(
  names: ColumnNames,
  features: readonly string[] = [],
): {
  readonly columns: readonly number[];
  readonly values: Float64Array;
  read(row: CsvRow, valueOf: ValueCellReader): void;
} {
  const columns = features.map((name) => names.find(name));
  const values = new Float64Array(columns.length);
  const read = (row: CsvRow, valueOf: ValueCellReader): void => {
    for (let i = 0; i < columns.length; i++) {
      values[i] = valueOf(row.cells[columns[i]!]!, `the feature ${quoted(features[i]!)}`);
    }
  };
  return { columns, values, read };
}

/** Reads the cells of a file. The same time as before is not parsed again: neighbouring rows often share it. */
class Cells {
  valueOf: ValueCellReader = valueCellReader({});
  #readTime = timeCellReader({});
  #lastCell: string | undefined;
  #lastTime = NaN;

  setForm(form: CellForm): void {
    this.valueOf = valueCellReader(form);
    this.#readTime = timeCellReader(form);
    this.#lastCell = undefined;
  }

  timeOf(cell: string): number {
    if (cell !== this.#lastCell) {
      this.#lastTime = this.#readTime(cell);
      this.#lastCell = cell;
    }
    return this.#lastTime;
  }
}
