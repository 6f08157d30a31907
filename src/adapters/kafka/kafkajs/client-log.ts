/** Converts kafkajs log lines: corrects their levels and detects the line that reports lost records. */
import kafkajs, { type LogEntry } from "kafkajs";
import { UndercurrentError } from "../../../errors/errors.js";
import type { KafkaLogEntry } from "../options.js";

const levels: Readonly<Record<number, KafkaLogEntry["level"]>> = {
  [kafkajs.logLevel.ERROR]: "error",
  [kafkajs.logLevel.WARN]: "warn",
  [kafkajs.logLevel.INFO]: "info",
  [kafkajs.logLevel.DEBUG]: "debug",
};

/** The client reads on from another offset than it was told to, and would skip records. */
const offsetReset = "Offset out of range, resetting to default offset";
/** A member learns of every rebalance by this error. */
const rebalancing = "The group is rebalancing, re-joining";
/** GROUP_LOAD_IN_PROGRESS: a broker that has just become the coordinator reads its log first. */
const coordinatorLoads =
  "Crash: KafkaJSProtocolError: The coordinator is loading and hence can't process requests for this group";
/** Follows the line that says why the consumer crashed. */
const restarting = /^Restarting the consumer in \d+ms$/;
/** CONCURRENT_TRANSACTIONS: the broker still writes the markers of the previous transaction, which takes milliseconds. */
const concurrentTransactions =
  "Failed to send messages: The producer attempted to update a transaction while another concurrent operation on the same transaction was ongoing";
/** With `transactionRetry`, this many retries take three seconds; a longer wait for a transaction is worth a warning. */
const expectedRetries = 10;

/** Returns an entry of the client's log; steps that belong to normal work have the level "debug". */
export function logEntry(entry: LogEntry): KafkaLogEntry {
  const { message, timestamp: _timestamp, logger: _logger, ...fields } = entry.log;
  const level = isExpected(entry) ? "debug" : (levels[entry.level] ?? "debug");
  return { level, message, fields: { namespace: entry.namespace, ...fields } };
}

function isExpected({ log }: LogEntry): boolean {
  const { message } = log;
  if (message === rebalancing || message === coordinatorLoads || restarting.test(message)) return true;
  const { retryCount } = log as { readonly retryCount?: unknown };
  return message === concurrentTransactions && Number(retryCount) < expectedRetries;
}

/**
 * Throws INPUT_TRUNCATED when the client logs that it resets an offset which is no longer in the log. The client would then
 * commit -1 for the group, with or without autoCommit, and continue at the end or the beginning. No setting prevents that, so
 * the log line is the place to stop it: the error is not retriable and ends the consumer before any commit.
 */
export function refuseOffsetReset({ log }: LogEntry): void {
  if (log.message !== offsetReset) return;
  const { topic, partition } = log as unknown as { readonly topic: string; readonly partition: number };
  const error = new UndercurrentError(
    "INPUT_TRUNCATED",
    `topic ${topic}, partition ${partition}: the next records to read are no longer in the log`,
  );
  throw Object.assign(error, { retriable: false });
}
