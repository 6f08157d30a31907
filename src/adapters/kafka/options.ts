/** Every setting of the Kafka adapter, and the names that follow from them. */
import type { ConnectionOptions } from "node:tls";
import type { SASLOptions } from "kafkajs";

/** One line of the client's own log. */
export interface KafkaLogEntry {
  readonly level: "debug" | "info" | "warn" | "error";
  readonly message: string;
  /** Whatever the client knows beside the message: group, member, topic, error. */
  readonly fields: Readonly<Record<string, unknown>>;
}

/** How to reach the brokers. */
export interface KafkaConnection {
  /** Addresses of brokers, host:port, by which the client finds the others. One suffices; more survive the loss of one. */
  readonly bootstrapServers: readonly string[];
  /** Name under which the brokers log this client; default "undercurrent". */
  readonly clientId?: string;
  /** true for TLS with the system's authorities, or Node's TLS options (ca, cert, key). */
  readonly tls?: boolean | ConnectionOptions;
  readonly sasl?: SASLOptions;
  /** Receives the client's own log; without it nothing is logged. */
  readonly log?: (entry: KafkaLogEntry) => void;
}

/** Topics by their part; all but `deadLetters` must have the same number of partitions. */
export interface KafkaTopics {
  readonly input: string;
  readonly forecasts: string;
  /** Compacted. */
  readonly state: string;
  /** Records that could not be read; without it a commit that has some is refused. */
  readonly deadLetters?: string;
}

/** How batches of records can be compressed. */
export const compressions = ["none", "gzip", "snappy", "lz4", "zstd"] as const;
/** A compression of batches of records. */
export type Compression = (typeof compressions)[number];

/** Clients that can write what is committed; everything else is always done by kafkajs. */
export const producerKinds = ["kafkajs", "platformatic"] as const;
/** A client that can write. */
export type ProducerKind = (typeof producerKinds)[number];

export interface KafkaOptions extends KafkaConnection {
  /** Id of the consumer group, and beginning of the transactional ids. Instances with the same id share the work. */
  readonly applicationId: string;
  readonly topics: KafkaTopics;
  /** Client that writes; default "kafkajs". "platformatic" needs the package @platformatic/kafka. */
  readonly producerClient?: ProducerKind;
  /** Called with the number of assigned partitions when this member has joined its group: at the start and in each rebalance. */
  readonly joined?: (partitions: number) => void;
  /** Called when this member no longer belongs to its group: its consumer crashed, or will join anew. */
  readonly lost?: () => void;
  /** Called at each answer of the brokers to this member's consumer or administrator. */
  readonly heard?: () => void;
  /** Codec of what is written; default "none". What is read may have any. */
  readonly compressionType?: Compression;
  /** Most bytes of one output batch, before compression; must stay below the topics' max.message.bytes. Default 900,000. */
  readonly maxBatchBytes?: number;
  /** Bytes that are fetched, and held in memory, ahead of each partition's reader. Default 1,048,576. */
  readonly maxPartitionFetchBytes?: number;
  /** Longest wait of a fetch for new records, and so of a paused partition to be resumed, in ms. Default 100. */
  readonly fetchMaxWaitMs?: number;
  /** Silence after which the group gives an instance's partitions to others, in ms. Default 30,000. */
  readonly sessionTimeoutMs?: number;
  /** Longest wait of a rebalance for every instance to join, in ms. Default 60,000. */
  readonly rebalanceTimeoutMs?: number;
  /** Age at which the broker aborts a transaction that nobody ended, in ms. Default 60,000. */
  readonly transactionTimeoutMs?: number;
  /** Most partitions that are taken over at once; the others wait for their turn. Default 16. */
  readonly maxConcurrentTakeovers?: number;
  /** Time without any progress after which reading the state gives up, in ms. Default 60,000. */
  readonly restoreStallMs?: number;
}

/** The transactional id of a partition: whoever opens it fences every earlier owner of the partition. */
export function transactionalId(options: KafkaOptions, partition: number): string {
  return `${options.applicationId}-${options.topics.input}-${partition}`;
}
