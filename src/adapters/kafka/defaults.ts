/** Every default of the Kafka adapter's options; the configuration's schema reads the same object. */
import type { KafkaOptions } from "./options.js";

export const kafkaDefaults = {
  clientId: "undercurrent",
  client: "kafkajs",
  groupProtocol: "classic",
  compressionType: "none",
  maxBatchBytes: 900_000,
  maxPartitionFetchBytes: 1_048_576,
  maxUnpackedBatchBytes: 16_777_216,
  fetchMaxWaitMs: 100,
  sessionTimeoutMs: 30_000,
  rebalanceTimeoutMs: 60_000,
  transactionTimeoutMs: 60_000,
  maxConcurrentTakeovers: 16,
  restoreStallMs: 60_000,
} as const satisfies Partial<KafkaOptions>;
