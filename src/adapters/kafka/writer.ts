/** The transactional producer of one input partition: opening it fences every earlier one, a commit lands whole or not at all. */
import { setTimeout as sleep } from "node:timers/promises";
import kafkajs, { type Producer, type Transaction } from "kafkajs";
import { UndercurrentError } from "../../errors.js";
import { createClient, transactionRetry } from "./client.js";
import { compressionTypes } from "./codecs.js";
import { brokerError, commitError, errorType, isFenced } from "./errors.js";
import { transactionalId, type KafkaOptions } from "./options.js";
import { splitByBytes, type TopicWrite } from "./split.js";

/** Answers to TxnOffsetCommit that pass; the client retries them under names that its own table does not use. */
const passing = new Set([
  "NOT_COORDINATOR_FOR_GROUP",
  "GROUP_COORDINATOR_NOT_AVAILABLE",
  "GROUP_LOAD_IN_PROGRESS",
  "CONCURRENT_TRANSACTIONS",
]);
const offsetAttempts = 12;

/** A right that may be lost at any moment. */
export interface Right {
  readonly revoked: AbortSignal;
}

export class TransactionalWriter {
  readonly #options: KafkaOptions;
  readonly #partition: number;
  readonly #producer: Producer;
  #usable = true;

  private constructor(options: KafkaOptions, partition: number, producer: Producer) {
    this.#options = options;
    this.#partition = partition;
    this.#producer = producer;
  }

  /**
   * Opens the transactional id of a partition. When this resolves, earlier owners can no longer commit, and the
   * transaction that the last of them left open is aborted: what is durable now changes by this writer alone.
   */
  static async open(options: KafkaOptions, partition: number): Promise<TransactionalWriter> {
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
      return new TransactionalWriter(options, partition, producer);
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
   * Makes these records and the input offset visible at once.
   *
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
      for (const topicMessages of splitByBytes(writes, this.#options.maxBatchBytes ?? 900_000)) {
        checkRight(right, what);
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

function checkRight({ revoked }: Right, what: string): void {
  if (revoked.aborted) throw new UndercurrentError("FENCED", `${what}: the partition was taken away`);
}
