/** Configures consumers that write to feeds, and reads fetched batches in the two forms of the client. */
import type { Consumer, ConsumerConfig, ConsumerRunConfig, Kafka } from "kafkajs";
import { withUnpackedLimit } from "../kafkajs/unpacking.js";
import { kafkaDefaults } from "../defaults.js";
import type { Feed } from "./feed.js";
import { fetchConfig } from "../kafkajs/client.js";
import type { KafkaOptions } from "../options.js";

/** The feed that reads a partition now; undefined where nobody does. */
export type FeedOf = (topic: string, partition: number) => Feed | undefined;

/** A consumer of committed records, which commits no offset; `runConsumer` begins to fetch. */
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
 * Resolves when the group has been joined. `partitions` are all that a fetch can bring: with a worker for each, no batch
 * waits in a queue while its partition is sought elsewhere.
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
