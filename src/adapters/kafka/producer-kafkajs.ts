/** Transactions of one input partition on kafkajs, the client that everything else here uses. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Message, Transaction as KafkajsTransaction } from "kafkajs";
import type { RecordHeader } from "../../pipeline/ports.js";
import { createClient, transactionRetry } from "./client.js";
import { compressionTypes } from "./codecs.js";
import { errorType } from "./errors.js";
import { transactionalId, type KafkaOptions } from "./options.js";
import { Placement } from "./placement.js";
import type { Transaction, TransactionalProducer } from "./producer.js";
import { bufferOf, type RequestPart } from "./split.js";

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

/** See `openWriter`. */
export async function openKafkajsProducer(
  options: KafkaOptions,
  partition: number,
): Promise<TransactionalProducer> {
  const placement = new Placement(partition);
  // A client of its own: sendOffsets marks offsets as committed for everything of one client, aborted or not.
  const producer = createClient(options, transactionRetry).producer({
    transactionalId: transactionalId(options, partition),
    transactionTimeout: options.transactionTimeoutMs ?? 60_000,
    maxInFlightRequests: 1,
    allowAutoTopicCreation: false,
    createPartitioner: placement.createPartitioner,
    retry: transactionRetry,
  });
  try {
    await producer.connect();
    // InitProducerId is sent by the first transaction; an empty one ends without a word to the broker.
    await (await producer.transaction()).abort();
  } catch (error) {
    await producer.disconnect().catch(() => undefined);
    throw error;
  }
  return {
    mostRecords,
    begin: async () => transactionOf(options, partition, placement, await producer.transaction()),
    close: () => producer.disconnect(),
  };
}

function transactionOf(
  { application, topics, compression = "none" }: KafkaOptions,
  partition: number,
  placement: Placement,
  transaction: KafkajsTransaction,
): Transaction {
  return {
    async send(request) {
      const topicMessages = request.map((part) => ({ topic: part.topic, messages: messagesOf(part) }));
      placement.begin();
      await transaction.sendBatch({ topicMessages, compression: compressionTypes[compression], acks: -1 });
    },
    async sendOffset(offset) {
      const partitions = [{ partition, offset: String(offset) }];
      const offsets = { consumerGroupId: application, topics: [{ topic: topics.input, partitions }] };
      for (let attempt = 1; ; attempt++) {
        try {
          await transaction.sendOffsets(offsets);
          return;
        } catch (error) {
          if (attempt === offsetAttempts || !passing.has(errorType(error))) throw error;
          await sleep(Math.min(1000, 2 ** attempt));
        }
      }
    },
    commit: () => transaction.commit(),
    abort: () => transaction.abort(),
  };
}

/** Records as the client wants them: what a record does not have, the message does not have either. */
export function messagesOf({ partition, records }: Pick<RequestPart, "partition" | "records">): Message[] {
  return records.map(({ key, value, headers, timestamp }) => {
    const message: Message = { key: key && bufferOf(key), value: value && bufferOf(value) };
    if (partition !== undefined) message.partition = partition;
    if (timestamp >= 0) message.timestamp = String(timestamp);
    if (headers.length > 0) message.headers = headersByName(headers);
    return message;
  });
}

/** The client wants headers by name, with a list where a name occurs more than once. */
function headersByName(headers: readonly RecordHeader[]): Record<string, Buffer[]> {
  const byName = Object.create(null) as Record<string, Buffer[]>;
  for (const { name, value } of headers) (byName[name] ??= []).push(bufferOf(value));
  return byName;
}
