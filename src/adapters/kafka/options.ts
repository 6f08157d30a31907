/** Declares the options of the Kafka adapter and the transactional id derived from them. */
import type { ConnectionOptions } from "node:tls";
import type { SASLOptions } from "kafkajs";
import type { KafkaClientOptions } from "./client-options.js";

export type { KafkaClientOptions };

/** One line of the Kafka client's log. */
export interface KafkaLogEntry {
  readonly level: "debug" | "info" | "warn" | "error";
  readonly message: string;
  /** Further fields of the line: group, member, topic, error. */
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Kafka clients for reading, group membership and administration. */
export const clientKinds = ["kafkajs", "platformatic"] as const;
/** A Kafka client for reading, group membership and administration. */
export type ClientKind = (typeof clientKinds)[number];

/** Protocols of consumer groups: `consumer` is KIP-848 of Kafka 4. */
export const groupProtocols = ["classic", "consumer"] as const;
/** A protocol of consumer groups. */
export type GroupProtocol = (typeof groupProtocols)[number];

/** Connection to the brokers. */
export interface KafkaConnection {
  /**
   * Kafka client. Default "kafkajs"; "platformatic" needs Node.js 22.22 or later and the package @platformatic/kafka 2.
   */
  readonly client?: ClientKind;
  /** Broker addresses (host:port) for the first connection. One suffices; several survive the loss of one broker. */
  readonly bootstrapServers: readonly string[];
  /** Client id that the brokers see in logs and quotas. Default "undercurrent". */
  readonly clientId?: string;
  /** true for TLS with the system's certificate authorities, or Node's TLS options (ca, cert, key). */
  readonly tls?: boolean | ConnectionOptions;
  readonly sasl?: SASLOptions;
  /** Raw options of the Kafka clients, for options that the adapter does not have. */
  readonly clientOptions?: KafkaClientOptions;
  /** Receives the Kafka client's log lines. Default: no log. */
  readonly log?: (entry: KafkaLogEntry) => void;
}

/** Every topic whose whole name matches a regular expression, as of now and later. */
export interface TopicPattern {
  readonly pattern: string;
}

/**
 * Several input topics: a list of names, or a pattern. Each partition of each topic has a model of its own. The names of
 * all topics but the dead letters need `{input}`, which stands for the name of the input topic.
 */
export type InputTopics = readonly string[] | TopicPattern;

/** Topic names. All topics except `deadLetters` need the same number of partitions. */
export interface KafkaTopics<Input = string> {
  readonly input: Input;
  readonly forecasts: string;
  /** Topic of the snapshots; needs cleanup.policy=compact. */
  readonly state: string;
  /** Topic of the changes of incidents. Without this topic they are not written. */
  readonly incidents?: string;
  /** Topic of users' feedback and of the commands to promote a model. Default: the topic of the incidents. */
  readonly feedback?: string;
  /** Topic of the candidate's forecasts. Without this topic they are not written. */
  readonly candidate?: string;
  /** Topic of the changes of the candidate's incidents. Without this topic they are not written. */
  readonly candidateIncidents?: string;
  /** Topic of the rejected records. Without this topic a commit with rejected records fails with TOPIC_MISSING. */
  readonly deadLetters?: string;
}

/** Compression codecs for produced batches. */
export const compressions = ["none", "gzip", "snappy", "lz4", "zstd"] as const;
/** A compression codec for produced batches. */
export type Compression = (typeof compressions)[number];

/** Kafka clients for the producer. */
export const producerKinds = ["kafkajs", "platformatic"] as const;
/** A Kafka client for the producer. */
export type ProducerKind = (typeof producerKinds)[number];

/** How a client proves its identity to a token endpoint: by a header or in the body (RFC 6749, section 2.3.1). */
export const clientAuthentications = ["basic", "post"] as const;
/** How a client proves its identity to a token endpoint. */
export type ClientAuthentication = (typeof clientAuthentications)[number];

/** Options of the Kafka ports, of one input topic. */
export interface KafkaOptions<Input = string> extends KafkaConnection {
  /** Consumer group id and prefix of the transactional ids. Instances with the same id share the partitions. */
  readonly applicationId: string;
  readonly topics: KafkaTopics<Input>;
  /** Kafka client for the producer. Default: `client`. "platformatic" needs the package @platformatic/kafka. */
  readonly producerClient?: ProducerKind;
  /** Protocol of the consumer group. Default "classic"; "consumer" needs `client: "platformatic"`. */
  readonly groupProtocol?: GroupProtocol;
  /**
   * Name of a static member (KIP-345), unique in the group: a restart within the session causes no rebalance. Needs
   * `client: "platformatic"`. Default: none.
   */
  readonly groupInstanceId?: string;
  /** Called with the number of assigned partitions after each join of the group, at start-up and in each rebalance. */
  readonly joined?: (partitions: number) => void;
  /** Called when this member leaves its group because its consumer crashed or rejoins. */
  readonly lost?: () => void;
  /** Called for each answer of the brokers to this member's consumer or admin client. */
  readonly heard?: () => void;
  /** Compression of produced records. Default "none". Consumed records may use any codec. */
  readonly compressionType?: Compression;
  /** Largest produced batch before compression, in bytes, below the topics' max.message.bytes. Default 900,000. */
  readonly maxBatchBytes?: number;
  /** Largest fetch response and buffer per partition, in bytes. Default 1,048,576. */
  readonly maxPartitionFetchBytes?: number;
  /**
   * Most bytes that a compressed input batch may unpack to; each record counts 64 bytes more and each header 32. A larger
   * batch becomes one dead letter. Default 16,777,216.
   */
  readonly maxUnpackedBatchBytes?: number;
  /** Longest time a fetch waits for new records, in ms; also delays the resume of a paused partition. Default 100. */
  readonly fetchMaxWaitMs?: number;
  /** Time without a heartbeat after which the group reassigns an instance's partitions, in ms. Default 30,000. */
  readonly sessionTimeoutMs?: number;
  /** Longest time a rebalance waits for all instances to rejoin, in ms. Default 60,000. */
  readonly rebalanceTimeoutMs?: number;
  /** Time after which the brokers abort an open transaction, in ms. Default 60,000. */
  readonly transactionTimeoutMs?: number;
  /** Largest number of concurrent takeovers; further partitions wait. Default 16. */
  readonly maxConcurrentTakeovers?: number;
  /** Time without progress after which restoring the state fails with RESTORE_STALLED, in ms. Default 60,000. */
  readonly restoreStallMs?: number;
}

/** Options of the Kafka ports, of one or several input topics. */
export type ServiceOptions = KafkaOptions<string | InputTopics>;

/**
 * Returns the transactional id of a partition. Opening this id fences every earlier owner of the partition.
 *
 * @param options The options of the Kafka ports.
 * @param partition Number of the input partition, from 0.
 */
export function transactionalId(options: KafkaOptions, partition: number): string {
  return `${options.applicationId}-${options.topics.input}-${partition}`;
}
