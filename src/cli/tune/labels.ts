/** Reads labelled windows: CSV with key, from and to, or the JSON of the Numenta Anomaly Benchmark. */
import { timeCellReader, type CellForm } from "../../adapters/files/csv/cells.js";
import { CsvRecords, isFault, type CsvRow } from "../../adapters/files/csv/csv-records.js";
import { keyOfFile, openText } from "../../adapters/files/open.js";
import { UndercurrentError } from "../../errors/errors.js";
import { plainText } from "../shared/text.js";

/** A window in which a key was faulty; both ends belong to it. */
export interface LabelWindow {
  /** Undefined in a file without a column of keys: the window is of the only key. */
  readonly key: string | undefined;
  /** Epoch milliseconds. */
  readonly from: number;
  readonly to: number;
}

/** Names of the columns; those of a file that `backtest --incidents` wrote are the second ones. */
const names = { from: ["from", "begin"], to: ["to", "end"] } as const;

/**
 * Reads the windows of a file. Throws FILE_UNREADABLE, INPUT_COLUMN_MISSING, and ROW_UNREADABLE or TIME_INVALID with the line of
 * the first window that cannot be read: a label that is left out would count as a false alarm.
 */
export async function readLabels(
  file: string,
  form: CellForm & { readonly delimiter?: string; readonly encoding?: string },
): Promise<LabelWindow[]> {
  const timeOf = timeCellReader(form);
  return file.endsWith(".json") ? readJson(file, timeOf) : readCsv(file, form, timeOf);
}

async function readCsv(
  file: string,
  form: { readonly delimiter?: string; readonly encoding?: string },
  timeOf: (text: string) => number,
): Promise<LabelWindow[]> {
  const records = new CsvRecords({ ...(form.delimiter !== undefined && { delimiter: form.delimiter }) });
  const rows: CsvRow[] = [];
  const take = (all: ReturnType<CsvRecords["end"]>): void => {
    for (const record of all) {
      if (isFault(record)) throw fault(file, record.line, record.message);
      rows.push(record);
    }
  };
  for await (const piece of openText(file, { encoding: form.encoding })) take(records.push(piece));
  take(records.end());
  const [header, ...windows] = rows;
  const columnOf = (wanted: readonly string[]): number =>
    header?.cells.findIndex((cell) => wanted.includes(cell.trim().toLowerCase())) ?? -1;
  const [key, from, to] = [columnOf(["key"]), columnOf(names.from), columnOf(names.to)];
  if (from < 0 || to < 0) {
    throw new UndercurrentError(
      "INPUT_COLUMN_MISSING",
      `--labels: ${file} has no columns "from" and "to", expected key,from,to`,
    );
  }
  return windows.map(({ line, cells }) =>
    windowOf(key < 0 ? undefined : cells[key]!, [cells[from]!, cells[to]!], timeOf, `${file}:${line}`),
  );
}

async function readJson(file: string, timeOf: (text: string) => number): Promise<LabelWindow[]> {
  let text = "";
  for await (const piece of openText(file)) text += piece;
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (cause) {
    throw new UndercurrentError(
      "ROW_UNREADABLE",
      `--labels: ${file} is no JSON: ${(cause as Error).message}`,
      {
        cause,
      },
    );
  }
  const shape = `--labels: ${file}: expected {"file.csv": [["from", "to"], …]}`;
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) {
    throw new UndercurrentError("ROW_UNREADABLE", shape);
  }
  return Object.entries(parsed).flatMap(([name, windows]: [string, unknown]) => {
    if (!Array.isArray(windows)) throw new UndercurrentError("ROW_UNREADABLE", shape);
    return windows.map((window: unknown) => {
      if (!Array.isArray(window) || window.length !== 2 || window.some((end) => typeof end !== "string")) {
        throw new UndercurrentError("ROW_UNREADABLE", shape);
      }
      return windowOf(keyOfFile(name), window as [string, string], timeOf, `${file}: ${name}`);
    });
  });
}

function windowOf(
  key: string | undefined,
  [first, last]: readonly [string, string],
  timeOf: (text: string) => number,
  origin: string,
): LabelWindow {
  let from: number;
  let to: number;
  try {
    [from, to] = [timeOf(first), timeOf(last)];
  } catch (error) {
    if (!(error instanceof UndercurrentError)) throw error;
    throw new UndercurrentError(error.code, `--labels: ${plainText(origin)}: ${error.message}`, {
      cause: error,
    });
  }
  if (from <= to) return { key, from, to };
  throw new UndercurrentError(
    "TIME_INVALID",
    `--labels: ${plainText(origin)}: the window ends before it begins`,
  );
}

function fault(file: string, line: number, message: string): UndercurrentError {
  return new UndercurrentError("ROW_UNREADABLE", `--labels: ${file}:${line}: ${message}`);
}
