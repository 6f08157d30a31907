/** Lists the errors that only the pipeline, the adapters and the command raise. */
import { exitCodes, type ErrorEntry } from "./entry.js";

export const serviceErrors = {
  CONFIG_UNREADABLE: {
    exit: exitCodes.settings,
    data: "Nothing was read or written.",
    action:
      "Check that the path given with --config is a regular file of UTF-8 text and that this user may read it.",
  },
  FILE_UNREADABLE: {
    exit: exitCodes.input,
    data: "Nothing after this point was read.",
    action: "Check that the path exists and that this user may read it.",
  },
  INPUT_UNUSABLE: {
    exit: exitCodes.input,
    data: "Nothing was written to the brokers.",
    action:
      "Compare the decode settings with a record of the input: the paths, the format, and times in epoch milliseconds or ISO 8601.",
  },
  INPUT_COLUMN_MISSING: {
    exit: exitCodes.input,
    data: "Nothing was forecast from this file.",
    action: "Name the columns with --time, --key and --value, or use --wide for one column per key.",
  },
  INPUT_COLUMN_INVALID: {
    exit: exitCodes.input,
    data: "Nothing was forecast from this file.",
    action: "Give every column a unique name of 1 to 1,024 characters.",
  },
  TIME_UNIT_UNCLEAR: {
    exit: exitCodes.input,
    data: "Nothing was forecast from this file.",
    action:
      "Name the unit of the times with --time-unit (s, ms, us or ns), or the format of a date with --time-format, such as yyyyMMdd.",
  },
  ROW_UNREADABLE: {
    exit: exitCodes.input,
    data: "This row was rejected and counted; every other row was processed.",
    action: "Correct the named row or remove it.",
  },
  LINE_TOO_LONG: {
    exit: exitCodes.input,
    data: "This line was rejected and counted; every other line was processed.",
    action: "Check the line for a missing line break or quotation mark.",
  },
  RECORD_UNREADABLE: {
    exit: exitCodes.input,
    data: "This record went unchanged to the dead letters; no state was changed.",
    action: "Correct the producer or the decode settings: the format, the paths or maxValueBytes.",
  },
  SCHEMA_UNREADABLE: {
    exit: exitCodes.input,
    data: "This record went unchanged to the dead letters; no state was changed.",
    action:
      "Check that schemaRegistry.url names the registry of the producer and that the registry has the named schema and its references.",
  },
  RECORD_SKIPPED: {
    exit: exitCodes.input,
    data: "This record holds no reading by the decode settings. It was left out and counted, and is no dead letter; no state was changed.",
    action:
      "No action if such records are expected. decode.skip, decode.tombstones, decode.each and decode.absent say which records are left out.",
  },
  BATCH_UNREADABLE: {
    exit: exitCodes.input,
    data: "No record of this batch was read: one dead letter names its offsets and the cause; no state was changed. The batch stays in the input as long as its retention allows.",
    action:
      "Correct the producer. If the batch is valid but larger than kafka.maxUnpackedBatchBytes, raise that setting and replay the offsets.",
  },
  OUTPUT_UNWRITABLE: {
    exit: exitCodes.output,
    data: "The output is incomplete.",
    action: "Check the path, this user's permissions and the free disk space.",
  },
  ADDRESS_IN_USE: {
    exit: exitCodes.output,
    data: "Nothing was served.",
    action:
      "Choose another port (--port or the setting server.port), or stop the process that listens on it.",
  },
  ADDRESS_UNUSABLE: {
    exit: exitCodes.output,
    data: "Nothing was served.",
    action: "Choose an address of this host and a port that this user may listen on, usually above 1023.",
  },
  HISTORY_MISSING: {
    exit: exitCodes.state,
    data: "Nothing was written.",
    action:
      "Choose an offset with a forecast. The input must still hold the record and all records since an earlier snapshot.",
  },
  STATE_GAP: {
    exit: exitCodes.state,
    data: "Nothing of this partition was read or written; what is committed stays as it is.",
    action:
      "Bring back the missing input or state and start again. Or give up the learned state: `npx undercurrent state reset`, or set recovery.gap: fresh.",
  },
  STATE_FOREIGN: {
    exit: exitCodes.state,
    data: "No state was written. The state that was found and all committed forecasts stay as they are.",
    action:
      "Set topics.state to a topic that only this service uses, or correct applicationId and topics.input. To rename an application, export its state under the old name and run `npx undercurrent state import --adopt` under the new name.",
  },
  TOPIC_RECREATED: {
    exit: exitCodes.state,
    data: "Records of the new topic before the old position were not forecast. The state and the committed offsets stay as they are.",
    action:
      "To start with the first record of the new topic, stop the service and run `npx undercurrent state reset --yes --to-earliest`. If the new topic holds the old records at their old offsets, run `npx undercurrent state export` and then `npx undercurrent state import --adopt`.",
  },
  STATE_TORN: {
    exit: exitCodes.state,
    data: "Nothing of this partition was read or written; what is committed stays as it is.",
    action:
      "Check that the state topic is compacted, has no retention and no other writer. Then import an exported state, or run `npx undercurrent state reset`.",
  },
  FENCED: {
    exit: exitCodes.external,
    data: "This commit was aborted. The partition's new owner resumes at the last commit.",
    action:
      "No action after a rebalance. If the error repeats, check that no other service has the same applicationId.",
  },
  COMMIT_UNCERTAIN: {
    exit: exitCodes.external,
    data: "This commit is either complete or aborted. The task restarts from the last durable commit.",
    action: "No action if the error is rare. If it repeats, check the brokers and the network.",
  },
  BROKER_UNREACHABLE: {
    exit: exitCodes.external,
    data: "Everything that was committed stays; nothing else was written.",
    action:
      "Check kafka.bootstrapServers, the brokers, the token endpoint if kafka.sasl names one, and the network.",
  },
  CREDENTIALS_REFUSED: {
    exit: exitCodes.external,
    data: "Everything that was committed stays; nothing else was written.",
    action:
      "Check the mechanism and the credentials in kafka.sasl, and that the listener of this address accepts them.",
  },
  TLS_REFUSED: {
    exit: exitCodes.external,
    data: "Everything that was committed stays; nothing else was written.",
    action:
      "Check the certificates of both sides (dates, host names, authorities) and the settings in kafka.tls.",
  },
  ACCESS_DENIED: {
    exit: exitCodes.external,
    data: "Everything that was committed stays; nothing else was written.",
    action:
      "Grant this user the named permission. docs/operating.md lists every permission that the service needs.",
  },
  REGISTRY_UNREACHABLE: {
    exit: exitCodes.external,
    data: "The partition waits and repeats the request; nothing was lost, and everything that was committed stays.",
    action: "Check schemaRegistry.url, schemaRegistry.ca, the registry and the network.",
  },
  REGISTRY_REFUSED: {
    exit: exitCodes.external,
    data: "Everything that was committed stays; nothing else was written.",
    action:
      "Check the user name and password, or the token, in schemaRegistry, and that this user may read schemas and subjects, and register them for encode.format. If the forecasts' schema is incompatible, set another encode.subject.",
  },
  FORMAT_PACKAGE_MISSING: {
    exit: exitCodes.external,
    data: "Nothing was read or written.",
    action: "Run `npm install protobufjs` beside undercurrent-forecast.",
  },
  TOPIC_MISSING: {
    exit: exitCodes.settings,
    data: "Nothing was read or written.",
    action:
      "Check the topic's name. `npx undercurrent topics create` creates the topics for forecasts, incidents, dead letters and state, and with --partitions also the input topic.",
  },
  TOPIC_MISMATCH: {
    exit: exitCodes.settings,
    data: "Nothing was read or written.",
    action:
      "The forecasts and state topics need as many partitions as the input, and the state topic needs cleanup.policy=compact. Alter the topics, or recreate them with `npx undercurrent topics create`.",
  },
  GROUP_ACTIVE: {
    exit: exitCodes.state,
    data: "Nothing was written.",
    action:
      "Stop every instance of the named consumer group, wait until the group is empty, then repeat the command. If the group belongs to another service, give each service its own state topic.",
  },
  GROUP_FOREIGN: {
    exit: exitCodes.settings,
    data: "Nothing was read or written; existing members keep their partitions.",
    action:
      "Use a unique applicationId for this service, or correct topics.input and topics.state. All instances of one application need the same topics.",
  },
  STATE_FILE_INVALID: {
    exit: exitCodes.state,
    data: "Nothing was written to the brokers.",
    action:
      "Export the state again, or use another copy of the file. The file must come from the same input topic.",
  },
  RECORD_TOO_LARGE: {
    exit: exitCodes.output,
    data: "This commit was aborted; all earlier commits are durable.",
    action:
      "Raise the topic's max.message.bytes and then kafka.maxBatchBytes, or choose a smaller model.hidden or model.readout.",
  },
  RESTORE_STALLED: {
    exit: exitCodes.external,
    data: "Nothing of this partition was read or written; what is committed stays as it is.",
    action: "Check the brokers and open transactions on the state topic, then start again.",
  },
  BATCH_DAMAGED: {
    exit: exitCodes.state,
    data: "The checksum of a batch is not the checksum of its bytes; neither the batch nor later records were read or committed.",
    action:
      "Start again, because a network fault is temporary. If the error persists, a broker's disk has damaged the log: let a replica lead the partition, or delete the records up to the end of the batch (kafka-delete-records) and set recovery.gap: fresh.",
  },
  INPUT_TRUNCATED: {
    exit: exitCodes.state,
    data: "The input lost records before they were read; nothing after the gap was read or committed.",
    action:
      "Raise the input topic's retention. To resume after the gap with an empty state, set recovery.gap: fresh.",
  },
  OPERATOR_FAILED: {
    exit: exitCodes.unexpected,
    data: "This commit was aborted; all earlier commits are durable. If an operator emitted late, its results for earlier commits are missing.",
    action:
      "Correct the named step. An operator must emit synchronously, a hook must resolve to its declared type, and neither may throw. Use beforeBatch or afterBatch for asynchronous work.",
  },
  OPERATOR_TIMEOUT: {
    exit: exitCodes.unexpected,
    data: "This commit was aborted; all earlier commits are durable.",
    action: "Check what beforeBatch or afterBatch waits for, lower commit.maxEvents, or raise hookTimeoutMs.",
  },
  PAGE_MISSING: {
    exit: exitCodes.external,
    data: "Nothing was served.",
    action:
      "Run `npm run build` in a clone, or reinstall the package: the files of the live page are missing.",
  },
  OPENTELEMETRY_MISSING: {
    exit: exitCodes.external,
    data: "Nothing was read or written.",
    action:
      "Install the packages that docs/operating.md names beside undercurrent-forecast, or remove the section openTelemetry.",
  },
  KAFKA_CLIENT_MISSING: {
    exit: exitCodes.external,
    data: "Nothing was read or written.",
    action:
      "Run `npm install @platformatic/kafka` beside undercurrent-forecast, or set kafka.producerClient to kafkajs.",
  },
  SASL_SIGNER_MISSING: {
    exit: exitCodes.external,
    data: "Nothing was read or written.",
    action: "Run `npm install aws-msk-iam-sasl-signer-js` beside undercurrent-forecast.",
  },
} as const satisfies Record<string, ErrorEntry>;
