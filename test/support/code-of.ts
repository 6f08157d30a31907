/** The code of the error of ours that an action throws, for tests of refusals. */
import { UndercurrentError } from "../../src/errors/errors.js";

/** "no error" where it throws none; any other error passes. */
export function codeOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof UndercurrentError) return error.code;
    throw error;
  }
  return "no error";
}
