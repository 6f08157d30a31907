// A broker as tests and benchmarks see it: topics of their own, and both ends of a topic.
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import kafkajs, { type Admin, type IHeaders, type KafkaMessage } from "kafkajs";
import { createClient, patientRetry } from "../../src/adapters/kafka/kafkajs/client.js";
import { compressionTypes } from "../../src/adapters/kafka/kafkajs/codecs.js";
import { errorType, isRetriable } from "../../src/adapters/kafka/errors.js";
import type { Compression } from "../../src/adapters/kafka/options.js";

export interface TestMessage {
  readonly key: string | Buffer | null;
  readonly value: string | Buffer | null;
  readonly headers?: IHeaders;
  /** Epoch milliseconds. */
  readonly timestamp?: number;
}

export interface TopicLayout {
  readonly partitions?: number;
  /** Settings of the topic, such as cleanup.policy. */
  readonly settings?: Readonly<Record<string, string>>;
}

export interface TestBroker {
  readonly brokers: readonly string[];
  /** A name that no other test has. */
  name(prefix: string): string;
  createTopic(name: string, layout?: TopicLayout): Promise<void>;
  createTopics(layouts: Readonly<Record<string, TopicLayout>>): Promise<void>;
  /** Resolves when the topic is gone, and may be made again. */
  deleteTopic(name: string): Promise<void>;
  produce(
    topic: string,
    partition: number,
    messages: readonly TestMessage[],
    compression?: Compression,
  ): Promise<void>;
  /**
   * What is committed and not aborted in every partition, in order, when it has come to `atLeast` records: a commit
   * that is acknowledged is visible a little later.
   */
  readCommitted(topic: string, atLeast?: number): Promise<KafkaMessage[][]>;
  /** The offset that a group goes on from, -1 for none. */
  committedOffset(group: string, topic: string, partition: number): Promise<number>;
  /** Deletes the records of a partition that lie before an offset. */
  deleteBefore(topic: string, partition: number, offset: number): Promise<void>;
  admin<T>(use: (admin: Admin) => Promise<T>): Promise<T>;
}

/** Helpers for the broker at these addresses. */
export function createTestBroker(addresses: readonly string[]): TestBroker {
  const client = createClient({ bootstrapServers: addresses }, patientRetry);
  const withAdmin = async <T>(use: (admin: Admin) => Promise<T>): Promise<T> => {
    const admin = client.admin();
    await admin.connect();
    try {
      return await use(admin);
    } finally {
      await admin.disconnect();
    }
  };
  return {
    brokers: addresses,
    name: (prefix) => `${prefix}-${randomUUID().slice(0, 8)}`,
    admin: withAdmin,
    createTopic: (name, layout = {}) => withAdmin((admin) => createTopics(admin, { [name]: layout })),
    createTopics: (layouts) => withAdmin((admin) => createTopics(admin, layouts)),
    deleteTopic: (name) =>
      withAdmin(async (admin) => {
        await admin.deleteTopics({ topics: [name] });
        while ((await admin.listTopics()).includes(name)) await sleep(20);
      }),
    async produce(topic, partition, messages, compression = "none") {
      const producer = client.producer({ allowAutoTopicCreation: false });
      await producer.connect();
      try {
        await producer.send({
          topic,
          compression: compressionTypes[compression],
          messages: messages.map(({ timestamp, headers, ...message }) => ({
            ...message,
            partition,
            ...(headers && { headers }),
            ...(timestamp !== undefined && { timestamp: String(timestamp) }),
          })),
        });
      } finally {
        await producer.disconnect();
      }
    },
    async committedOffset(group, topic, partition) {
      const offsets = await withAdmin((admin) => admin.fetchOffsets({ groupId: group, topics: [topic] }));
      return Number(offsets[0]?.partitions.find((entry) => entry.partition === partition)?.offset ?? -1);
    },
    async deleteBefore(topic, partition, offset) {
      await withAdmin(async (admin) => {
        // Only a topic whose offsets were asked for is known to the client as one to find the leaders of.
        await admin.fetchTopicOffsets(topic);
        await admin.deleteTopicRecords({ topic, partitions: [{ partition, offset: String(offset) }] });
      });
    },
    async readCommitted(topic, atLeast = 0) {
      for (;;) {
        const records = await readCommitted(addresses, topic);
        if (records.flat().length >= atLeast) return records;
        await sleep(50);
      }
    },
  };
}

/** Resolves when the topics can be written to. */
async function createTopics(admin: Admin, layouts: Readonly<Record<string, TopicLayout>>): Promise<void> {
  const topics = Object.entries(layouts).map(([topic, { partitions = 1, settings = {} }]) => ({
    topic,
    numPartitions: partitions,
    // The brokers' own default.
    replicationFactor: -1,
    configEntries: Object.entries(settings).map(([name, value]) => ({ name, value })),
  }));
  // The client's own wait for leaders fails where the broker has not yet heard of a topic that the controller just made.
  await admin.createTopics({ topics, waitForLeaders: false });
  // Metadata names leaders before these know that they lead; the offsets come from the leaders.
  for (const topic of Object.keys(layouts)) {
    for (;;) {
      const offsets = await admin.fetchTopicOffsets(topic).catch((error: unknown) => {
        if (errorType(error) !== "UNKNOWN_TOPIC_OR_PARTITION" && !isRetriable(error)) throw error;
      });
      if (offsets !== undefined) break;
      await sleep(20);
    }
  }
}

async function readCommitted(addresses: readonly string[], topic: string): Promise<KafkaMessage[][]> {
  const client = createClient({ bootstrapServers: addresses }, patientRetry);
  const admin = client.admin();
  await admin.connect();
  const groupId = `reader-${randomUUID()}`;
  const consumer = client.consumer({ groupId, maxWaitTimeInMs: 50, readUncommitted: false });
  try {
    const offsets = await admin.fetchTopicOffsets(topic);
    const result: KafkaMessage[][] = offsets.map(() => []);
    const open = new Map(offsets.map(({ partition, high }) => [partition, Number(high)]));
    const positions = new Map(offsets.map(({ partition, low }) => [partition, Number(low)]));
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    await new Promise<void>((resolve, reject) => {
      const check = (): void => {
        for (const [partition, end] of open) if (positions.get(partition)! >= end) open.delete(partition);
        if (open.size === 0) resolve();
      };
      // Batches of control records alone come as events only, the others as both.
      consumer.on(consumer.events.END_BATCH_PROCESS, ({ payload }) => {
        positions.set(payload.partition, Number(payload.lastOffset) + 1);
        check();
      });
      check();
      consumer
        .run({
          autoCommit: false,
          eachBatch: ({ batch }) => {
            result[batch.partition]!.push(...batch.messages);
            return Promise.resolve();
          },
        })
        .catch(reject);
    });
    return result;
  } finally {
    await consumer.disconnect();
    await admin.deleteGroups([groupId]).catch(() => undefined);
    await admin.disconnect();
  }
}

/** The retention of a broker that deletes nothing. */
export const keptForEver = { "retention.bytes": "-1", "retention.ms": "-1" };

/** Describes the retention of a new topic that has no settings of its own. */
export async function defaultRetention(broker: TestBroker): Promise<Record<string, string>> {
  const name = broker.name("kept");
  await broker.createTopic(name);
  const topic = { type: kafkajs.ConfigResourceTypes.TOPIC, name, configNames: Object.keys(keptForEver) };
  const { resources } = await broker.admin((admin) =>
    admin.describeConfigs({ resources: [topic], includeSynonyms: false }),
  );
  const entries = resources.flatMap(({ configEntries }) => configEntries);
  return Object.fromEntries(entries.map(({ configName, configValue }) => [configName, configValue]));
}
