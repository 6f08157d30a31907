/** Reads rows of CSV files as documents whose fields are the columns, by the settings that records are read by. */
import { UndercurrentError } from "../../../errors/errors.js";
import {
  alternatives,
  isFieldPath,
  isOneNumber,
  isPath,
  keyParts,
  namedSeriesOf,
  pathNames,
  type DecodeSettings,
  type FieldPath,
  type KeyPart,
  type Path,
} from "../../../pipeline/decode-settings.js";
import { recordDecoder, type DecodeAll } from "../../../pipeline/decode/decode.js";
import { missingWords, timeCellReader, type CellForm } from "./cells.js";
import type { ColumnNames } from "./column-names.js";
import type { ObservationSink, RowReader } from "./row-reader.js";
import type { CsvRow } from "./csv-records.js";

/** A column that a table must have, or several of which it must have one. */
type Columns = readonly string[];

/** The columns that the settings name; undefined if rows of a table cannot be such documents. */
function columnsOf(decode: DecodeSettings): readonly Columns[] | undefined {
  const { format, each, series, skip, only } = decode;
  const isTable = format !== "module" && !isOneNumber(decode) && each === undefined;
  if (!isTable || (series !== undefined && isPath(series))) return undefined;
  const parts = keyParts(decode).filter((part) => isFieldPath(part));
  if (!keyParts(decode).every(isOfTable)) return undefined;
  const fields = [...skip, ...only].map(({ field }) => field);
  return [...parts, ...timePaths(decode), ...numberPaths(decode), ...fields].map(columnsAt);
}

/** The paths of the time; none where it is no field. */
function timePaths({ time }: DecodeSettings): readonly FieldPath[] {
  return time === undefined || (!Array.isArray(time) && !isFieldPath(time)) ? [] : [time].flat();
}

/** The paths of values and features. */
function numberPaths(decode: DecodeSettings): readonly FieldPath[] {
  const { value, features } = decode;
  const values = namedSeriesOf(decode)?.flatMap((one) => [one.value, ...one.features]) ?? [value];
  return [...values, ...features];
}

/**
 * Returns a column that the settings name and a file does not have, or "" if no table can have them; undefined if the file has
 * all columns.
 */
export function missingColumn(decode: DecodeSettings, header: readonly string[]): string | undefined {
  const columns = columnsOf(decode);
  if (columns === undefined) return "";
  return columns.find((names) => !names.some((name) => header.includes(name)))?.[0];
}

/** Whether a part of a key can be in a table, or is no field at all. */
function isOfTable(part: KeyPart): boolean {
  return isFieldPath(part) || "const" in part || ("record" in part && part.path === undefined);
}

/** The column of a path: tables of nested documents have names with dots. */
function columnOf(path: Path): string {
  return pathNames(path).join(".");
}

/** The columns that a path may lead to. */
function columnsAt(path: FieldPath): Columns {
  return alternatives(path).map(columnOf);
}

/** The same settings for documents that are not nested. */
function flattened(decode: DecodeSettings): DecodeSettings {
  const flatPath = (path: Path): Path => ({ path: [columnOf(path)] });
  const flat = (path: FieldPath): FieldPath =>
    isPath(path) ? flatPath(path) : { firstOf: path.firstOf.map(flatPath) };
  const { key, time, series, value, features, skip, only } = decode;
  const times = timePaths(decode).map(flat);
  const named = namedSeriesOf(decode)?.map((one) => ({
    name: one.name,
    value: flat(one.value),
    features: one.features.map(flat),
  }));
  return {
    ...decode,
    key:
      key === undefined ? undefined : keyParts(decode).map((part) => (isFieldPath(part) ? flat(part) : part)),
    time: time === undefined || times.length === 0 ? undefined : times,
    series: series === undefined ? undefined : named,
    value: flat(value),
    features: features.map(flat),
    skip: skip.map(({ field, in: values }) => ({ field: flatPath(field), in: values })),
    only: only.map(({ field, in: values }) => ({ field: flatPath(field), in: values })),
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
    this.#decode = flattened(decode);
    this.#names = names.header;
    this.#keyColumn = names.findAny(undefined, "key");
    this.#keyWithoutColumn = keyWithoutColumn;
    const own = names.has("time") ? "time" : names.header[0]!;
    const paths = timePaths(decode);
    const find = (columns: Columns): number =>
      names.find(columns.find((name) => names.has(name)) ?? columns[0]!);
    this.timeColumns = paths.length === 0 ? [names.find(own)] : paths.map((path) => find(columnsAt(path)));
    for (const columns of columnsOf(decode) ?? []) find(columns);
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
