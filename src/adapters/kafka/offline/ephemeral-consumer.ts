/** Reads a topic outside every consumer group of a service and without writing. */
import { randomUUID } from "node:crypto";
import type { Admin, Consumer, ConsumerGroupJoinEvent } from "kafkajs";
import { kafkaDefaults } from "../defaults.js";
import { adminConfig, createClient, patientRetry } from "../kafkajs/client.js";
import { createConsumer, runConsumer, type FeedOf } from "../source/consumer.js";
import { partitionControls } from "../source/controls.js";
import { brokerError, innermost } from "../errors.js";
import { Feed } from "../source/feed.js";
import type { KafkaOptions } from "../options.js";
import { partitionWatermarks, requireTopics, type Watermarks } from "../admin/topics.js";

/**
 * One consumer of one topic. The client reads topics as a member of a group only, so there is one of a name that nobody
 * else has, which commits no offset and is deleted in the end.
 */
export class EphemeralConsumer {
  readonly admin: Admin;
  readonly #options: KafkaOptions;
  readonly #topic: string;
  readonly #failed: (error: Error) => void;
  readonly #groupId: string;
  readonly #consumer: Consumer;
  /** By partition; those without one are paused. */
  readonly #feeds = new Map<number, Feed>();
  readonly #feedOf: FeedOf = (_, partition) => this.#feeds.get(partition);
  #running = false;
  /** Whether the group was joined, when that is known. */
  #joining: Promise<boolean> = Promise.resolve(false);

  /** `failed` hears of what ends the consumer; its feeds end with the same error. */
  constructor(options: KafkaOptions, topic: string, failed: (error: Error) => void) {
    this.#options = options;
    this.#topic = topic;
    this.#failed = failed;
    // Under the application's name, so that a right to groups of this prefix suffices.
    this.#groupId = `${options.applicationId}-bystander-${randomUUID()}`;
    const client = createClient(options, patientRetry);
    this.admin = client.admin(adminConfig(options));
    this.#consumer = createConsumer(client, options, this.#feedOf, { groupId: this.#groupId });
    const { GROUP_JOIN, STOP, CRASH } = this.#consumer.events;
    this.#consumer.on(GROUP_JOIN, (event) => this.#joined(event));
    this.#consumer.on(STOP, () => (this.#running = false));
    this.#consumer.on(CRASH, ({ payload }) => {
      if (payload.restart) return;
      const error = brokerError(innermost(payload.error), this.#origin);
      for (const feed of this.#feeds.values()) feed.close(error);
      this.#failed(error);
    });
  }

  /** Resolves with the topic's partitions once they can be read. Throws BROKER_UNREACHABLE or TOPIC_MISSING. */
  begin(): Promise<readonly Watermarks[]> {
    const beginning = this.#begin();
    this.#joining = beginning.then(
      () => true,
      () => false,
    );
    return beginning;
  }

  /** Reads a partition from an offset on, in place of its feed before. */
  feed(partition: number, from: number): Feed {
    this.#feeds.get(partition)?.close();
    const controls = partitionControls(this.#consumer, this.#topic, partition, () => this.#running);
    const feed = new Feed(
      controls,
      from,
      this.#options.maxPartitionFetchBytes ?? kafkaDefaults.maxPartitionFetchBytes,
    );
    this.#feeds.set(partition, feed);
    return feed;
  }

  /** Leaves no trace, as far as the brokers can be reached. */
  async end(): Promise<void> {
    const joined = await this.#joining;
    for (const feed of this.#feeds.values()) feed.close();
    await this.#consumer.disconnect().catch(() => undefined);
    // Where the brokers could not be reached, asking them to forget the group would take as long once more.
    if (joined) await this.admin.deleteGroups([this.#groupId]).catch(() => undefined);
    await this.admin.disconnect();
  }

  get #origin(): string {
    return `reading topic ${this.#topic}`;
  }

  async #begin(): Promise<readonly Watermarks[]> {
    const topic = this.#topic;
    try {
      await this.admin.connect();
      await requireTopics(this.admin, [topic]);
      const watermarks = await partitionWatermarks(this.admin, topic);
      await this.#consumer.connect();
      await this.#consumer.subscribe({ topics: [topic], fromBeginning: true });
      await runConsumer(this.#consumer, this.#options, watermarks.length, this.#feedOf);
      return watermarks;
    } catch (error) {
      throw brokerError(error, this.#origin);
    }
  }

  /** The client forgets where it stood whenever it joins its group, and would fetch what nobody reads. */
  #joined({ payload }: ConsumerGroupJoinEvent): void {
    this.#running = true;
    const partitions = payload.memberAssignment[this.#topic] ?? [];
    this.#consumer.pause([{ topic: this.#topic, partitions: [...partitions] }]);
    for (const feed of this.#feeds.values()) feed.reseek();
  }
}
