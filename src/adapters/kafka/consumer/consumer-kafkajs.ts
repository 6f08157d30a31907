/** Implements the consumer port on kafkajs, whose handlers and events write to feeds. */
import type { Consumer, ConsumerRunConfig } from "kafkajs";
import { kafkaDefaults } from "../defaults.js";
import { createClient, fetchConfig, memberConfig, patientRetry } from "../kafkajs/client.js";
import { withUnpackedLimit } from "../kafkajs/codecs.js";
import { toInputRecord } from "../kafkajs/records.js";
import type { KafkaOptions } from "../options.js";
import { coPartitionAssigner } from "../kafkajs/assigner.js";
import type { ConsumerConfig, TopicConsumer } from "./consumer.js";

/** See `createConsumer`. */
export function createKafkajsConsumer(options: KafkaOptions, config: ConsumerConfig): TopicConsumer {
  return new KafkajsConsumer(options, config);
}

class KafkajsConsumer implements TopicConsumer {
  readonly #options: KafkaOptions;
  readonly #config: ConsumerConfig;
  readonly #consumer: Consumer;
  /** Seeks and pauses fail while the client does not run, and a restarted one gets every position anew. */
  #running = false;
  #subscribed = false;

  constructor(options: KafkaOptions, config: ConsumerConfig) {
    this.#options = options;
    this.#config = config;
    const { groupId, topics, group, listener } = config;
    this.#consumer = createClient(options, patientRetry).consumer({
      ...(group === undefined
        ? { groupId }
        : {
            ...memberConfig(options),
            partitionAssigners: [coPartitionAssigner(group.inputs, group.owned, group.isSeveral)],
          }),
      ...fetchConfig(options),
    });
    const { GROUP_JOIN, REBALANCING, STOP, CRASH, REQUEST, END_BATCH_PROCESS } = this.#consumer.events;
    this.#consumer.on(GROUP_JOIN, ({ payload: { memberId, memberAssignment } }) => {
      this.#running = true;
      const partitionsOf = (topic: string): readonly number[] => memberAssignment[topic] ?? [];
      // The client has forgotten what was paused, and would fetch partitions without a feed.
      for (const topic of topics) this.pause(topic, partitionsOf(topic));
      listener.joined(memberId, partitionsOf);
    });
    this.#consumer.on(REBALANCING, () => listener.rebalancing?.());
    this.#consumer.on(STOP, () => {
      this.#running = false;
      listener.stopped?.();
    });
    this.#consumer.on(CRASH, ({ payload }) => {
      this.#running = false;
      listener.crashed(payload.error, payload.restart);
    });
    this.#consumer.on(REQUEST, () => listener.answered?.());
    // A batch of nothing but control, aborted or compacted records never reaches the handler: only this event tells.
    this.#consumer.on(END_BATCH_PROCESS, ({ payload }) => {
      if (payload.batchSize > 0) return;
      const feed = config.feedOf(payload.topic, payload.partition);
      feed?.skip(Number(payload.lastOffset) + 1, Number(payload.highWatermark));
    });
  }

  /** With a worker for each partition, no batch waits in a queue while its partition is sought elsewhere. */
  async start(partitions: number): Promise<void> {
    const { topics, feedOf, group } = this.#config;
    const { maxUnpackedBatchBytes = kafkaDefaults.maxUnpackedBatchBytes } = this.#options;
    await this.#consumer.connect();
    if (!this.#subscribed) {
      await this.#consumer.subscribe({ topics: [...topics], fromBeginning: group === undefined });
      this.#subscribed = true;
    }
    const config: ConsumerRunConfig = {
      autoCommit: false,
      eachBatchAutoResolve: false,
      partitionsConsumedConcurrently: partitions,
      // Returns at once, because a waiting handler would block the other partitions and the heartbeats.
      eachBatch: (payload) => {
        const { batch } = payload;
        const feed = feedOf(batch.topic, batch.partition);
        if (feed !== undefined && !payload.isStale()) {
          const records = batch.messages.map(toInputRecord);
          feed.push(records, Number(batch.lastOffset()) + 1, Number(batch.highWatermark));
          const last = batch.messages.at(-1);
          if (last !== undefined) payload.resolveOffset(last.offset);
        }
        return Promise.resolve();
      },
    };
    await withUnpackedLimit(maxUnpackedBatchBytes, () => this.#consumer.run(config));
  }

  seek(topic: string, partition: number, offset: number): void {
    if (this.#running) this.#consumer.seek({ topic, partition, offset: String(offset) });
  }

  pause(topic: string, partitions: readonly number[]): void {
    if (this.#running) this.#consumer.pause([{ topic, partitions: [...partitions] }]);
  }

  resume(topic: string, partition: number): void {
    if (this.#running) this.#consumer.resume([{ topic, partitions: [partition] }]);
  }

  stop(): Promise<void> {
    return this.#consumer.disconnect();
  }
}
