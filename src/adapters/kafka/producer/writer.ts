/** Writes the commits of one input partition. Opening a writer fences every earlier writer of the partition. */
import { UndercurrentError } from "../../../errors/errors.js";
import { checkOptions } from "../check-options.js";
import { kafkaDefaults } from "../defaults.js";
import { brokerError, commitError, isFenced, protocolNames } from "../errors.js";
import { transactionalId, type KafkaOptions } from "../options.js";
import { openKafkajsProducer } from "./producer-kafkajs.js";
import type { Transaction, TransactionalProducer } from "./producer.js";
import { splitByBytes, type TopicWrite } from "./split.js";

/** A right that may be lost at any moment. */
export interface Right {
  readonly revoked: AbortSignal;
}

/** The input offset of a commit and its metadata. */
export interface CommitPosition {
  readonly offset: number;
  readonly metadata: string | null;
}

/**
 * Opens the transactional id of a partition. When this resolves, earlier owners can no longer commit, and the brokers have
 * aborted any transaction that the last owner left open: from then on only this writer changes the partition's results.
 *
 * @throws SETTING_INVALID for an unknown option, KAFKA_CLIENT_MISSING if the producer client is not installed,
 *   FENCED where another owner is at the transactional id in the same moment: a new takeover settles that.
 */
export async function openWriter(options: KafkaOptions, partition: number): Promise<TransactionalWriter> {
  checkOptions(options);
  try {
    const producer = await openProducer(options, partition);
    return new TransactionalWriter(producer, partition, options.maxBatchBytes ?? kafkaDefaults.maxBatchBytes);
  } catch (error) {
    if (protocolNames(error).has("INVALID_TRANSACTION_TIMEOUT")) {
      const message = "kafka.transactionTimeoutMs: exceeds the brokers' transaction.max.timeout.ms";
      throw new UndercurrentError("SETTING_INVALID", message, { cause: error });
    }
    const what = `the transactional id ${transactionalId(options, partition)}`;
    if (isFenced(error)) {
      const message = `${what}: another owner opens it or ends its last transaction`;
      throw new UndercurrentError("FENCED", message, { cause: error });
    }
    throw brokerError(error, what);
  }
}

async function openProducer(options: KafkaOptions, partition: number): Promise<TransactionalProducer> {
  const { client = kafkaDefaults.client } = options;
  const { producerClient = client } = options;
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
   * Commits records and the input offset, with its metadata, in one transaction.
   *
   * After any failure the writer is used up, for two reasons:
   *
   * - A request that timed out may still have arrived. The client may then reuse its sequence number for the next request,
   *   and the broker drops that request as a repetition.
   * - A failed end of a transaction leaves the client's transaction neither open nor ended.
   *
   * The next owner opens a new epoch and reads which commit is durable.
   *
   * @throws FENCED if another owner has taken over or the partition was revoked, COMMIT_UNCERTAIN if only the brokers can
   *   tell whether the commit is durable.
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
      for (const request of splitByBytes(writes, this.#maxBatchBytes)) {
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
