/**
 * Reads the incidents topic, or that of feedback, for feedback and commands, by one consumer for all partitions of a member. It is apart from the group's consumer:
 * if feedback cannot be read, forecasts go on, and the reader begins anew.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { InputBatch, InputRecord } from "../../../pipeline/ports.js";
import { partitionWatermarks } from "../admin/topics.js";
import { innermost } from "../errors.js";
import { EphemeralConsumer } from "../consumer/ephemeral-consumer.js";
import type { KafkaOptions } from "../options.js";
import { applicationHeader } from "../owner.js";
import { textOf } from "./restore.js";

/** Pause before the topic is read again after an error, in ms. */
const pause = 10_000;
/** Longest wait for a consumer that ends, in ms: brokers may be gone, and nothing is lost with it. */
const endPatience = 5000;

export class FeedbackReader {
  readonly #options: KafkaOptions;
  readonly #topic: string;
  #consumer: Promise<EphemeralConsumer> | undefined;
  /** Consumers that end, because one of them failed or the member leaves. */
  readonly #ending = new Set<Promise<void>>();

  constructor(options: KafkaOptions, topic: string) {
    this.#options = options;
    this.#topic = topic;
  }

  /** Reads a partition from an offset on, or from its first record, until `stop` is aborted. Never rejects. */
  async *read(partition: number, from: number | undefined, stop: AbortSignal): AsyncGenerator<InputBatch> {
    let next = from;
    while (!stop.aborted) {
      const begun = (this.#consumer ??= this.#begin());
      try {
        const consumer = await begun;
        const { low, high } = (await partitionWatermarks(consumer.admin, this.#topic))[partition]!;
        // The topic may have been recreated, or have lost records that its retention ended.
        next = Math.min(Math.max(next ?? low, low), high);
        const feed = consumer.feed(partition, next);
        const close = (): void => feed.close();
        stop.addEventListener("abort", close);
        // The signal may have been aborted during the waits above.
        if (AbortSignal.any([stop]).aborted) close();
        try {
          for (let batch = await feed.take(); batch !== undefined; batch = await feed.take()) {
            next = batch.nextOffset;
            yield { ...batch, records: ownFeedback(batch.records, this.#options.applicationId) };
          }
          return;
        } finally {
          stop.removeEventListener("abort", close);
          feed.close();
        }
      } catch (error) {
        this.#drop(begun, error);
        await sleep(pause, undefined, { signal: stop }).catch(() => undefined);
      }
    }
  }

  /** Ends the consumer; nobody reads any more. */
  async close(): Promise<void> {
    const begun = this.#consumer;
    this.#consumer = undefined;
    if (begun !== undefined) this.#end(begun);
    const left = new AbortController();
    const patience = sleep(endPatience, undefined, { signal: left.signal }).catch(() => undefined);
    await Promise.race([Promise.all(this.#ending), patience]);
    left.abort();
  }

  async #begin(): Promise<EphemeralConsumer> {
    const consumer = new EphemeralConsumer(this.#options, this.#topic, () => undefined);
    try {
      await consumer.begin();
      return consumer;
    } catch (error) {
      await consumer.end().catch(() => undefined);
      throw error;
    }
  }

  /** Readers of all partitions hear of one failure: the first one drops the consumer and logs. */
  #drop(begun: Promise<EphemeralConsumer>, cause: unknown): void {
    if (this.#consumer !== begun) return;
    this.#consumer = undefined;
    this.#end(begun);
    const error = innermost(cause);
    const message = `topic ${this.#topic}: feedback cannot be read; trying again in ${pause / 1000} s`;
    this.#options.log?.({ level: "warn", message, fields: { error: String(error) } });
  }

  #end(begun: Promise<EphemeralConsumer>): void {
    const ending = begun.then((consumer) => consumer.end()).catch(() => undefined);
    this.#ending.add(ending);
    void ending.then(() => this.#ending.delete(ending));
  }
}

/** Leaves out records of other applications, with which services may share the topic. Those written by hand name none. */
export function ownFeedback(records: readonly InputRecord[], application: string): readonly InputRecord[] {
  return records.filter(({ headers }) => {
    const value = headers.findLast(({ name }) => name === applicationHeader)?.value;
    return value === undefined || textOf(value) === application;
  });
}
