/** The one list of errors: a code, what happened to the data, and what to do next. */

/** What is known of an error by its code. */
export interface ErrorEntry {
  /** Exit code of a command that ends with this error; rejections of single events do not end a command. */
  readonly exit: number;
  /** What happened to the data. */
  readonly data: string;
  /** What the operator does next. */
  readonly action: string;
}

/** Exit codes of every command, in the order in which they are documented. */
export const exitCodes = {
  ok: 0,
  unexpected: 1,
  settings: 2,
  input: 3,
  output: 4,
  state: 5,
  external: 6,
} as const;

export const list = {
  SETTING_INVALID: {
    exit: exitCodes.settings,
    data: "Nothing was read or written.",
    action: "Correct the setting that is named and start again.",
  },
  CONFIG_UNREADABLE: {
    exit: exitCodes.settings,
    data: "Nothing was read or written.",
    action:
      "Check the path given with --config, that it is a regular file of UTF-8 text, and that this user may read it.",
  },
  FILE_UNREADABLE: {
    exit: exitCodes.input,
    data: "Nothing was read beyond this point.",
    action: "Check that the path exists and that this user may read it.",
  },
  INPUT_EMPTY: {
    exit: exitCodes.input,
    data: "There was no observation to forecast from.",
    action: "Check that the file has a header and at least one row of data, and the names of its columns.",
  },
  INPUT_UNUSABLE: {
    exit: exitCodes.input,
    data: "Nothing was written to the brokers.",
    action:
      "Compare the settings of decode with a record of the input: the paths, the format, and times in epoch milliseconds or ISO 8601.",
  },
  INPUT_COLUMN_MISSING: {
    exit: exitCodes.input,
    data: "Nothing was forecast from this file.",
    action: "Name the columns with --time, --key and --value, or use --wide for one column per key.",
  },
  INPUT_COLUMN_INVALID: {
    exit: exitCodes.input,
    data: "Nothing was forecast from this file.",
    action: "Give every column that is read a name of its own, of 1 to 1,024 characters.",
  },
  ROW_UNREADABLE: {
    exit: exitCodes.input,
    data: "This row was rejected and counted; every other row was processed.",
    action: "Correct the row that is named, or leave it out.",
  },
  LINE_TOO_LONG: {
    exit: exitCodes.input,
    data: "This line was rejected and counted; every other line was processed.",
    action: "Check the line for a missing line break or quotation mark.",
  },
  RECORD_UNREADABLE: {
    exit: exitCodes.input,
    data: "This record was rejected and went to the dead letters with its bytes; no state was changed.",
    action: "Correct the producer, or the settings of decode: the paths, or the most bytes that are read.",
  },
  EVENT_LATE: {
    exit: exitCodes.input,
    data: "This event was older than the one before it of its key and was left out; no state was changed.",
    action:
      "Nothing, if late events are expected; to forecast from them too, set the late policy to process.",
  },
  KEY_INVALID: {
    exit: exitCodes.input,
    data: "This event was rejected and counted; no state was changed.",
    action: "Give every event a key that is a string of 1 to 1,024 characters.",
  },
  SYMBOL_INVALID: {
    exit: exitCodes.input,
    data: "This event was rejected and counted; no state was changed.",
    action: "Give every event a symbol that is a string of 1 to 256 characters.",
  },
  TIME_INVALID: {
    exit: exitCodes.input,
    data: "This event was rejected and counted; no state was changed.",
    action:
      "Give the time as epoch milliseconds, a Date or an ISO 8601 string; where late events are refused, no more than a week ahead of the record's timestamp.",
  },
  VALUE_NOT_A_NUMBER: {
    exit: exitCodes.input,
    data: "This event was rejected and counted; no state was changed.",
    action: "Give the value as a number, or leave it empty (null, NaN) if it is missing.",
  },
  VALUE_OUT_OF_RANGE: {
    exit: exitCodes.input,
    data: "This event was rejected and counted; no state was changed.",
    action: "Give a finite value between -1e30 and 1e30, or leave it empty (null, NaN) if it is missing.",
  },
  OUTPUT_UNWRITABLE: {
    exit: exitCodes.output,
    data: "The output is incomplete.",
    action: "Check the path, this user's permissions and the space left on the disk.",
  },
  ADDRESS_IN_USE: {
    exit: exitCodes.output,
    data: "Nothing was served.",
    action:
      "Choose another port, with --port or the setting server.port, or stop the process that listens there.",
  },
  ADDRESS_UNUSABLE: {
    exit: exitCodes.output,
    data: "Nothing was served.",
    action: "Choose an address of this host, and a port that this user may listen on (above 1023 for most).",
  },
  SNAPSHOT_FOREIGN: {
    exit: exitCodes.state,
    data: "Nothing of the snapshot was loaded; the forecaster is unchanged.",
    action: "Restore with the settings that the snapshot was made with, or start fresh without it.",
  },
  SNAPSHOT_VERSION: {
    exit: exitCodes.state,
    data: "Nothing of the snapshot was loaded; the forecaster is unchanged.",
    action: "Restore with the release that wrote the snapshot or a later one.",
  },
  SNAPSHOT_CORRUPT: {
    exit: exitCodes.state,
    data: "Nothing of the snapshot was loaded; the forecaster is unchanged.",
    action: "Restore an older snapshot, or start fresh and replay the input.",
  },
  HISTORY_MISSING: {
    exit: exitCodes.state,
    data: "Nothing was written.",
    action:
      "Ask for an offset that has a forecast, and that the input, and a snapshot before it, are still kept for.",
  },
  STATE_GAP: {
    exit: exitCodes.state,
    data: "Nothing of this partition was read or written; what is committed stays as it is.",
    action:
      "Bring back the missing input or state and start again, or go on without what was learned: `npx undercurrent state reset`, or the recovery setting gap: fresh.",
  },
  STATE_TORN: {
    exit: exitCodes.state,
    data: "Nothing of this partition was read or written; what is committed stays as it is.",
    action:
      "Check that the state topic is compacted, loses nothing to retention and has no other writer; then import an exported state, or run `npx undercurrent state reset`.",
  },
  FENCED: {
    exit: exitCodes.external,
    data: "Nothing of this commit landed; the partition's new owner goes on from the last one that did.",
    action:
      "Nothing, after a rebalance. If it repeats, check that no second service has the same application name.",
  },
  COMMIT_UNCERTAIN: {
    exit: exitCodes.external,
    data: "This commit landed whole or not at all; the task starts again from what is durable.",
    action: "Nothing, if it is rare. If it repeats, check the brokers and the way to them.",
  },
  BROKER_UNREACHABLE: {
    exit: exitCodes.external,
    data: "Everything that was committed stays; nothing else was written.",
    action: "Check the addresses of the brokers, and the way to them.",
  },
  CREDENTIALS_REFUSED: {
    exit: exitCodes.external,
    data: "Everything that was committed stays; nothing else was written.",
    action:
      "Check the mechanism, user and password in kafka.sasl, and that the brokers know them on the listener of this address.",
  },
  TLS_REFUSED: {
    exit: exitCodes.external,
    data: "Everything that was committed stays; nothing else was written.",
    action:
      "Check the certificates of both sides, their dates, names and authorities, and the settings kafka.tls.",
  },
  ACCESS_DENIED: {
    exit: exitCodes.external,
    data: "Everything that was committed stays; nothing else was written.",
    action: "Grant this user the right that is named: docs/operating.md lists all that the service needs.",
  },
  TOPIC_MISSING: {
    exit: exitCodes.settings,
    data: "Nothing of this was read or written.",
    action:
      "Check the topic's name. `npx undercurrent topics create` makes the topics for forecasts, dead letters and state; create the input before, or with --partitions.",
  },
  TOPIC_MISMATCH: {
    exit: exitCodes.settings,
    data: "Nothing was read or written.",
    action:
      "Give forecasts and state as many partitions as the input has, and the state topic cleanup.policy=compact: alter them, or create them anew with `npx undercurrent topics create`.",
  },
  GROUP_ACTIVE: {
    exit: exitCodes.state,
    data: "Nothing was written.",
    action: "Stop every instance of the service, wait until its group is empty, then repeat the command.",
  },
  STATE_FILE_INVALID: {
    exit: exitCodes.state,
    data: "Nothing was written to the brokers.",
    action: "Export the state anew, or take another copy of the file, and one of the same input topic.",
  },
  LAYERS_MODEL_UNFIT: {
    exit: exitCodes.state,
    data: "Nothing of this state was read or written.",
    action:
      "Export and import weights of the cells rnn, gru and lstm, and import a model of the same cell and size as the state's.",
  },
  RECORD_TOO_LARGE: {
    exit: exitCodes.output,
    data: "Nothing of this commit landed; every earlier one did.",
    action:
      "Raise the topic's max.message.bytes and then kafka.maxBatchBytes, or choose a smaller hidden state or read-out.",
  },
  RESTORE_STALLED: {
    exit: exitCodes.external,
    data: "Nothing of this partition was read or written; what is committed stays as it is.",
    action: "Check the brokers and the open transactions on the state topic, then start again.",
  },
  INPUT_TRUNCATED: {
    exit: exitCodes.state,
    data: "Records of the input are gone that were never read; nothing after them was read or committed.",
    action:
      "Keep the input longer, or go on behind the gap with an empty state: the recovery setting gap: fresh.",
  },
  OPERATOR_FAILED: {
    exit: exitCodes.unexpected,
    data: "Nothing of this commit landed; every earlier one did. Where the operator emitted late, the results of events of earlier commits are missing.",
    action:
      "Correct the step before or after the forecast that is named: an operator has to emit at once, a hook has to resolve to what its type says, and neither may throw. Use beforeBatch or afterBatch for a step that waits.",
  },
  OPERATOR_TIMEOUT: {
    exit: exitCodes.unexpected,
    data: "Nothing of this commit landed; every earlier one did.",
    action:
      "Check what beforeBatch or afterBatch waits for, make commits smaller (commit.maxEvents), or raise hookTimeoutMs.",
  },
  FORECASTER_BUSY: {
    exit: exitCodes.unexpected,
    data: "The refused call read and changed nothing.",
    action:
      "Call the forecaster when `observe` has returned, not from a callback of it; a callback may note what to do.",
  },
  FORECASTER_DISPOSED: {
    exit: exitCodes.unexpected,
    data: "Nothing was read or changed: its memory has been given back.",
    action: "Create a new forecaster, and restore a snapshot into it to go on where this one stopped.",
  },
  PAGE_MISSING: {
    exit: exitCodes.external,
    data: "Nothing was served.",
    action: "Run `npm run build`, or install the package again: the files of its live page are not there.",
  },
  KERNEL_MISSING: {
    exit: exitCodes.external,
    data: "Nothing was read or written.",
    action: "Run `npm run build`, or install the package again: its WebAssembly file is not there.",
  },
  TFJS_MISSING: {
    exit: exitCodes.external,
    data: "Nothing was read or written.",
    action: "Run the `npm install` that is named, or choose the engine wasm, which needs no other package.",
  },
  KAFKA_CLIENT_MISSING: {
    exit: exitCodes.external,
    data: "Nothing was read or written.",
    action:
      "Run `npm install @platformatic/kafka` beside undercurrent-forecast, or set kafka.producerClient to kafkajs.",
  },
  MEMORY_EXHAUSTED: {
    exit: exitCodes.external,
    data: "The event that needed more memory was not processed; all earlier ones were.",
    action: "Spread the keys over more partitions, or choose a smaller hidden state or read-out.",
  },
} as const satisfies Record<string, ErrorEntry>;
