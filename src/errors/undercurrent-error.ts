/** The one class of errors, and what a command prints and exits with for one. */
import { exitCodes, list, type ErrorEntry } from "./list.js";

/** A code of the list. */
export type ErrorCode = keyof typeof list;

/** Every error this package can raise or report, by code. */
export const errors: Readonly<Record<ErrorCode, ErrorEntry>> = list;

/**
 * The only error class of the package.
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
  /** What to do next. */
  readonly action: string;

  constructor(code: ErrorCode, message: string, options: { readonly cause?: unknown } = {}) {
    super(message, options);
    this.code = code;
    this.data = errors[code].data;
    this.action = errors[code].action;
  }
}

/** The three lines that a command prints for an error: what, what became of the data, what next. */
export function describeError(error: unknown): string {
  if (error instanceof UndercurrentError) {
    return `error ${error.code}: ${error.message}\n  data: ${error.data}\n  next: ${error.action}`;
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return `error: ${text}\n  next: This is a defect; please report it with the command that led here.`;
}

/** The exit code of a command that ends with this error. */
export function exitCodeOf(error: unknown): number {
  return error instanceof UndercurrentError ? errors[error.code].exit : exitCodes.unexpected;
}
