/** Reads the current content of the input topic without writing to Kafka and outside the service's consumer group. */
import { defer, merge, mergeMap, Observable } from "rxjs";
import type { Assignment, InputBatch, Source, Takeover } from "../../../pipeline/ports.js";
import { PendingCloses } from "../source/pending-closes.js";
import { eachInput } from "../admin/each-input.js";
import { checkOptions } from "../check-options.js";
import type { KafkaOptions, ServiceOptions } from "../options.js";
import type { Watermarks } from "../admin/topics.js";
import { EphemeralConsumer } from "../consumer/ephemeral-consumer.js";

/** A read-only source, and a way to wait for its end. */
export interface KafkaReadOnlySource {
  /** Each subscription reads the topic from the start and completes at the end offset found at its start. */
  readonly source: Source;
  /** Resolves when every ended subscription has closed its connections. */
  closed(): Promise<void>;
}

/**
 * Creates a source for trials beside a running service. It commits no offsets and opens no transactional id, which
 * would fence the service. A takeover finds neither offset nor state and starts at the first record of the topic.
 *
 * The source errors with BROKER_UNREACHABLE, TOPIC_MISSING or INPUT_TRUNCATED.
 *
 * @param options Brokers, topics and client settings of the service.
 * @returns The source for `run`, and `closed()` to wait for the last connection.
 * @throws SETTING_INVALID if an option has an old name.
 *
 * @example
 * ```ts
 * const { source } = kafkaReadOnlySource({ bootstrapServers: ["localhost:9092"], applicationId: "pumps", topics });
 * run(source, { commit: (_, { forecasts }) => print(forecasts) }).subscribe();
 * ```
 */
export function kafkaReadOnlySource(options: ServiceOptions): KafkaReadOnlySource {
  checkOptions(options);
  const leaving = new PendingCloses();
  const assignments = defer(() => eachInput(options)).pipe(
    mergeMap((inputs) => merge(...inputs.map((each) => assignmentsOf(each, leaving)))),
  );
  return {
    source: { assignments },
    closed: () => leaving.over(),
  };
}

function assignmentsOf(options: KafkaOptions, leaving: PendingCloses): Observable<Assignment> {
  return new Observable((subscriber) => {
    const { input } = options.topics;
    const consumer = new EphemeralConsumer(options, input, (error) => subscriber.error(error));
    const released: Promise<void>[] = [];
    const handedOut = consumer
      .begin()
      .then((watermarks) => {
        // The subscriber is gone and would release nothing.
        for (const marks of watermarks) {
          if (subscriber.closed) return;
          const assignment = new ReadOnlyAssignment(consumer, input, marks);
          released.push(assignment.released);
          subscriber.next(assignment);
        }
        subscriber.complete();
      })
      .catch((error: unknown) => subscriber.error(error));
    return () => {
      // Completing unsubscribes too, from within what hands out: its end is waited for first.
      leaving.add(handedOut.then(() => Promise.all(released)).then(() => consumer.end()));
    };
  });
}

class ReadOnlyAssignment implements Assignment {
  readonly topic: string;
  readonly partition: number;
  /** Never aborted: a group with one member has no rebalance. */
  readonly revoked = new AbortController().signal;
  readonly released: Promise<void>;
  readonly #consumer: EphemeralConsumer;
  readonly #marks: Watermarks;
  #markReleased: () => void = () => undefined;

  constructor(consumer: EphemeralConsumer, topic: string, marks: Watermarks) {
    this.topic = topic;
    this.partition = marks.partition;
    this.#consumer = consumer;
    this.#marks = marks;
    this.released = new Promise((resolve) => (this.#markReleased = resolve));
  }

  takeOver(): Promise<Takeover> {
    return Promise.resolve({ committed: undefined, earliest: this.#marks.low, state: [] });
  }

  async *read(from: number, stop: AbortSignal): AsyncIterable<InputBatch> {
    if (from >= this.#marks.high || stop.aborted) return;
    const feed = this.#consumer.feed(this.partition, from);
    const close = (): void => feed.close();
    stop.addEventListener("abort", close);
    try {
      for (let batch = await feed.take(); batch !== undefined; batch = await feed.take()) {
        yield batch;
        if (batch.nextOffset >= this.#marks.high) return;
      }
    } finally {
      stop.removeEventListener("abort", close);
      feed.close();
    }
  }

  release(): Promise<void> {
    this.#markReleased();
    return Promise.resolve();
  }
}
