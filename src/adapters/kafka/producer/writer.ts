/** Writes the commits of one input partition. Opening a writer fences every earlier writer of the partition. */
import { UndercurrentError } from "../../../errors/errors.js";
import { kafkaDefaults } from "../defaults.js";
import { brokerError, commitError, protocolNames } from "../errors.js";
import { transactionalId, type KafkaOptions } from "../options.js";
import { openKafkajsProducer } from "./producer-kafkajs.js";
import type { Transaction, TransactionalProducer } from "./producer.js";
import { splitByBytes, type TopicWrite } from "./split.js";

/** A right that may be lost at any moment. */
export interface Right {
  readonly revoked: AbortSignal;
}

/** The input offset of a commit, and the metadata that are kept with it. */
export interface CommitPosition {
  readonly offset: number;
  readonly metadata: string | null;
}

/**
 * Opens the transactional id of a partition. When this resolves, earlier owners can no longer commit, and the
 * transaction that the last of them left open is aborted: what is durable now changes by this writer alone. Throws
 * KAFKA_CLIENT_MISSING where the producer that the options name is not installed.
 */
export async function openWriter(options: KafkaOptions, partition: number): Promise<TransactionalWriter> {
  try {
    const producer = await openProducer(options, partition);
    return new TransactionalWriter(producer, partition, options.maxBatchBytes ?? kafkaDefaults.maxBatchBytes);
  } catch (error) {
    if (protocolNames(error).has("INVALID_TRANSACTION_TIMEOUT")) {
      const message = "kafka.transactionTimeoutMs: exceeds the brokers' transaction.max.timeout.ms";
      throw new UndercurrentError("SETTING_INVALID", message, { cause: error });
    }
    throw brokerError(error, `the transactional id ${transactionalId(options, partition)}`);
  }
}

async function openProducer(options: KafkaOptions, partition: number): Promise<TransactionalProducer> {
  const { producerClient = kafkaDefaults.producerClient } = options;
  if (producerClient === "kafkajs") return await openKafkajsProducer(options, partition);
  const { openPlatformaticProducer } = await import("./producer-platformatic.js");
  return await openPlatformaticProducer(options, partition);
}

export class TransactionalWriter {
  readonly #producer: TransactionalProducer;
  readonly #partition: number;
  readonly #maxBatchBytes: number;
  #usedUp = false;

  constructor(producer: TransactionalProducer, partition: number, maxBatchBytes: number) {
    this.#producer = producer;
    this.#partition = partition;
    this.#maxBatchBytes = maxBatchBytes;
  }

  /**
   * Makes these records and the input offset, with its metadata, visible at once. Throws FENCED where another owner has taken over, or the
   * right is gone, and COMMIT_UNCERTAIN where only a look at what is durable can tell.
   *
   * After any failure the writer is used up. A request that timed out may have arrived all the same; a client may then
   * number the next one as if it had not, and the broker takes that for a repetition and drops it. A failed end of a
   * transaction moreover leaves the client's neither open nor ended. Only a new epoch, and a look at what is durable,
   * tell where things stand.
   */
  async commit(
    writes: readonly TopicWrite[],
    offset: number,
    right: Right,
    metadata: string | null = null,
  ): Promise<void> {
    const what = `commit of partition ${this.#partition} up to offset ${offset}`;
    if (this.#usedUp)
      throw new UndercurrentError("COMMIT_UNCERTAIN", `${what}: an earlier commit of this producer failed`);
    this.#usedUp = true;
    try {
      checkRight(right, what);
      const transaction = await this.#producer.begin();
      await this.#fill(transaction, writes, { offset, metadata }, { ...right, what });
      await transaction.commit();
    } catch (error) {
      throw commitError(error, what);
    }
    this.#usedUp = false;
  }

  async #fill(
    transaction: Transaction,
    writes: readonly TopicWrite[],
    { offset, metadata }: CommitPosition,
    { what, ...right }: Right & { readonly what: string },
  ): Promise<void> {
    try {
      for (const request of splitByBytes(writes, this.#maxBatchBytes, this.#producer.mostRecords)) {
        checkRight(right, what);
        await transaction.send(request);
      }
      await transaction.sendOffset(offset, metadata);
      checkRight(right, what);
    } catch (error) {
      // Readers of the forecasts wait for an open transaction, so it is ended at once if it can be.
      await transaction.abort().catch(() => undefined);
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.#producer.close();
  }
}

function checkRight({ revoked }: Right, what: string): void {
  if (revoked.aborted) throw new UndercurrentError("FENCED", `${what}: the partition was revoked`);
}
