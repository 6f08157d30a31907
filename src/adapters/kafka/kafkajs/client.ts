/** Creates the kafkajs client with its codecs, patches, retries and log. */
import kafkajs, { type Kafka, type RetryOptions } from "kafkajs";
import { UndercurrentError } from "../../../errors/errors.js";
import type { KafkaConnection } from "../options.js";
import { logEntry, refuseOffsetReset } from "./client-log.js";
import { registerCodecs } from "./codecs.js";
import { applyPatches } from "./patches/apply.js";
import { rememberClusters } from "./topic-ids.js";

/** For group membership and administration. Given in full: under NODE_ENV=test the client has other defaults. */
export const patientRetry: RetryOptions = {
  initialRetryTime: 200,
  maxRetryTime: 5000,
  multiplier: 2,
  factor: 0.2,
  retries: 8,
};

/**
 * For transactions: a partition or an offset added right after the previous transaction ended meets
 * CONCURRENT_TRANSACTIONS nearly always, for a few milliseconds, and the client answers by sleeping this long.
 */
export const transactionRetry: RetryOptions = {
  initialRetryTime: 3,
  maxRetryTime: 1000,
  multiplier: 2,
  factor: 0.2,
  retries: 24,
};

/**
 * A client for these brokers. Nothing connects before a producer, consumer or admin of it does. Throws SETTING_INVALID
 * where the environment silences the client's log.
 */
export function createClient(connection: KafkaConnection, retry: RetryOptions): Kafka {
  // The client lets this variable overrule any level that it is given.
  if (process.env["KAFKAJS_LOG_LEVEL"]?.toUpperCase() === "NOTHING") {
    throw new UndercurrentError(
      "SETTING_INVALID",
      "environment variable KAFKAJS_LOG_LEVEL: NOTHING is not allowed, because the service detects lost records in the client's log",
    );
  }
  registerCodecs();
  applyPatches();
  const { bootstrapServers, clientId = "undercurrent", tls, sasl, log } = connection;
  const client = new kafkajs.Kafka({
    brokers: [...bootstrapServers],
    clientId,
    retry,
    ...(tls !== undefined && { ssl: tls }),
    ...(sasl !== undefined && { sasl }),
    // Without a listener only errors are looked at, for the one below.
    logLevel: log === undefined ? kafkajs.logLevel.ERROR : kafkajs.logLevel.INFO,
    logCreator: () => (entry) => {
      refuseOffsetReset(entry);
      log?.(logEntry(entry));
    },
  });
  return rememberClusters(client);
}
