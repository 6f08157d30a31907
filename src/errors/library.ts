/** Exports for the library rooms: the error class with the library's errors, and the checks of options. */
export {
  refuseMisplaced,
  requireFunctionList,
  requireFunctions,
  requireNamed,
  requireOptions,
  textOf,
} from "./given-options.js";
export { refuseAsNumber } from "./renamed-members.js";
export { refuseRenamed, renamedForecasterOptions, renamedSymbolOptions } from "./renamed-options.js";
export { describeError, UndercurrentError, type ErrorCode } from "./undercurrent-error.js";
