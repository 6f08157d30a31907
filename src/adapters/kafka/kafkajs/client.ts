/** Creates the kafkajs client with its codecs, patches, retries and log. */
import kafkajs, { type AdminConfig, type ConsumerConfig, type KafkaConfig, type RetryOptions } from "kafkajs";
import { UndercurrentError } from "../../../errors/errors.js";
import { given } from "../client-options.js";
import { kafkaDefaults } from "../defaults.js";
import type { KafkaConnection, KafkaOptions } from "../options.js";
import { logEntry, refuseOffsetReset } from "./client-log.js";
import { registerCodecs } from "./codecs.js";
import { withCheckedTokens } from "./oauth-bearer.js";
import { applyPatches } from "./patches/apply.js";
import { withTopicIds } from "./topic-ids.js";

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
export function createClient(
  connection: KafkaConnection,
  retry: RetryOptions,
): ReturnType<typeof withTopicIds> {
  // The client lets this variable overrule any level that it is given.
  if (process.env["KAFKAJS_LOG_LEVEL"]?.toUpperCase() === "NOTHING") {
    throw new UndercurrentError(
      "SETTING_INVALID",
      "environment variable KAFKAJS_LOG_LEVEL: NOTHING is not allowed, because the service detects lost records in the client's log",
    );
  }
  registerCodecs();
  applyPatches();
  const { log } = connection;
  const client = new kafkajs.Kafka({
    ...clientConfig(connection),
    retry,
    // Without a listener only errors are looked at, for the one below.
    logLevel: log === undefined ? kafkajs.logLevel.ERROR : kafkajs.logLevel.INFO,
    logCreator: () => (entry) => {
      refuseOffsetReset(entry);
      log?.(logEntry(entry));
    },
  });
  return withTopicIds(client);
}

/** Returns how a client reaches the brokers. Options of the adapter overrule raw options, here and below. */
export function clientConfig(connection: KafkaConnection): KafkaConfig {
  const { bootstrapServers, clientId = kafkaDefaults.clientId, tls, sasl, clientOptions } = connection;
  return {
    ...given(clientOptions?.client),
    brokers: [...bootstrapServers],
    clientId,
    ...(tls !== undefined && { ssl: tls }),
    ...(sasl !== undefined && { sasl: withCheckedTokens(sasl) }),
  };
}

/** The client's own number of retries of a consumer, which a consumer that is given other retry options would lose. */
const consumerRetries = 5;

/** How a consumer fetches: records of committed transactions, of topics that exist. */
export function fetchConfig(options: KafkaOptions): Omit<ConsumerConfig, "groupId"> {
  const { maxPartitionFetchBytes = kafkaDefaults.maxPartitionFetchBytes } = options;
  const { fetchMaxWaitMs = kafkaDefaults.fetchMaxWaitMs, clientOptions } = options;
  // The heart of a group's member beats by its session: `memberConfig`.
  const { retry, heartbeatInterval: _, ...raw } = given(clientOptions?.consumer);
  return {
    ...raw,
    retry: { retries: consumerRetries, ...given(retry) },
    maxBytesPerPartition: maxPartitionFetchBytes,
    // While every partition is paused, the client sleeps this long before it notices a resumed one.
    maxWaitTimeInMs: fetchMaxWaitMs,
    allowAutoTopicCreation: false,
    readUncommitted: false,
  };
}

/** How a member of the group keeps its membership. */
export function memberConfig(
  options: KafkaOptions,
): Required<Pick<ConsumerConfig, "groupId" | "sessionTimeout" | "rebalanceTimeout" | "heartbeatInterval">> {
  const { applicationId, clientOptions } = options;
  const { sessionTimeoutMs = kafkaDefaults.sessionTimeoutMs } = options;
  const { rebalanceTimeoutMs = kafkaDefaults.rebalanceTimeoutMs } = options;
  return {
    groupId: applicationId,
    sessionTimeout: sessionTimeoutMs,
    rebalanceTimeout: rebalanceTimeoutMs,
    heartbeatInterval: clientOptions?.consumer?.heartbeatInterval ?? Math.ceil(sessionTimeoutMs / 10),
  };
}

/** The raw options of an administrator. */
export function adminConfig({ clientOptions }: KafkaConnection): AdminConfig {
  return { retry: given(clientOptions?.admin?.retry) };
}
