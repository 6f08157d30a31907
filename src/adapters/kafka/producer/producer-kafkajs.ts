/** Implements the producer port on kafkajs: the transactions of one input partition. */
import { setTimeout as sleep } from "node:timers/promises";
import type {
  ICustomPartitioner,
  Message,
  ProducerConfig,
  TopicMessages,
  Transaction as KafkajsTransaction,
} from "kafkajs";
import { UndercurrentError } from "../../../errors/errors.js";
import type { RecordHeader } from "../../../pipeline/ports.js";
import { given } from "../client-options.js";
import { kafkaDefaults } from "../defaults.js";
import { createClient, transactionRetry } from "../kafkajs/client.js";
import { compressionTypes } from "../kafkajs/codecs.js";
import { errorType } from "../errors.js";
import { transactionalId, type KafkaOptions } from "../options.js";
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

/** See `openWriter`. */
export async function openKafkajsProducer(
  options: KafkaOptions,
  partition: number,
): Promise<TransactionalProducer> {
  // Its own client, because sendOffsets marks offsets as committed for all users of one client, aborted or not.
  const producer = createClient(options, transactionRetry).producer(producerConfig(options, partition));
  try {
    await producer.connect();
    // InitProducerId is sent by the first transaction; an empty one ends without a word to the broker.
    await (await producer.transaction()).abort();
  } catch (error) {
    await producer.disconnect().catch(() => undefined);
    throw error;
  }
  return {
    begin: async () => transactionOf(options, partition, await producer.transaction()),
    close: () => producer.disconnect(),
  };
}

/** How a partition's producer writes: what exactly once needs comes after the raw options. */
export function producerConfig(options: KafkaOptions, partition: number): ProducerConfig {
  return {
    ...given(options.clientOptions?.producer),
    transactionalId: transactionalId(options, partition),
    transactionTimeout: options.transactionTimeoutMs ?? kafkaDefaults.transactionTimeoutMs,
    maxInFlightRequests: 1,
    allowAutoTopicCreation: false,
    createPartitioner: onlyKnownPartitions,
    retry: transactionRetry,
  };
}

function transactionOf(
  { applicationId, topics, compressionType = kafkaDefaults.compressionType }: KafkaOptions,
  partition: number,
  transaction: KafkajsTransaction,
): Transaction {
  return {
    send: (request) =>
      sendEach(request, (topicMessages) =>
        transaction.sendBatch({ topicMessages, compression: compressionTypes[compressionType], acks: -1 }),
      ),
    async sendOffset(offset, metadata) {
      const partitions = [{ partition, offset: String(offset), metadata }];
      const offsets = { consumerGroupId: applicationId, topics: [{ topic: topics.input, partitions }] };
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

/**
 * Sends one partition per call. In a call to several brokers, the client repeats every unanswered part as soon as one part
 * fails. Requests under way then arrive twice, and if leaders change meanwhile, some records are dropped and the call still
 * reports success (https://github.com/tulios/kafkajs/issues/1303).
 */
export async function sendEach(
  request: readonly RequestPart[],
  send: (topicMessages: TopicMessages[]) => Promise<unknown>,
): Promise<void> {
  const sent = await Promise.allSettled(
    request.map((part) => send([{ topic: part.topic, messages: messagesOf(part) }])),
  );
  for (const one of sent) if (one.status === "rejected") throw one.reason;
}

/** Of a partition that its topic does not have the client says nothing, and sends nothing. */
export const onlyKnownPartitions: ICustomPartitioner =
  () =>
  ({ topic, partitionMetadata, message: { partition = 0 } }) => {
    if (partition < partitionMetadata.length) return partition;
    throw new UndercurrentError("TOPIC_MISMATCH", `topic ${topic} no longer has partition ${partition}`);
  };

/**
 * Messages of one partition. To group messages by partition, the client copies for each of them all that came before it: at 2,500
 * that took an eighth of the whole pipeline's time. The first one tells the partition of all.
 */
class OfOnePartition extends Array<Message> {
  override reduce<Groups>(
    add: (groups: Groups, message: Message, index: number, all: Message[]) => Groups,
    initial?: Groups,
  ): Groups {
    const groups = add(initial!, this[0]!, 0, this);
    for (const partition in groups) groups[partition] = this as never;
    return groups;
  }
}

/** Returns messages of the client. A field that a record does not have is left out. */
export function messagesOf({
  partition,
  records,
  header,
}: Pick<RequestPart, "partition" | "records" | "header">): Message[] {
  const shared = header && headersByName([], header);
  const messages = new OfOnePartition();
  for (const { key, value, headers, timestamp } of records) {
    const message: Message = { partition, key: key && bufferOf(key), value: value && bufferOf(value) };
    if (timestamp >= 0) message.timestamp = String(timestamp);
    if (headers.length > 0) message.headers = headersByName(headers, header);
    else if (shared !== undefined) message.headers = shared;
    messages.push(message);
  }
  return messages;
}

/**
 * The client wants headers by name, with a list where a name occurs more than once. The header that all records of a write
 * have takes the place of those of its name.
 */
function headersByName(headers: readonly RecordHeader[], own?: RecordHeader): Record<string, Buffer[]> {
  const byName = Object.create(null) as Record<string, Buffer[]>;
  for (const { name, value } of headers) (byName[name] ??= []).push(bufferOf(value));
  if (own !== undefined) byName[own.name] = [bufferOf(own.value)];
  return byName;
}
