/** Lists every error: its code, its exit code, what happened to the data, and the next action. */
import type { ErrorEntry } from "./entry.js";
import { libraryErrors } from "./library-list.js";
import { serviceErrors } from "./service-list.js";
import type { ErrorCode } from "./undercurrent-error.js";

export type { ErrorEntry } from "./entry.js";

/** Lists every error of this package by its code: exit code, what happened to the data, and the next action. */
export const errors: Readonly<Record<ErrorCode, ErrorEntry>> = /* @__PURE__ */ Object.assign(
  {},
  libraryErrors,
  serviceErrors,
);
