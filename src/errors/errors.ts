/** Exports the error class, the list of codes, and the checks of options. */
export { refuseMisplaced, requireFunctionList, requireFunctions, requireOptions } from "./given-options.js";
export { exitCodes, type ErrorEntry } from "./list.js";
export { refuseRenamed, renamedSettings, renamedText, type RenamedIn } from "./renamed-settings.js";
export {
  describeError,
  errors,
  exitCodeOf,
  UndercurrentError,
  type ErrorCode,
} from "./undercurrent-error.js";
export { refuseAsNumber } from "./renamed-members.js";
