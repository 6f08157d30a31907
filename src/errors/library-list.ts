/** Lists the errors that forecasters, engines and operators raise. A bundle with a forecaster holds them. */
import { exitCodes, type ErrorEntry } from "./entry.js";

export const libraryErrors = {
  SETTING_INVALID: {
    exit: exitCodes.settings,
    data: "Nothing was read or written.",
    action: "Correct the named setting and start again.",
  },
  INPUT_EMPTY: {
    exit: exitCodes.input,
    data: "The input held no observation, so nothing was forecast.",
    action:
      "Check that a CSV file has a header, at least one data row and the named columns, or that a JSON line has key, time and value.",
  },
  EVENT_LATE: {
    exit: exitCodes.input,
    data: "This event was older than the previous event of its key, or its window was closed. It was dropped or went to the dead letters; no state was changed.",
    action:
      "No action if late events are expected. To forecast from late events too, set late: process; with windows, raise aggregate.grace.",
  },
  KEY_INVALID: {
    exit: exitCodes.input,
    data: "This event was rejected and counted; no state was changed.",
    action: "Use a string of 1 to 1,024 characters as the key of every event.",
  },
  SYMBOL_INVALID: {
    exit: exitCodes.input,
    data: "This event was rejected and counted; no state was changed.",
    action: "Use a string of 1 to 256 characters as the symbol of every event.",
  },
  TIME_INVALID: {
    exit: exitCodes.input,
    data: "This event was rejected and counted; no state was changed.",
    action:
      "Give the time as epoch milliseconds, a Date or an ISO 8601 string, or name its unit or format: --time-unit, --time-format, decode.timeUnit, decode.timeFormat.",
  },
  VALUE_NOT_A_NUMBER: {
    exit: exitCodes.input,
    data: "This event was rejected and counted; no state was changed.",
    action: "Give a number, or null or NaN for a missing value.",
  },
  VALUE_OUT_OF_RANGE: {
    exit: exitCodes.input,
    data: "This event was rejected and counted; no state was changed.",
    action: "Give a finite value from -1e30 to 1e30, or null or NaN if it is missing.",
  },
  SNAPSHOT_FOREIGN: {
    exit: exitCodes.state,
    data: "The snapshot was not loaded; the forecaster is unchanged.",
    action: "Restore with the settings of the snapshot, or start with an empty state.",
  },
  SNAPSHOT_VERSION: {
    exit: exitCodes.state,
    data: "The snapshot was not loaded; the forecaster is unchanged.",
    action: "Restore with the release that wrote the snapshot, or a later release.",
  },
  SNAPSHOT_CORRUPT: {
    exit: exitCodes.state,
    data: "The snapshot was not loaded; the forecaster is unchanged.",
    action: "Restore an older snapshot, or start with an empty state and replay the input.",
  },
  LAYERS_MODEL_UNFIT: {
    exit: exitCodes.state,
    data: "No state was changed.",
    action: "Use a model with the same cell (rnn, gru or lstm) and size as the state.",
  },
  FORECASTER_BUSY: {
    exit: exitCodes.unexpected,
    data: "The refused call changed nothing.",
    action: "Call the forecaster after `observe` has returned, not from a callback.",
  },
  FORECASTER_DISPOSED: {
    exit: exitCodes.unexpected,
    data: "Nothing was read or changed; the forecaster's memory is freed.",
    action: "Create a new forecaster. Restore a snapshot to resume where the old forecaster stopped.",
  },
  KERNEL_REFUSED: {
    exit: exitCodes.external,
    data: "Nothing was read or written.",
    action:
      "Allow 'wasm-unsafe-eval' in the page's Content-Security-Policy, or give compiled modules to useKernel of undercurrent-forecast/web.",
  },
  TFJS_MISSING: {
    exit: exitCodes.external,
    data: "Nothing was read or written.",
    action: "Run the named `npm install`, or choose the engine wasm, which needs no other package.",
  },
  MEMORY_EXHAUSTED: {
    exit: exitCodes.external,
    data: "The event that needed more memory was not processed; all earlier events were.",
    action: "Spread the keys over more partitions, or choose a smaller model.hidden or model.readout.",
  },
} as const satisfies Record<string, ErrorEntry>;
