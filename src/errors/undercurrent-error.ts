/** Defines the error class, its text on the command line, and its exit code. */
import { exitCodes, list, type ErrorEntry } from "./list.js";

/** An error code of this package. */
export type ErrorCode = keyof typeof list;

/** Lists every error of this package by its code: exit code, what happened to the data, and the next action. */
export const errors: Readonly<Record<ErrorCode, ErrorEntry>> = list;

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
  readonly code: ErrorCode;
  /** What happened to the data. */
  readonly data: string;
  /** The next action. */
  readonly action: string;

  constructor(code: ErrorCode, message: string, options: { readonly cause?: unknown } = {}) {
    super(message, options);
    this.code = code;
    this.data = errors[code].data;
    this.action = errors[code].action;
  }
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

/** Returns the exit code of a command that ends with this error. */
export function exitCodeOf(error: unknown): number {
  return error instanceof UndercurrentError ? errors[error.code].exit : exitCodes.unexpected;
}
