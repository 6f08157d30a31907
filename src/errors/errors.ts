/** Exports for the service's rooms: the error class with every error, and the names of settings that changed. */
import { exitCodes } from "./entry.js";
import { errors } from "./list.js";
import { UndercurrentError as LibraryError, withErrors } from "./undercurrent-error.js";

export { exitCodes, type ErrorEntry } from "./entry.js";
export { errors } from "./list.js";
export { withHint } from "./hint.js";
export { refuseRenamed } from "./renamed-options.js";
export { renamedSettings, renamedText, type RenamedIn } from "./renamed-settings.js";
export { describeError, type ErrorCode } from "./undercurrent-error.js";

/** The error class of the library, which also knows the service's errors as soon as a module of the service is loaded. */
export const UndercurrentError = withErrors(errors);
export type UndercurrentError = LibraryError;

/** Returns the exit code of a command that ends with this error. */
export function exitCodeOf(error: unknown): number {
  return error instanceof UndercurrentError ? errors[error.code].exit : exitCodes.unexpected;
}
