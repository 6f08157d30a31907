/**
 * Reads a whole partition as a reader of committed records does, by nothing but the markers in the log: neither by the
 * client's own filter, which lets aborted records pass where transactions of several producers overlap, as they may in
 * the dead letters, nor by the adapter's, which is under test.
 */
import { randomUUID } from "node:crypto";
import type { Batch, Consumer, KafkaMessage } from "kafkajs";
import { createClient, patientRetry } from "../../src/adapters/kafka/kafkajs/client.js";
import type { TestBroker } from "../support/broker-client.js";

/** What the client knows of a message and its types leave out. */
type RawMessage = KafkaMessage & {
  readonly isControlRecord: boolean;
  readonly batchContext: { readonly producerId: string; readonly inTransaction: boolean };
};

/** So much at once that none of it is markers alone, which would never be shown. */
const maxPartitionFetchBytes = 256 * 1024 * 1024;

const markKey = "end of the partition";
const isMark = (message: KafkaMessage | undefined): boolean => message?.key?.toString() === markKey;

/** The committed records of a partition that nobody writes any more. */
export async function readPartition(
  broker: TestBroker,
  topic: string,
  partition: number,
): Promise<KafkaMessage[]> {
  await broker.produce(topic, partition, [{ key: markKey, value: null }]);
  const groupId = `reader-${randomUUID()}`;
  const consumer = createClient({ bootstrapServers: broker.brokers }, patientRetry).consumer({
    groupId,
    maxBytesPerPartition: maxPartitionFetchBytes,
    maxBytes: maxPartitionFetchBytes,
    readUncommitted: true,
  });
  await consumer.connect();
  try {
    await consumer.subscribe({ topic, fromBeginning: true });
    return committed(await rawMessages(consumer, topic, partition));
  } finally {
    await consumer.disconnect();
    await broker.admin((admin) => admin.deleteGroups([groupId]));
  }
}

/** Every message of the partition, markers included, up to the mark. */
async function rawMessages(consumer: Consumer, topic: string, partition: number): Promise<RawMessage[]> {
  const messages: RawMessage[] = [];
  // The client calls this before it fetches anything.
  consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
    const others = payload.memberAssignment[topic]!.filter((other) => other !== partition);
    consumer.pause([{ topic, partitions: others }]);
  });
  await new Promise<void>((resolve, reject) => {
    consumer.on(consumer.events.CRASH, ({ payload }) => {
      if (!payload.restart) reject(payload.error);
    });
    consumer
      .run({
        autoCommit: false,
        eachBatch: ({ batch }) => {
          const last = Number(messages.at(-1)?.offset ?? -1);
          const { rawMessages: more } = batch as Batch & { readonly rawMessages: readonly RawMessage[] };
          for (const message of more) if (Number(message.offset) > last) messages.push(message);
          if (isMark(messages.at(-1))) resolve();
          return Promise.resolve();
        },
      })
      .catch(reject);
  });
  return messages;
}

/** Transactions are decided by their markers: the type, behind a version in the marker's key, is 1 for a commit. */
function committed(messages: readonly RawMessage[]): KafkaMessage[] {
  const open = new Map<string, RawMessage[]>();
  const visible: RawMessage[] = [];
  for (const message of messages) {
    const { producerId, inTransaction } = message.batchContext;
    if (message.isControlRecord) {
      if (message.key!.readInt16BE(2) === 1) visible.push(...(open.get(producerId) ?? []));
      open.delete(producerId);
    } else if (inTransaction) {
      const pending = open.get(producerId);
      if (pending === undefined) open.set(producerId, [message]);
      else pending.push(message);
    } else if (!isMark(message)) {
      visible.push(message);
    }
  }
  if (open.size > 0) throw new Error(`${open.size} transactions are still open`);
  return visible.sort((a, b) => Number(a.offset) - Number(b.offset));
}
