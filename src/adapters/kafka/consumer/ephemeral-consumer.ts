/** Reads a topic outside every consumer group of a service and without writing. */
import { randomUUID } from "node:crypto";
import { checkOptions } from "../check-options.js";
import { kafkaDefaults } from "../defaults.js";
import type { AdminClient } from "../admin-client.js";
import { createAdmin } from "../admin/admin.js";
import { createConsumer } from "./create-consumer.js";
import { partitionControls, type FeedOf, type TopicConsumer } from "./consumer.js";
import { brokerError, innermost } from "../errors.js";
import { Feed } from "./feed.js";
import type { KafkaOptions } from "../options.js";
import { partitionWatermarks, requireTopics, type Watermarks } from "../admin/topics.js";

/**
 * A consumer of one topic. kafkajs reads topics only as a member of a group, so the consumer joins a group with a unique
 * name, commits no offset, and deletes the group at the end.
 */
export class EphemeralConsumer {
  readonly admin: AdminClient;
  readonly #options: KafkaOptions;
  readonly #topic: string;
  readonly #failed: (error: Error) => void;
  readonly #groupId: string;
  readonly #consumer: TopicConsumer;
  /** By partition; those without one are paused. */
  readonly #feeds = new Map<number, Feed>();
  readonly #feedOf: FeedOf = (_, partition) => this.#feeds.get(partition);
  /** Whether the group was joined, when that is known. */
  #joining: Promise<boolean> = Promise.resolve(false);

  /**
   * @param failed Called with the error that ends the consumer and all of its feeds.
   * @throws SETTING_INVALID for an unknown option.
   */
  constructor(options: KafkaOptions, topic: string, failed: (error: Error) => void) {
    checkOptions(options);
    this.#options = options;
    this.#topic = topic;
    this.#failed = failed;
    // Under the application's name, so that a right to groups of this prefix suffices.
    this.#groupId = `${options.applicationId}-bystander-${randomUUID()}`;
    this.admin = createAdmin(options);
    this.#consumer = createConsumer(options, {
      groupId: this.#groupId,
      topics: [topic],
      feedOf: this.#feedOf,
      listener: {
        joined: () => {
          for (const feed of this.#feeds.values()) feed.reseek();
        },
        crashed: (cause, restarts) => {
          if (restarts) return;
          const error = brokerError(innermost(cause), this.#origin);
          for (const feed of this.#feeds.values()) feed.close(error);
          this.#failed(error);
        },
      },
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

  /** Reads a partition from an offset on. Closes the partition's earlier feed. */
  feed(partition: number, from: number): Feed {
    this.#feeds.get(partition)?.close();
    const controls = partitionControls(this.#consumer, this.#topic, partition);
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
    await this.#consumer.stop().catch(() => undefined);
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
      await this.#consumer.start(watermarks.length);
      return watermarks;
    } catch (error) {
      throw brokerError(error, this.#origin);
    }
  }
}
