/** Configures consumers that write to feeds, and reads fetched batches in the two forms of the client. */
import type { Consumer, ConsumerConfig, ConsumerRunConfig, Kafka } from "kafkajs";
import { withUnpackedLimit } from "../kafkajs/codecs.js";
import { kafkaDefaults } from "../defaults.js";
import type { Feed } from "./feed.js";
import { fetchConfig } from "../kafkajs/client.js";
import type { KafkaOptions } from "../options.js";

/** Returns the feed of a partition; undefined if nobody reads the partition. */
export type FeedOf = (topic: string, partition: number) => Feed | undefined;

/** Creates a consumer of committed records that commits no offset. `runConsumer` starts to fetch. */
export function createConsumer(
  client: Kafka,
  options: KafkaOptions,
  feedOf: FeedOf,
  config: ConsumerConfig,
): Consumer {
  const consumer = client.consumer({ ...config, ...fetchConfig(options) });
  // A batch of nothing but control, aborted or compacted records never reaches the handler: only this event tells.
  consumer.on(consumer.events.END_BATCH_PROCESS, ({ payload }) => {
    if (payload.batchSize > 0) return;
    const feed = feedOf(payload.topic, payload.partition);
    feed?.skip(Number(payload.lastOffset) + 1, Number(payload.highWatermark));
  });
  return consumer;
}

/**
 * Starts to fetch. Resolves when the consumer has joined its group. `partitions` is the number of partitions that a fetch can
 * return: with a worker for each, no batch waits in a queue while its partition is sought elsewhere.
 */
export async function runConsumer(
  consumer: Consumer,
  { maxUnpackedBatchBytes = kafkaDefaults.maxUnpackedBatchBytes }: KafkaOptions,
  partitions: number,
  feedOf: FeedOf,
): Promise<void> {
  const config: ConsumerRunConfig = {
    autoCommit: false,
    eachBatchAutoResolve: false,
    partitionsConsumedConcurrently: partitions,
    // Returns at once, because a waiting handler would block the other partitions and the heartbeats.
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
