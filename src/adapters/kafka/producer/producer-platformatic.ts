/**
 * Transactions of one input partition on @platformatic/kafka, whose encoder costs a quarter of kafkajs': an optional peer
 * dependency, loaded where `producerClient: "platformatic"` asks for it. Membership, reading and administration stay kafkajs'.
 */
import type * as Platformatic from "@platformatic/kafka";
import type { BaseOptions, MessageToProduce, Producer } from "@platformatic/kafka";
import * as zlib from "node:zlib";
import { UndercurrentError } from "../../../errors/errors.js";
import type { RecordHeader } from "../../../pipeline/ports.js";
import { given } from "../client-options.js";
import { tokenRefusal, type GivenToken } from "../kafkajs/oauth-bearer.js";
import { kafkaDefaults } from "../defaults.js";
import { transactionalId, type KafkaOptions } from "../options.js";
import type { Transaction, TransactionalProducer } from "./producer.js";
import { bufferOf, type RequestPart } from "./split.js";

type PlatformaticTransaction = NonNullable<Producer["transaction"]>;

/**
 * The first retries come quickly: a partition or an offset that is added right after the previous transaction ended meets
 * CONCURRENT_TRANSACTIONS nearly always, for a few milliseconds. All together they wait some twenty seconds.
 */
const retries = 24;
const retryDelay = (attempt: number): number => Math.min(1000, 3 * 2 ** (attempt - 1));

/** See `openWriter`. */
export async function openPlatformaticProducer(
  options: KafkaOptions,
  partition: number,
): Promise<TransactionalProducer> {
  const client = await load();
  refuseZstd(options);
  const producer = new client.Producer<Buffer, Buffer, Buffer, Buffer>({
    ...connectionOf(options),
    transactionalId: transactionalId(options, partition),
    idempotent: true,
    acks: client.ProduceAcks.ALL,
    compression: options.compressionType ?? kafkaDefaults.compressionType,
  });
  const offsets: OffsetMetadata = { metadata: null };
  askAsClient(client, producer, offsets);
  try {
    // The client's own default in place of -1 would be checked as the current epoch.
    const transaction = await producer.beginTransaction({ producerId: -1n, producerEpoch: -1 });
    // Nothing was added to the transaction, so there is nothing to end.
    await transaction.cancel();
    const coordinatorId = await findCoordinator(client, options);
    return {
      mostRecords: Infinity,
      begin: async () =>
        transactionOf(await producer.beginTransaction(), { options, partition, coordinatorId, offsets }),
      close: () => producer.close(),
    };
  } catch (error) {
    await producer.close().catch(() => undefined);
    throw error;
  }
}

async function load(): Promise<typeof Platformatic> {
  try {
    return await import("@platformatic/kafka");
  } catch (cause) {
    throw new UndercurrentError(
      "KAFKA_CLIENT_MISSING",
      "kafka.producerClient is platformatic, but the package @platformatic/kafka is not installed",
      { cause },
    );
  }
}

/** The client would find that out at the first commit. */
export function refuseZstd(
  { compressionType }: Pick<KafkaOptions, "compressionType">,
  node: object = zlib,
): void {
  if (compressionType !== "zstd" || "zstdCompressSync" in node) return;
  throw new UndercurrentError(
    "SETTING_INVALID",
    `kafka.compressionType: zstd with the producer platformatic needs Node.js 22.15 or later, found ${process.versions.node}`,
  );
}

/** What goes with the next offset that is committed: there is one at a time. */
interface OffsetMetadata {
  metadata: string | null;
}

/**
 * Offsets go with the metadata of the moment, which the client has no place for. From version 4 on, AddPartitionsToTxn is for brokers among each other (KIP-890) and wants the right to be one of them,
 * ClusterAction; the client asks in the latest version that the brokers have.
 */
function askAsClient(client: typeof Platformatic, producer: Producer, offsets: OffsetMetadata): void {
  const getApi = producer[client.kGetApi].bind(producer) as GetApi;
  const asClient: GetApi = (name, callback) => {
    if (name === "AddPartitionsToTxn") callback(null, client.addPartitionsToTxnV3.api);
    else if (name !== "TxnOffsetCommit") getApi(name, callback);
    else {
      getApi(name, (error, api) => callback(error, error === null ? withMetadata(api as Api, offsets) : api));
    }
  };
  producer[client.kGetApi] = asClient as (typeof producer)[typeof client.kGetApi];
}

/** The topics of the request are its ninth argument. */
function withMetadata(api: Api, { metadata }: OffsetMetadata): Api {
  const topicsAt = 8;
  return (...values) => {
    const topics = values[topicsAt] as readonly { readonly partitions: readonly object[] }[];
    const described = topics.map((topic) => ({
      ...topic,
      partitions: topic.partitions.map((partition) => ({ ...partition, committedMetadata: metadata })),
    }));
    return api(...values.with(topicsAt, described));
  };
}
type Api = (...values: readonly unknown[]) => unknown;
type GetApi = (name: string, callback: (error: Error | null, api: unknown) => void) => void;

/** Node of the group's coordinator. */
async function findCoordinator(client: typeof Platformatic, options: KafkaOptions): Promise<number> {
  const consumer = new client.Consumer({ ...connectionOf(options), groupId: options.applicationId });
  try {
    return await consumer.findGroupCoordinator();
  } finally {
    await consumer.close().catch(() => undefined);
  }
}

interface TransactionTarget {
  readonly options: KafkaOptions;
  readonly partition: number;
  /** Node of the group's coordinator. */
  readonly coordinatorId: number;
  readonly offsets: OffsetMetadata;
}

function transactionOf(
  transaction: PlatformaticTransaction,
  { options: { applicationId, topics }, partition, coordinatorId, offsets }: TransactionTarget,
): Transaction {
  return {
    async send(request) {
      await transaction.send({ messages: request.flatMap(messagesOf) });
    },
    /** Sends no generation: the transactional id does the fencing. */
    async sendOffset(offset, metadata) {
      const consumer = { groupId: applicationId, generationId: -1, memberId: "", coordinatorId };
      await transaction.addConsumer(consumer as unknown as Parameters<typeof transaction.addConsumer>[0]);
      const last = {
        topic: topics.input,
        partition,
        // The client commits the offset after a message.
        offset: BigInt(offset) - 1n,
        metadata: { consumer },
      };
      offsets.metadata = metadata;
      await transaction.addOffset(last as unknown as Parameters<typeof transaction.addOffset>[0]);
    },
    commit: () => transaction.commit(),
    abort: () => transaction.abort(),
  };
}

/** How the client reaches the brokers. Throws SETTING_INVALID for a SASL mechanism that it is not told how to use. */
export function connectionOf(options: KafkaOptions): BaseOptions {
  const { bootstrapServers, clientId = kafkaDefaults.clientId, tls } = options;
  const { transactionTimeoutMs = kafkaDefaults.transactionTimeoutMs } = options;
  return {
    ...given(options.clientOptions?.platformaticProducer),
    clientId,
    bootstrapBrokers: [...bootstrapServers],
    // The client's word for the time of a transaction, and of a request.
    timeout: transactionTimeoutMs,
    retries,
    retryDelay: (_client, _operation, attempt) => retryDelay(attempt),
    autocreateTopics: false,
    ...(tls === true ? { tls: {} } : typeof tls === "object" && { tls }),
    ...saslOf(options),
  };
}

/** The client's names of the SASL mechanisms that it supports. */
const saslMechanisms = {
  plain: "PLAIN",
  "scram-sha-256": "SCRAM-SHA-256",
  "scram-sha-512": "SCRAM-SHA-512",
} as const;

function saslOf({ sasl }: KafkaOptions): Pick<BaseOptions, "sasl"> {
  if (sasl === undefined) return {};
  switch (sasl.mechanism) {
    case "aws":
      throw new UndercurrentError(
        "SETTING_INVALID",
        "sasl.mechanism: expected PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 or OAUTHBEARER with the producer platformatic, found aws",
      );
    case "oauthbearer":
      return { sasl: { mechanism: "OAUTHBEARER", ...bearerOf(sasl) } };
    case "plain":
    case "scram-sha-256":
    case "scram-sha-512":
      return {
        sasl: {
          mechanism: saslMechanisms[sasl.mechanism],
          // Functions: a password may change while the producer runs.
          username: () => sasl.username,
          password: () => sasl.password,
        },
      };
  }
}

type BearerSasl = Extract<KafkaOptions["sasl"], { readonly mechanism: "oauthbearer" }>;

/** The client asks for the token first and for its extensions after it. */
function bearerOf({ oauthBearerProvider }: BearerSasl): Omit<NonNullable<BaseOptions["sasl"]>, "mechanism"> {
  let extensions: Readonly<Record<string, string>> = {};
  return {
    token: async () => {
      const given = (await oauthBearerProvider()) as GivenToken;
      extensions = given.extensions ?? {};
      return given.value;
    },
    oauthBearerExtensions: () => ({ ...extensions }),
    authBytesValidator: (bytes, callback) => {
      const refusal = tokenRefusal(bytes);
      if (refusal === undefined) callback(null, bytes);
      else callback(refusal, bytes);
    },
  };
}

/** Returns messages of the client. A field that a record does not have is left out. */
export function messagesOf({ topic, partition, records, header }: RequestPart): MessageToProduce[] {
  const shared = header && headerMap([header]);
  return records.map(({ key, value, headers, timestamp }) => {
    const message: MessageToProduce = { topic, partition };
    if (key !== null) message.key = bufferOf(key);
    if (value !== null) message.value = bufferOf(value);
    if (timestamp >= 0) message.timestamp = BigInt(timestamp);
    if (headers.length > 0) {
      const others = header === undefined ? headers : headers.filter(({ name }) => name !== header.name);
      message.headers = headerMap(header === undefined ? others : [...others, header]);
    } else if (shared !== undefined) {
      message.headers = shared;
    }
    return message;
  });
}

/** By object, not by name: a name may occur more than once. */
function headerMap(headers: readonly RecordHeader[]): Map<Buffer, Buffer> {
  return new Map(headers.map(({ name, value }) => [Buffer.from(name), bufferOf(value)]));
}
