/** Looks up the columns of a table by name, and reports missing and repeated names. */
import { UndercurrentError } from "../../../errors/errors.js";
import { inputFault, readKey } from "../../../forecast/input.js";

export class ColumnNames {
  readonly header: readonly string[];
  /** The last columns, those of them without a name. */
  readonly nameless: readonly number[];
  readonly #file: string;
  readonly #columns = new Map<string, number[]>();

  constructor(file: string, header: readonly string[]) {
    this.#file = file;
    this.header = header;
    const named = header.findLastIndex((name) => name.trim() !== "") + 1;
    this.nameless = header.map((_, column) => column).slice(Math.max(1, named));
    header.forEach((name, column) => {
      const same = this.#columns.get(name);
      if (same === undefined) this.#columns.set(name, [column]);
      else same.push(column);
    });
  }

  has(name: string): boolean {
    return this.#columns.has(name);
  }

  find(name: string): number {
    const [column, second] = this.#columns.get(name) ?? [];
    if (column === undefined) throw this.missing(`the file has no column ${quoted(name)}`);
    if (second !== undefined) throw this.#twice(name, column, second);
    return column;
  }

  /** Returns the named column, or several whose names have commas between them. */
  findParts(names: string): readonly number[] {
    if (this.has(names) || !names.includes(",")) return [this.find(names)];
    return names.split(",").map((name) => this.find(name.trim()));
  }

  /** Returns the named column or, without a name, the one with the usual name; undefined if there is none. */
  findAny(name: string | undefined, usual: string): number | undefined {
    return name !== undefined || this.has(usual) ? this.find(name ?? usual) : undefined;
  }

  /** Returns the only column that is left; an error says `unclear` if there are none or several. The last ones without a name are none. */
  onlyOther(taken: readonly (number | undefined)[], unclear: string): number {
    const [first, second] = this.header
      .map((_, column) => column)
      .filter((column) => !taken.includes(column) && !this.nameless.includes(column));
    if (first === undefined || second !== undefined) throw this.missing(unclear);
    return first;
  }

  /** The name of a column as a key. */
  asKey(column: number): string {
    const name = this.header[column]!;
    const [first, second] = this.#columns.get(name)!;
    if (second !== undefined) throw this.#twice(name, first!, second);
    try {
      return readKey(name);
    } catch (error) {
      const { message } = inputFault(error);
      throw new UndercurrentError(
        "INPUT_COLUMN_INVALID",
        `${this.#file}: the name of column ${column + 1} is not a valid key: ${message}`,
      );
    }
  }

  missing(what: string): UndercurrentError {
    const known = this.header.slice(0, 12).map(quoted).join(", ");
    const more = this.header.length > 12 ? ` and ${this.header.length - 12} more` : "";
    return new UndercurrentError(
      "INPUT_COLUMN_MISSING",
      `${this.#file}: ${what}; its columns are ${known}${more}`,
    );
  }

  #twice(name: string, first: number, second: number): UndercurrentError {
    return new UndercurrentError(
      "INPUT_COLUMN_INVALID",
      `${this.#file}: columns ${first + 1} and ${second + 1} are both named ${quoted(name)}`,
    );
  }
}

/** Hostile text in one printable line. */
export function quoted(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);
}
