/** Creates the intermediate topic of a repartition, and deletes its records that no recovery needs. */
import { setTimeout as sleep } from "node:timers/promises";
import { UndercurrentError } from "../../../errors/errors.js";
import type { RepartitionBy } from "../../../pipeline/repartition/repartition.js";
import { every } from "../every.js";
import { intermediateTopic } from "../inputs.js";
import type { KafkaOptions, ServiceOptions } from "../options.js";
import { withAdmin } from "./admin.js";
import { eachInput } from "./each-input.js";
import { partitionWatermarks, topicShapes } from "./topics.js";

export interface IntermediateOptions {
  readonly by: RepartitionBy;
  /** Default: the most partitions of an input topic. */
  readonly partitions?: number | undefined;
}

export interface IntermediateTopic {
  readonly topic: string;
  readonly partitions: number;
  readonly created: boolean;
}

/**
 * Records keep their timestamps, which may be old: by a retention in time they could be deleted before they are read. `IntermediatePurge`
 * deletes what is behind the snapshots.
 */
const settings = [
  { name: "cleanup.policy", value: "delete" },
  { name: "retention.ms", value: "-1" },
];

/** The intermediate topic as it is, or as a start creates it. */
export interface PlannedIntermediate {
  readonly topic: string;
  readonly partitions: number;
  readonly exists: boolean;
  /** Of an input topic. */
  readonly replicationFactor: number;
  /** The input topics before the repartition. */
  readonly inputs: readonly string[];
}

/**
 * Says what the intermediate topic is, or will be.
 *
 * @param options Input topics before the repartition.
 * @throws TOPIC_MISSING if an input topic is missing; TOPIC_MISMATCH if the topic exists with another number of partitions, or if inputs
 *   that share models by partition number have different numbers.
 */
export async function planIntermediate(
  options: ServiceOptions,
  { by, partitions: wanted }: IntermediateOptions,
): Promise<PlannedIntermediate> {
  const topic = intermediateTopic(options.applicationId);
  const inputs = (await eachInput(options))
    .map(({ topics }) => topics.input)
    .filter((name) => name !== topic);
  return withAdmin(options, async (admin) => {
    const shapes = await topicShapes(admin, [...inputs, topic]);
    const missing = inputs.filter((input) => !shapes.has(input));
    if (missing.length > 0)
      throw new UndercurrentError("TOPIC_MISSING", `the brokers have no topic ${missing.join(", ")}`);
    const counts = inputs.map((input) => shapes.get(input)!.partitions);
    const most = Math.max(...counts);
    const different = inputs.find((_, index) => counts[index] !== most);
    if (by === "partition" && different !== undefined) {
      const found = shapes.get(different)!.partitions;
      throw mismatch(
        different,
        found,
        `${most} as in the other input topics (topics.repartition: partition)`,
      );
    }
    const expected = by === "partition" ? most : wanted;
    const existing = shapes.get(topic)?.partitions;
    if (existing !== undefined && expected !== undefined && existing !== expected) {
      throw mismatch(topic, existing, String(expected));
    }
    const { replicationFactor } = shapes.get(inputs[0]!)!;
    const partitions = existing ?? expected ?? most;
    return { topic, partitions, exists: existing !== undefined, replicationFactor, inputs };
  });
}

/** Creates the intermediate topic if there is none. Throws as `planIntermediate` does. */
export async function createIntermediate(
  options: ServiceOptions,
  wanted: IntermediateOptions,
): Promise<IntermediateTopic> {
  const { topic, partitions, exists, replicationFactor } = await planIntermediate(options, wanted);
  if (exists) return { topic, partitions, created: false };
  return withAdmin(options, async (admin) => {
    const created = await admin.createTopics({
      waitForLeaders: false,
      topics: [{ topic, numPartitions: partitions, replicationFactor, configEntries: settings }],
    });
    while (!(await topicShapes(admin, [topic])).has(topic)) await sleep(50);
    return { topic, partitions, created };
  });
}

function mismatch(topic: string, found: number, expected: string): UndercurrentError {
  return new UndercurrentError(
    "TOPIC_MISMATCH",
    `topic ${topic} has ${found} partitions, expected ${expected}`,
  );
}

/** Time between two deletions, in ms: that of Kafka Streams (repartition.purge.interval.ms). */
const period = 30_000;

/** Deletes the records of the intermediate topic that stand before durable snapshots. */
export class IntermediatePurge {
  readonly #options: KafkaOptions;
  readonly #waiting = new Map<number, number>();
  readonly #ending = new AbortController();
  readonly #loop: Promise<void>;
  #isRefused = false;

  /** @param options Options whose input is the intermediate topic. */
  constructor(options: KafkaOptions) {
    this.#options = options;
    this.#loop = every(period, this.#ending.signal, () => this.purge());
  }

  /** A snapshot of this offset is durable: no recovery reads earlier records. */
  add(partition: number, offset: number): void {
    this.#waiting.set(partition, offset);
  }

  async close(): Promise<void> {
    this.#ending.abort();
    await this.#loop;
  }

  /** Deletes now what waits. Never rejects: a deletion is tried again after the next snapshot. */
  async purge(): Promise<void> {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    if (waiting.length === 0) return;
    const topic = this.#options.topics.input;
    try {
      await withAdmin(this.#options, async (admin) => {
        // The client deletes nothing of a topic that it has not asked for yet.
        const marks = await partitionWatermarks(admin, topic);
        const partitions = waiting
          .filter(([partition, offset]) => offset > (marks[partition]?.low ?? Infinity))
          .map(([partition, offset]) => ({ partition, offset: String(offset) }));
        if (partitions.length > 0) await admin.deleteTopicRecords({ topic, partitions });
      });
      this.#isRefused = false;
    } catch (error) {
      const message = `topic ${topic}: records behind the snapshots cannot be deleted: ${(error as Error).message}`;
      if (!this.#isRefused) this.#options.log?.({ level: "warn", message, fields: { topic } });
      this.#isRefused = true;
    }
  }
}
