/** Produces the input of a chaos run at an even pace, and counts what it produced. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Producer } from "kafkajs";
import { createClient, patientRetry } from "../../src/adapters/kafka/kafkajs/client.js";
import type { InputRecord } from "../../src/pipeline/ports.js";

/** Records of one partition for one request, and the milliseconds between two requests. */
export interface Pace {
  readonly burst: number;
  readonly period: number;
}

const usualPace: Pace = { burst: 10, period: 50 };

export class Feed {
  /** Records of each partition that are in the log. */
  readonly produced: number[];
  readonly #producer: Producer;
  readonly #topic: string;
  readonly #inputs: readonly Iterator<InputRecord, never>[];
  readonly #pace: Pace;
  readonly #stop = new AbortController();
  #flowing: Promise<void> = Promise.resolve();
  /** The request under way, and what the next one waits for. */
  #sending: Promise<unknown> = Promise.resolve();
  #gate: Promise<unknown> = Promise.resolve();

  constructor(
    brokers: readonly string[],
    topic: string,
    inputs: readonly Iterator<InputRecord, never>[],
    pace = usualPace,
  ) {
    // Idempotent, so that a request that is repeated leaves its records once.
    this.#producer = createClient({ bootstrapServers: brokers }, patientRetry).producer({
      idempotent: true,
      allowAutoTopicCreation: false,
    });
    this.#topic = topic;
    this.#pace = pace;
    this.#inputs = inputs;
    this.produced = inputs.map(() => 0);
  }

  async start(): Promise<void> {
    await this.#producer.connect();
    this.#flowing = this.#flow();
    // Whoever stops it hears of a failure.
    this.#flowing.catch(() => undefined);
  }

  /**
   * Nothing is sent while this runs: a request that a restart cuts off makes kafkajs number the next one as a repetition,
   * which the broker drops.
   */
  async during(run: () => Promise<void>): Promise<void> {
    const running = this.#sending.then(run);
    this.#gate = running;
    await running;
  }

  /** Resolves when everything that was produced is in the log. */
  async stop(): Promise<void> {
    this.#stop.abort();
    try {
      await this.#flowing;
    } finally {
      await this.#producer.disconnect();
    }
  }

  async #flow(): Promise<void> {
    const { signal } = this.#stop;
    const { burst, period } = this.#pace;
    while (!signal.aborted) {
      await this.#gate;
      const records = this.#inputs.map((input) => Array.from({ length: burst }, () => input.next().value));
      this.#sending = Promise.all(records.map((some, partition) => this.#send(some, partition)));
      await this.#sending;
      records.forEach(({ length }, partition) => (this.produced[partition]! += length));
      await sleep(period, undefined, { signal }).catch(() => undefined);
    }
  }

  /** One partition a request: of one to several, kafkajs loses or doubles records where a leader changes meanwhile. */
  async #send(records: readonly InputRecord[], partition: number): Promise<void> {
    await this.#producer.send({
      topic: this.#topic,
      acks: -1,
      messages: records.map(({ key, value, headers, timestamp }) => ({
        partition,
        key: key && Buffer.from(key),
        value: value && Buffer.from(value),
        headers: Object.fromEntries(headers.map((header) => [header.name, Buffer.from(header.value)])),
        timestamp: String(timestamp),
      })),
    });
  }
}
