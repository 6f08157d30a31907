/**
 * Transactions of one input partition on @platformatic/kafka, whose encoder costs a quarter of kafkajs': an optional peer
 * dependency, loaded where `client: "platformatic"` or `producerClient: "platformatic"` asks for it.
 */
import type { BaseOptions, MessageToProduce, Producer } from "@platformatic/kafka";
import * as zlib from "node:zlib";
import { UndercurrentError } from "../../../errors/errors.js";
import type { RecordHeader } from "../../../pipeline/ports.js";
import { given } from "../client-options.js";
import { kafkaDefaults } from "../defaults.js";
import { transactionalId, type KafkaOptions } from "../options.js";
import { connectionOf } from "../platformatic/connection.js";
import { loadPackage, type PlatformaticModule } from "../platformatic/load.js";
import type { Transaction, TransactionalProducer } from "./producer.js";
import { bufferOf, type RequestPart } from "./split.js";

type PlatformaticTransaction = NonNullable<Producer["transaction"]>;

/**
 * The first retries come quickly: a partition or an offset that is added right after the previous transaction ended meets
 * CONCURRENT_TRANSACTIONS nearly always, for a few milliseconds. All together they wait some twenty seconds.
 */
const retries = 24;
const retryDelay = (attempt: number): number => Math.min(1000, 3 * 2 ** (attempt - 1));

/** How the client reaches the brokers, and how it repeats requests of transactions. */
export function producerConnectionOf(options: KafkaOptions): BaseOptions {
  return {
    ...connectionOf(options),
    ...given(options.clientOptions?.platformaticProducer),
    // The client's word for the time of a transaction, and of a request.
    timeout: options.transactionTimeoutMs ?? kafkaDefaults.transactionTimeoutMs,
    retries,
    retryDelay: (_client, _operation, attempt) => retryDelay(attempt),
  };
}

/** See `openWriter`. */
export async function openPlatformaticProducer(
  options: KafkaOptions,
  partition: number,
): Promise<TransactionalProducer> {
  const { client: whole = kafkaDefaults.client } = options;
  const client = await loadPackage(whole === "platformatic" ? "kafka.client" : "kafka.producerClient");
  refuseZstd(options);
  const producer = new client.Producer<Buffer, Buffer, Buffer, Buffer>({
    ...producerConnectionOf(options),
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
      begin: async () =>
        transactionOf(await producer.beginTransaction(), { options, partition, coordinatorId, offsets }),
      close: () => producer.close(),
    };
  } catch (error) {
    await producer.close().catch(() => undefined);
    throw error;
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
function askAsClient(client: PlatformaticModule, producer: Producer, offsets: OffsetMetadata): void {
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
async function findCoordinator(client: PlatformaticModule, options: KafkaOptions): Promise<number> {
  const consumer = new client.Consumer({ ...producerConnectionOf(options), groupId: options.applicationId });
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
