/** Defines the consumer port, which reads partitions into feeds. */
import type { CoPartitioned, OwnedPartitions } from "../kafkajs/assigner.js";
import type { Feed, FeedControls } from "./feed.js";

/** Returns the feed of a partition; undefined if nobody reads the partition. */
export type FeedOf = (topic: string, partition: number) => Feed | undefined;

/** What a consumer tells its owner. */
export interface ConsumerListener {
  /**
   * Called before the first fetch of a new generation. Every position is forgotten and every partition is paused, until its
   * feed seeks and resumes.
   */
  joined(member: string, partitionsOf: (topic: string) => readonly number[]): void;
  /** The group rebalances. */
  rebalancing?(): void;
  /** The consumer fetches no longer. */
  stopped?(): void;
  /** The consumer has left its group by itself; `restarts` tells whether it joins again by itself. */
  crashed(error: Error, restarts: boolean): void;
  /** The brokers answered. */
  answered?(): void;
}

/** What a consumer reads. */
export interface ConsumerConfig {
  readonly groupId: string;
  readonly topics: readonly string[];
  /** How members of the service's group share its partitions; left out for readers outside of it. */
  readonly group?: {
    readonly inputs: readonly CoPartitioned[];
    /** Returns the partitions that this member works on now. */
    readonly owned: () => OwnedPartitions;
    /** Whether claims name their topics. */
    readonly isSeveral: boolean;
  };
  readonly feedOf: FeedOf;
  readonly listener: ConsumerListener;
}

/** A consumer of committed records that commits no offset. */
export interface TopicConsumer {
  /**
   * Joins and fetches; also after it has left its group by itself. Resolves when it has joined. `partitions` is the number of
   * partitions that a fetch can return.
   */
  start(partitions: number): Promise<void>;
  /** The next fetch of the partition begins here. */
  seek(topic: string, partition: number, offset: number): void;
  pause(topic: string, partitions: readonly number[]): void;
  resume(topic: string, partition: number): void;
  /** Leaves the group and closes the connections. */
  stop(): Promise<void>;
}

/** Returns the controls of a partition. */
export function partitionControls(consumer: TopicConsumer, topic: string, partition: number): FeedControls {
  return {
    seek: (offset) => consumer.seek(topic, partition, offset),
    pause: () => consumer.pause(topic, [partition]),
    resume: () => consumer.resume(topic, partition),
  };
}
