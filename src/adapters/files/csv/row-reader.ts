/** Declares how the rows of a CSV file become observations. */
import type { ErrorCode } from "../../../errors/errors.js";
import type { CellForm } from "./cells.js";
import type { CsvRow } from "./csv-records.js";

/** Takes what rows hold, in order. */
export interface ObservationSink {
  /** Epoch milliseconds; a missing value or feature is NaN. One array of features is reused. */
  observation(slot: number, time: number, value: number, features: ArrayLike<number>): void;
  rejection(line: number, code: ErrorCode, message: string): void;
  slotOf(key: string): number;
}

/** Reads the rows of one file. */
export interface RowReader {
  /** The text of a row's time, which may be in several columns. */
  timeOf(cells: readonly string[]): string;
  /** The columns of the time. */
  readonly timeColumns: readonly number[];
  /** Last columns that have no name, and are left out because all of their cells should be empty. */
  readonly nameless: readonly number[];
  /** Columns that are not read, in a file whose rows are all of one key. */
  readonly unread: readonly string[];
  /** Observations that one row holds at most. */
  readonly observationsPerRow: number;
  /** Gives an observation or a rejection for each cell that is a value, or one rejection for the whole row. */
  read(row: CsvRow, sink: ObservationSink): void;
  /** Reads cells of this form from now on. */
  setForm(form: CellForm): void;
}
