/** Adds to the error of an unreadable text what would read it. */
import { UndercurrentError } from "./undercurrent-error.js";

/**
 * Returns what `read` returns.
 *
 * @param hint returns what follows the message of an error; empty if nothing is known
 * @throws The error of `read`, with the hint behind its message.
 */
export function withHint<T>(read: () => T, hint: () => string): T {
  try {
    return read();
  } catch (error) {
    const text = error instanceof UndercurrentError ? hint() : "";
    if (!(error instanceof UndercurrentError) || text === "") throw error;
    throw new UndercurrentError(error.code, `${error.message}${text}`);
  }
}
