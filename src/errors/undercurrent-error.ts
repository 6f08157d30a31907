/** Defines the error class and its text on the command line. */
import type { ErrorEntry } from "./entry.js";
import { libraryErrors } from "./library-list.js";
import type { serviceErrors } from "./service-list.js";

/** An error code of this package. */
export type ErrorCode = keyof typeof libraryErrors | keyof typeof serviceErrors;

let entries: Readonly<Partial<Record<ErrorCode, ErrorEntry>>> = libraryErrors;

/**
 * Reports an error of this package with a code. Defects of the calling program throw TypeError or RangeError instead.
 *
 * @example
 * ```ts
 * try {
 *   forecaster.restore(bytes);
 * } catch (error) {
 *   if (error instanceof UndercurrentError && error.code === "SNAPSHOT_FOREIGN") startFresh();
 *   else throw error;
 * }
 * ```
 */
export class UndercurrentError extends Error {
  override readonly name = "UndercurrentError";
  /** What went wrong, by the names of docs/errors.md. */
  readonly code: ErrorCode;
  /** What happened to the data. */
  readonly data: string;
  /** The next action. */
  readonly action: string;

  /** @param options `action` is the next action of this very case, in place of that of the code. */
  constructor(
    code: ErrorCode,
    message: string,
    options: { readonly cause?: unknown; readonly action?: string } = {},
  ) {
    super(message, options);
    this.code = code;
    const { data, action } = entries[code] ?? {
      data: "",
      action: `See the error ${code} in docs/errors.md.`,
    };
    this.data = data;
    this.action = options.action ?? action;
  }
}

/** Gives the class the texts of more errors. Returns the class, so that who imports the result has the texts. */
export function withErrors(all: Readonly<Record<ErrorCode, ErrorEntry>>): typeof UndercurrentError {
  entries = all;
  return UndercurrentError;
}

/**
 * Returns the text that a command prints for an error: code and message, what happened to the data, the next action.
 *
 * @param error Any thrown value.
 *
 * @example
 * ```ts
 * run(source, committer).subscribe({ error: (error) => console.error(describeError(error)) });
 * ```
 */
export function describeError(error: unknown): string {
  if (error instanceof UndercurrentError) {
    return `error ${error.code}: ${error.message}\n  data: ${error.data}\n  next: ${error.action}`;
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return `error: ${text}\n  next: This is a defect of Undercurrent. Report it with the command that caused it.`;
}
