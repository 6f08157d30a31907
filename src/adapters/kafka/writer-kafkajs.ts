/** The writer of one input partition on kafkajs, the client that everything else here uses. */
import { setTimeout as sleep } from "node:timers/promises";
import kafkajs, { type Message, type Producer, type Transaction } from "kafkajs";
import { UndercurrentError } from "../../errors.js";
import type { OutputRecord, RecordHeader } from "../../pipeline/ports.js";
import { createClient, transactionRetry } from "./client.js";
import { compressionTypes } from "./codecs.js";
import { brokerError, commitError, errorType, isFenced } from "./errors.js";
import { transactionalId, type KafkaOptions } from "./options.js";
import { bufferOf, splitByBytes, type TopicWrite } from "./split.js";
import { checkRight, defaultBatchBytes, type Right, type TransactionalWriter } from "./writer.js";

/** Answers to TxnOffsetCommit that pass; the client retries them under names that its own table does not use. */
const passing = new Set([
  "NOT_COORDINATOR_FOR_GROUP",
  "GROUP_COORDINATOR_NOT_AVAILABLE",
  "GROUP_LOAD_IN_PROGRESS",
  "CONCURRENT_TRANSACTIONS",
]);
const offsetAttempts = 12;

/**
 * Records of a topic in one request: to group them by partition the client copies, for each record, all that came before
 * it. At 2,500 that took an eighth of the whole pipeline's time.
 */
const mostRecords = 500;

export class KafkajsWriter implements TransactionalWriter {
  readonly #options: KafkaOptions;
  readonly #partition: number;
  readonly #producer: Producer;
  #usable = true;

  private constructor(options: KafkaOptions, partition: number, producer: Producer) {
    this.#options = options;
    this.#partition = partition;
    this.#producer = producer;
  }

  /** See `openWriter`. */
  static async open(options: KafkaOptions, partition: number): Promise<KafkajsWriter> {
    // A client of its own: sendOffsets marks offsets as committed for everything of one client, aborted or not.
    const producer = createClient(options, transactionRetry).producer({
      transactionalId: transactionalId(options, partition),
      transactionTimeout: options.transactionTimeoutMs ?? 60_000,
      maxInFlightRequests: 1,
      allowAutoTopicCreation: false,
      // The one that is the default anyway: without a word about it the client warns, of every producer.
      createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
      retry: transactionRetry,
    });
    try {
      await producer.connect();
      // InitProducerId is sent by the first transaction; an empty one ends without a word to the broker.
      await (await producer.transaction()).abort();
      return new KafkajsWriter(options, partition, producer);
    } catch (error) {
      await producer.disconnect().catch(() => undefined);
      if (errorType(error) === "INVALID_TRANSACTION_TIMEOUT") {
        const message = "kafka.transactionTimeoutMs: more than the brokers' transaction.max.timeout.ms";
        throw new UndercurrentError("SETTING_INVALID", message, { cause: error });
      }
      throw brokerError(error, `the transactional id ${transactionalId(options, partition)}`);
    }
  }

  /**
   * After any failure the writer is used up. A request that timed out may have arrived all the same; the client then
   * numbers the next one as if it had not, and the broker takes that for a repetition and drops it. A failed EndTxn
   * moreover leaves the client's transaction neither open nor ended. Only a new epoch, and a look at what is durable,
   * tell where things stand.
   */
  async commit(writes: readonly TopicWrite[], offset: number, right: Right): Promise<void> {
    const what = `commit of partition ${this.#partition} up to offset ${offset}`;
    if (!this.#usable) {
      throw new UndercurrentError("COMMIT_UNCERTAIN", `${what}: an earlier commit failed`);
    }
    let transaction: Transaction | undefined;
    try {
      checkRight(right, what);
      transaction = await this.#producer.transaction();
      const requests = splitByBytes(writes, this.#options.maxBatchBytes ?? defaultBatchBytes, mostRecords);
      for (const request of requests) {
        checkRight(right, what);
        const topicMessages = request.map(({ topic, partition, records }) => ({
          topic,
          messages: records.map((record) => toMessage(record, partition)),
        }));
        const compression = compressionTypes[this.#options.compression ?? "none"];
        await transaction.sendBatch({ topicMessages, compression, acks: -1 });
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

  async #sendOffset(transaction: Transaction, offset: number): Promise<void> {
    const { application, topics } = this.#options;
    const partitions = [{ partition: this.#partition, offset: String(offset) }];
    for (let attempt = 1; ; attempt++) {
      try {
        await transaction.sendOffsets({
          consumerGroupId: application,
          topics: [{ topic: topics.input, partitions }],
        });
        return;
      } catch (error) {
        if (attempt === offsetAttempts || !passing.has(errorType(error))) throw error;
        await sleep(Math.min(1000, 2 ** attempt));
      }
    }
  }

  async close(): Promise<void> {
    this.#usable = false;
    await this.#producer.disconnect();
  }
}

function toMessage({ key, value, headers, timestamp }: OutputRecord, partition?: number): Message {
  const message: Message = {
    key: key === null ? null : bufferOf(key),
    value: value === null ? null : bufferOf(value),
  };
  if (partition !== undefined) message.partition = partition;
  if (timestamp >= 0) message.timestamp = String(timestamp);
  if (headers.length > 0) message.headers = toHeaders(headers);
  return message;
}

/** The client wants headers by name, with a list where a name occurs more than once. */
function toHeaders(headers: readonly RecordHeader[]): Record<string, Buffer[]> {
  const byName = Object.create(null) as Record<string, Buffer[]>;
  for (const { name, value } of headers) (byName[name] ??= []).push(bufferOf(value));
  return byName;
}
