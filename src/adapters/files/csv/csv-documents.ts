/** Reads rows of CSV files as documents whose fields are the columns, by the settings that records are read by. */
import { UndercurrentError } from "../../../errors/errors.js";
import {
  isOneNumber,
  isPath,
  keyParts,
  namedSeriesOf,
  pathNames,
  type DecodeSettings,
  type KeyPart,
  type Path,
} from "../../../pipeline/decode-settings.js";
import { recordDecoder, type DecodeAll } from "../../../pipeline/decode/decode.js";
import { missingWords, timeCellReader, type CellForm } from "./cells.js";
import type { ColumnNames } from "./column-names.js";
import type { ObservationSink, RowReader } from "./row-reader.js";
import type { CsvRow } from "./csv-records.js";

/** The columns that the settings name; undefined if rows of a table cannot be such documents. */
function columnsOf(decode: DecodeSettings): readonly string[] | undefined {
  const { format, each, series, time, skip } = decode;
  const isTable = format !== "module" && !isOneNumber(decode) && each === undefined;
  if (!isTable || (series !== undefined && isPath(series))) return undefined;
  const parts = keyParts(decode).filter((part) => isPath(part));
  if (!keyParts(decode).every(isOfTable)) return undefined;
  const times = time === undefined || (!Array.isArray(time) && !isPath(time)) ? [] : [time].flat();
  const fields = skip.map(({ field }) => field);
  return [...[...parts, ...times].map(columnOf), ...numberColumns(decode), ...fields.map(columnOf)];
}

/** The columns of values and features. */
function numberColumns(decode: DecodeSettings): readonly string[] {
  const { value, features } = decode;
  const values = namedSeriesOf(decode)?.flatMap((one) => [one.value, ...one.features]) ?? [value];
  return [...values, ...features].map(columnOf);
}

/**
 * Returns a column that the settings name and a file does not have, or "" if no table can have them; undefined if the file has
 * all columns.
 */
export function missingColumn(decode: DecodeSettings, header: readonly string[]): string | undefined {
  const columns = columnsOf(decode);
  return columns === undefined ? "" : columns.find((name) => !header.includes(name));
}

/** Whether a part of a key can be in a table, or is no field at all. */
function isOfTable(part: KeyPart): boolean {
  return isPath(part) || "const" in part || ("record" in part && part.path === undefined);
}

/** The column of a path: tables of nested documents have names with dots. */
function columnOf(path: Path): string {
  return pathNames(path).join(".");
}

/** The same settings for documents that are not nested. */
function flattened(decode: DecodeSettings): DecodeSettings {
  const flat = (path: Path): Path => ({ path: [columnOf(path)] });
  const { key, time, series, value, features, skip } = decode;
  const named = namedSeriesOf(decode)?.map((one) => ({
    name: one.name,
    value: flat(one.value),
    features: one.features.map(flat),
  }));
  return {
    ...decode,
    key: key === undefined ? undefined : keyParts(decode).map((part) => (isPath(part) ? flat(part) : part)),
    time: time === undefined || !(Array.isArray(time) || isPath(time)) ? undefined : [time].flat().map(flat),
    series: series === undefined ? undefined : named,
    value: flat(value),
    features: features.map(flat),
    skip: skip.map(({ field, in: values }) => ({ field: flat(field), in: values })),
  };
}

/** Returns the reader of rows by settings whose columns the file has. */
export function documentReader(
  names: ColumnNames,
  decode: DecodeSettings,
  keyWithoutColumn: string,
): RowReader {
  const rows = new RowDocuments(names, decode, keyWithoutColumn);
  return {
    timeOf: (cells) => rows.timeOf(cells),
    unread: [],
    nameless: [],
    timeColumns: rows.timeColumns,
    observationsPerRow: namedSeriesOf(decode)?.length ?? 1,
    read: (row, sink) => rows.read(row, sink),
    setForm: (form) => rows.setForm(form),
  };
}

class RowDocuments {
  readonly #decode: DecodeSettings;
  readonly #names: readonly string[];
  readonly timeColumns: readonly number[];
  readonly #keyColumn: number | undefined;
  readonly #keyWithoutColumn: string;
  #readTime = timeCellReader({});
  #document: unknown;
  #decoder: DecodeAll;

  constructor(names: ColumnNames, decode: DecodeSettings, keyWithoutColumn: string) {
    const { time } = decode;
    this.#decode = flattened(decode);
    this.#names = names.header;
    this.#keyColumn = names.findAny(undefined, "key");
    this.#keyWithoutColumn = keyWithoutColumn;
    const own = names.has("time") ? "time" : names.header[0]!;
    const paths = time === undefined || (!Array.isArray(time) && !isPath(time)) ? [own] : [time].flat();
    this.timeColumns = paths.map((path) => names.find(columnOf(path)));
    for (const column of columnsOf(decode) ?? []) names.find(column);
    this.#decoder = this.#decoderFor({});
  }

  timeOf(cells: readonly string[]): string {
    return this.timeColumns.map((column) => cells[column]!.trim()).join(" ");
  }

  setForm(form: CellForm): void {
    this.#readTime = timeCellReader(form);
    this.#decoder = this.#decoderFor(form);
  }

  read({ cells, line }: CsvRow, sink: ObservationSink): void {
    const reject = (error: unknown): void => {
      if (!(error instanceof UndercurrentError)) throw error;
      sink.rejection(line, error.code, error.message);
    };
    try {
      this.#document = this.#documentOf(cells);
      const timestamp = this.#decode.time === undefined ? this.#readTime(this.timeOf(cells)) : -1;
      const key = this.#keyColumn === undefined ? this.#keyWithoutColumn : cells[this.#keyColumn]!;
      const record = { offset: line, timestamp, key: Buffer.from(key), value: nothing, headers: [] };
      const { readings, refused } = this.#decoder(record);
      for (const { error } of refused) reject(error);
      for (const { key: series, time, value, features } of readings) {
        sink.observation(sink.slotOf(series), time, value, features);
      }
    } catch (error) {
      reject(error);
    }
  }

  #documentOf(cells: readonly string[]): unknown {
    return Object.fromEntries(
      this.#names.map((name, column) => {
        const text = cells[column]!.trim();
        return [name, text === "" ? null : text];
      }),
    );
  }

  /** The document of a row is at hand: the format hands it to the decoder. */
  #decoderFor(form: CellForm): DecodeAll {
    const {
      timeUnit,
      timeFormat = this.#decode.timeFormat,
      timeZone = this.#decode.timeZone,
      missing = [],
      decimal = this.#decode.decimal,
      valueUnit = [],
    } = form;
    const settings: DecodeSettings = {
      ...this.#decode,
      format: "avro",
      keyFormat: "text",
      keyWindow: undefined,
      numbersInText: true,
      decimal,
      valueUnit: [...this.#decode.valueUnit, ...valueUnit],
      missing: [...this.#decode.missing, ...missingWords, ...missing],
      timeFormat,
      timeZone,
      // Digits are numbers of a unit that the first rows decided.
      timeUnit: timeFormat === undefined ? (timeUnit ?? this.#decode.timeUnit ?? "ms") : undefined,
    };
    return recordDecoder(settings, { prepare: () => undefined, parse: () => this.#document });
  }
}

const nothing = Buffer.alloc(0);
