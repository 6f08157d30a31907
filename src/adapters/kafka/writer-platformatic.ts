/**
 * The writer of one input partition on @platformatic/kafka, whose encoder costs a quarter of kafkajs': an optional peer
 * dependency, loaded where `producer: "platformatic"` asks for it. Membership, reading and administration stay kafkajs'.
 */
import type * as Platformatic from "@platformatic/kafka";
import type { BaseOptions, MessageToProduce, Producer } from "@platformatic/kafka";
import * as zlib from "node:zlib";
import { UndercurrentError } from "../../errors.js";
import { brokerError, commitError, isFenced, protocolNames } from "./errors.js";
import { transactionalId, type KafkaOptions } from "./options.js";
import { bufferOf, splitByBytes, type RequestPart, type TopicWrite } from "./split.js";
import { checkRight, defaultBatchBytes, type Right, type TransactionalWriter } from "./writer.js";

type Transaction = NonNullable<Producer["transaction"]>;

/**
 * The first retries come quickly: a partition or an offset that is added right after the previous transaction ended meets
 * CONCURRENT_TRANSACTIONS nearly always, for a few milliseconds. All together they wait some twenty seconds.
 */
const retries = 24;
const retryDelay = (attempt: number): number => Math.min(1000, 3 * 2 ** (attempt - 1));

export class PlatformaticWriter implements TransactionalWriter {
  readonly #options: KafkaOptions;
  readonly #partition: number;
  readonly #producer: Producer;
  /** Node of the group's coordinator. */
  readonly #coordinatorId: number;
  #usable = true;

  private constructor(options: KafkaOptions, partition: number, producer: Producer, coordinatorId: number) {
    this.#options = options;
    this.#partition = partition;
    this.#producer = producer;
    this.#coordinatorId = coordinatorId;
  }

  /** See `openWriter`. */
  static async open(options: KafkaOptions, partition: number): Promise<PlatformaticWriter> {
    const client = await load();
    refuseZstd(options);
    const connection = connectionOf(options);
    const id = transactionalId(options, partition);
    const producer = new client.Producer<Buffer, Buffer, Buffer, Buffer>({
      ...connection,
      transactionalId: id,
      idempotent: true,
      acks: client.ProduceAcks.ALL,
      partitioner: (_, key) => client.compatibilityPartitioner(_, key),
      ...(options.compression !== undefined && { compression: options.compression }),
    });
    askAsClient(client, producer);
    try {
      // What the client would give in place of -1 is taken for an epoch that must be the current one.
      const transaction = await producer.beginTransaction({ producerId: -1n, producerEpoch: -1 });
      // Nothing was added to it, so that there is nothing to end either.
      await transaction.cancel();
      const coordinatorId = await findCoordinator(client, options);
      return new PlatformaticWriter(options, partition, producer, coordinatorId);
    } catch (error) {
      await close(producer).catch(() => undefined);
      if (protocolNames(error).has("INVALID_TRANSACTION_TIMEOUT")) {
        const message = "kafka.transactionTimeoutMs: more than the brokers' transaction.max.timeout.ms";
        throw new UndercurrentError("SETTING_INVALID", message, { cause: error });
      }
      throw brokerError(error, `the transactional id ${id}`);
    }
  }

  /** After any failure the writer is used up: only a new epoch, and a look at what is durable, tell where things stand. */
  async commit(writes: readonly TopicWrite[], offset: number, right: Right): Promise<void> {
    const what = `commit of partition ${this.#partition} up to offset ${offset}`;
    if (!this.#usable) {
      throw new UndercurrentError("COMMIT_UNCERTAIN", `${what}: an earlier commit failed`);
    }
    let transaction: Transaction | undefined;
    try {
      checkRight(right, what);
      transaction = await this.#producer.beginTransaction();
      for (const request of splitByBytes(writes, this.#options.maxBatchBytes ?? defaultBatchBytes)) {
        checkRight(right, what);
        await transaction.send({ messages: request.flatMap(messagesOf) });
      }
      await this.#sendOffset(transaction, offset);
      checkRight(right, what);
    } catch (error) {
      this.#usable = false;
      // Readers of the forecasts wait for an open transaction, so it is ended at once if it can be.
      if (!isFenced(error)) await transaction?.abort().catch(() => undefined);
      throw commitError(error, what);
    }
    try {
      await transaction.commit();
    } catch (error) {
      this.#usable = false;
      throw commitError(error, what);
    }
  }

  /** As if for a message of a consumer without a generation: what fences here is the transactional id. */
  async #sendOffset(transaction: Transaction, offset: number): Promise<void> {
    const { application, topics } = this.#options;
    const consumer = {
      groupId: application,
      generationId: -1,
      memberId: "",
      coordinatorId: this.#coordinatorId,
    };
    await transaction.addConsumer(consumer as unknown as Parameters<typeof transaction.addConsumer>[0]);
    const last = {
      topic: topics.input,
      partition: this.#partition,
      // The client commits the offset behind a message.
      offset: BigInt(offset) - 1n,
      metadata: { consumer },
    };
    await transaction.addOffset(last as unknown as Parameters<typeof transaction.addOffset>[0]);
  }

  async close(): Promise<void> {
    this.#usable = false;
    await close(this.#producer);
  }
}

async function load(): Promise<typeof Platformatic> {
  try {
    return await import("@platformatic/kafka");
  } catch (cause) {
    throw new UndercurrentError("KAFKA_CLIENT_MISSING", "kafka.producer is platformatic", { cause });
  }
}

/**
 * From version 4 on, AddPartitionsToTxn is for brokers among each other (KIP-890) and wants the right to be one of them,
 * ClusterAction; the client asks in the latest version that the brokers have.
 */
function askAsClient(client: typeof Platformatic, producer: Producer): void {
  const getApi = producer[client.kGetApi].bind(producer) as GetApi;
  const asClient: GetApi = (name, callback) => {
    if (name === "AddPartitionsToTxn") callback(null, client.addPartitionsToTxnV3.api);
    else getApi(name, callback);
  };
  producer[client.kGetApi] = asClient as (typeof producer)[typeof client.kGetApi];
}
type GetApi = (name: string, callback: (error: Error | null, api: unknown) => void) => void;

/** The client would find that out at the first commit. */
function refuseZstd({ compression }: KafkaOptions): void {
  if (compression !== "zstd" || "zstdCompressSync" in zlib) return;
  throw new UndercurrentError(
    "SETTING_INVALID",
    "kafka.compression: the producer platformatic has zstd from Node.js 22.15 on, and this one is older",
  );
}

function connectionOf(options: KafkaOptions): BaseOptions {
  const { brokers, clientId = "undercurrent", ssl, transactionTimeoutMs = 60_000 } = options;
  return {
    clientId,
    bootstrapBrokers: [...brokers],
    // The client's word for the time of a transaction, and of a request.
    timeout: transactionTimeoutMs,
    retries,
    retryDelay: (_client, _operation, attempt) => retryDelay(attempt),
    autocreateTopics: false,
    ...(ssl === true ? { tls: {} } : typeof ssl === "object" && { tls: ssl }),
    ...saslOf(options),
  };
}

function saslOf({ sasl }: KafkaOptions): Pick<BaseOptions, "sasl"> {
  if (sasl === undefined) return {};
  switch (sasl.mechanism) {
    case "plain":
      return { sasl: { mechanism: "PLAIN", username: sasl.username, password: sasl.password } };
    case "scram-sha-256":
      return { sasl: { mechanism: "SCRAM-SHA-256", username: sasl.username, password: sasl.password } };
    case "scram-sha-512":
      return { sasl: { mechanism: "SCRAM-SHA-512", username: sasl.username, password: sasl.password } };
    case "aws":
    case "oauthbearer":
      throw new UndercurrentError(
        "SETTING_INVALID",
        `the producer platformatic is not told how to use the SASL mechanism ${sasl.mechanism}`,
      );
  }
}

async function findCoordinator(client: typeof Platformatic, options: KafkaOptions): Promise<number> {
  const consumer = new client.Consumer({ ...connectionOf(options), groupId: options.application });
  try {
    return await consumer.findGroupCoordinator();
  } finally {
    await close(consumer).catch(() => undefined);
  }
}

/** At once, with whatever is under way. Overloads of the client say that nothing is returned. */
async function close(client: { close(force: boolean): unknown }): Promise<void> {
  await client.close(true);
}

function messagesOf({ topic, partition, records }: RequestPart): MessageToProduce[] {
  return records.map(({ key, value, headers, timestamp }) => {
    const message: MessageToProduce = { topic };
    if (key !== null) message.key = bufferOf(key);
    if (value !== null) message.value = bufferOf(value);
    if (partition !== undefined) message.partition = partition;
    if (timestamp >= 0) message.timestamp = BigInt(timestamp);
    // By object, not by name: a name may occur more than once.
    if (headers.length > 0) {
      message.headers = new Map(headers.map(({ name, value }) => [Buffer.from(name), bufferOf(value)]));
    }
    return message;
  });
}
