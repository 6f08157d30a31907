/** Configures consumers that write to feeds, and reads fetched batches in the two forms of the client. */
import type { Consumer, ConsumerConfig, ConsumerRunConfig, Kafka } from "kafkajs";
import { defaultMaxUnpackedBatchBytes, withUnpackedLimit } from "../kafkajs/unpacking.js";
import type { Feed } from "./feed.js";
import type { KafkaOptions } from "../options.js";

/** The feed that reads a partition now; undefined where nobody does. */
export type FeedOf = (topic: string, partition: number) => Feed | undefined;

export const defaultFetchBytes = 1_048_576;

/** A consumer of committed records, which commits no offset; `runConsumer` begins to fetch. */
export function createConsumer(
  client: Kafka,
  { maxPartitionFetchBytes = defaultFetchBytes, fetchMaxWaitMs = 100 }: KafkaOptions,
  feedOf: FeedOf,
  config: ConsumerConfig,
): Consumer {
  const consumer = client.consumer({
    ...config,
    maxBytesPerPartition: maxPartitionFetchBytes,
    // Where every partition is paused the client sleeps this long, and hears of a resumed one only afterwards.
    maxWaitTimeInMs: fetchMaxWaitMs,
    allowAutoTopicCreation: false,
    readUncommitted: false,
  });
  // A batch of nothing but control, aborted or compacted records never reaches the handler: only this event tells.
  consumer.on(consumer.events.END_BATCH_PROCESS, ({ payload }) => {
    if (payload.batchSize > 0) return;
    const feed = feedOf(payload.topic, payload.partition);
    feed?.skip(Number(payload.lastOffset) + 1, Number(payload.highWatermark));
  });
  return consumer;
}

/**
 * Resolves when the group has been joined. `partitions` are all that a fetch can bring: with a worker for each, no batch
 * waits in a queue while its partition is sought elsewhere.
 */
export async function runConsumer(
  consumer: Consumer,
  { maxUnpackedBatchBytes = defaultMaxUnpackedBatchBytes }: KafkaOptions,
  partitions: number,
  feedOf: FeedOf,
): Promise<void> {
  const config: ConsumerRunConfig = {
    autoCommit: false,
    eachBatchAutoResolve: false,
    partitionsConsumedConcurrently: partitions,
    // Returns at once: a handler that waited would hold up the other partitions, and the heartbeats.
    eachBatch: (payload) => {
      const { batch } = payload;
      const feed = feedOf(batch.topic, batch.partition);
      if (feed !== undefined && !payload.isStale()) {
        feed.push(batch.messages, Number(batch.lastOffset()) + 1, Number(batch.highWatermark));
        const last = batch.messages.at(-1);
        if (last !== undefined) payload.resolveOffset(last.offset);
      }
      return Promise.resolve();
    },
  };
  await withUnpackedLimit(maxUnpackedBatchBytes, () => consumer.run(config));
}
