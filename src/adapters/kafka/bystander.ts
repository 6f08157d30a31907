/** The input as a bystander reads it: all that a topic holds now, with nothing written and no part in the service's group. */
import { randomUUID } from "node:crypto";
import type { Admin, Consumer, EachBatchPayload } from "kafkajs";
import { Observable } from "rxjs";
import type { Assignment, InputBatch, Source, Takeover } from "../../pipeline/ports.js";
import { createClient, patientRetry } from "./client.js";
import { partitionControls } from "./controls.js";
import { brokerError, innermost } from "./errors.js";
import { Feed, type FeedControls } from "./feed.js";
import type { KafkaOptions } from "./options.js";
import { toInputBatch } from "./records.js";
import { requireTopics } from "./topics.js";

export interface KafkaBystander {
  /** Every subscription reads the topic anew; completes when all that was there at its start has been read. */
  readonly source: Source;
  /** Resolves when every subscription that ended has closed its connections. */
  closed(): Promise<void>;
}

/**
 * A source for trials beside a running service. The client reads topics as a member of a group only, so there is one of
 * a name that nobody else has, which commits no offset and is deleted in the end; no transactional id is opened, for
 * that would fence the service; and whoever takes over finds neither an offset nor a state, and begins with the first
 * record that the topic holds.
 *
 * The source errors with BROKER_UNREACHABLE, TOPIC_MISSING or INPUT_TRUNCATED.
 *
 * @example
 * ```ts
 * const { source } = kafkaBystander({ brokers: ["localhost:9092"], application: "pumps", topics });
 * run(source, { commit: (_, { forecasts }) => print(forecasts) }).subscribe();
 * ```
 */
export function kafkaBystander(options: KafkaOptions): KafkaBystander {
  const leaving = new Set<Promise<void>>();
  const assignments = new Observable<Assignment>((subscriber) => {
    const visit = new Visit(options, (error) => subscriber.error(error));
    visit
      .begin()
      .then((partitions) => {
        // Nobody would release what is handed to somebody who has gone.
        for (const partition of partitions) if (!subscriber.closed) subscriber.next(visit.open(partition));
        subscriber.complete();
      })
      .catch((error: unknown) => subscriber.error(error));
    return () => {
      const left = visit.end().finally(() => leaving.delete(left));
      leaving.add(left);
    };
  });
  return {
    source: { assignments },
    async closed() {
      await Promise.all(leaving);
    },
  };
}

/** A partition as it is at the start of a visit: offsets of its first record, and of the next one it would get. */
interface Extent {
  readonly partition: number;
  readonly low: number;
  readonly high: number;
}

/** One subscription's consumer. */
class Visit {
  readonly #options: KafkaOptions;
  readonly #failed: (error: Error) => void;
  readonly #groupId: string;
  readonly #admin: Admin;
  readonly #consumer: Consumer;
  readonly #open = new Map<number, BystanderAssignment>();
  #running = false;
  #beginning: Promise<unknown> = Promise.resolve();
  #whenReleased: (() => void) | undefined;

  constructor(options: KafkaOptions, failed: (error: Error) => void) {
    const { application, fetchBytes = 1_048_576, fetchWaitMs = 100 } = options;
    this.#options = options;
    this.#failed = failed;
    // Under the application's name, so that a right to groups of this prefix suffices.
    this.#groupId = `${application}-bystander-${randomUUID()}`;
    const client = createClient(options, patientRetry);
    this.#admin = client.admin();
    this.#consumer = client.consumer({
      groupId: this.#groupId,
      maxBytesPerPartition: fetchBytes,
      maxWaitTimeInMs: fetchWaitMs,
      allowAutoTopicCreation: false,
      readUncommitted: false,
    });
    const { GROUP_JOIN, END_BATCH_PROCESS, STOP, CRASH } = this.#consumer.events;
    this.#consumer.on(GROUP_JOIN, () => this.#joined());
    this.#consumer.on(STOP, () => (this.#running = false));
    // Batches of control records alone never reach the handler.
    this.#consumer.on(END_BATCH_PROCESS, ({ payload }) => {
      if (payload.batchSize > 0) return;
      const next = Number(payload.lastOffset) + 1;
      this.#open.get(payload.partition)?.feed?.skip(next, Number(payload.highWatermark));
    });
    this.#consumer.on(CRASH, ({ payload }) => {
      if (payload.restart) return;
      const error = brokerError(innermost(payload.error), this.#origin);
      for (const assignment of this.#open.values()) assignment.feed?.close(error);
      this.#failed(error);
    });
  }

  /** Resolves with the partitions once they can be read. */
  begin(): Promise<readonly Extent[]> {
    const beginning = this.#begin();
    this.#beginning = beginning;
    return beginning;
  }

  open(extent: Extent): Assignment {
    const { topics, fetchBytes = 1_048_576 } = this.#options;
    const controls = partitionControls(this.#consumer, topics.input, extent.partition, () => this.#running);
    const assignment = new BystanderAssignment(topics.input, extent, controls, fetchBytes, () => {
      this.#open.delete(extent.partition);
      if (this.#open.size === 0) this.#whenReleased?.();
    });
    this.#open.set(extent.partition, assignment);
    return assignment;
  }

  /** Waits until every assignment was released. */
  async end(): Promise<void> {
    await this.#beginning.catch(() => undefined);
    if (this.#open.size > 0) await new Promise<void>((resolve) => (this.#whenReleased = resolve));
    await this.#consumer.disconnect();
    // It may be that it never came into being.
    await this.#admin.deleteGroups([this.#groupId]).catch(() => undefined);
    await this.#admin.disconnect();
  }

  get #origin(): string {
    return `reading topic ${this.#options.topics.input}`;
  }

  async #begin(): Promise<readonly Extent[]> {
    const { input } = this.#options.topics;
    try {
      await this.#admin.connect();
      await requireTopics(this.#admin, [input]);
      const offsets = await this.#admin.fetchTopicOffsets(input);
      await this.#consumer.connect();
      await this.#consumer.subscribe({ topics: [input], fromBeginning: true });
      await this.#consumer.run({
        autoCommit: false,
        eachBatchAutoResolve: false,
        partitionsConsumedConcurrently: offsets.length,
        eachBatch: (payload) => this.#push(payload),
      });
      return offsets.map(({ partition, low, high }) => ({
        partition,
        low: Number(low),
        high: Number(high),
      }));
    } catch (error) {
      throw brokerError(error, this.#origin);
    }
  }

  /** The client forgets where it stood whenever it joins its group. */
  #joined(): void {
    this.#running = true;
    for (const assignment of this.#open.values()) assignment.feed?.reseek();
  }

  #push(payload: EachBatchPayload): Promise<void> {
    const { batch } = payload;
    const feed = this.#open.get(batch.partition)?.feed;
    if (feed !== undefined && !payload.isStale()) {
      feed.push(batch.messages, Number(batch.lastOffset()) + 1, Number(batch.highWatermark));
      const last = batch.messages.at(-1);
      if (last !== undefined) payload.resolveOffset(last.offset);
    }
    return Promise.resolve();
  }
}

class BystanderAssignment implements Assignment {
  readonly topic: string;
  readonly partition: number;
  /** Nobody takes a partition from a group that has one member. */
  readonly revoked = new AbortController().signal;
  readonly #extent: Extent;
  readonly #controls: FeedControls;
  readonly #fetchBytes: number;
  readonly #released: () => void;
  feed: Feed | undefined;

  constructor(
    topic: string,
    extent: Extent,
    controls: FeedControls,
    fetchBytes: number,
    released: () => void,
  ) {
    this.topic = topic;
    this.partition = extent.partition;
    this.#extent = extent;
    this.#controls = controls;
    this.#fetchBytes = fetchBytes;
    this.#released = released;
  }

  takeOver(): Promise<Takeover> {
    return Promise.resolve({ committed: undefined, earliest: this.#extent.low, state: [] });
  }

  async *read(from: number, stop: AbortSignal): AsyncIterable<InputBatch> {
    if (from >= this.#extent.high || stop.aborted) return;
    const feed = new Feed(this.#controls, from, this.#fetchBytes);
    this.feed = feed;
    const close = (): void => feed.close();
    stop.addEventListener("abort", close);
    try {
      for (let batch = await feed.take(); batch !== undefined; batch = await feed.take()) {
        yield toInputBatch(batch);
        if (batch.nextOffset >= this.#extent.high) return;
      }
    } finally {
      stop.removeEventListener("abort", close);
      feed.close();
    }
  }

  release(): Promise<void> {
    this.feed?.close();
    this.#released();
    return Promise.resolve();
  }
}
