/** Creates the missing topics of a pipeline. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Admin, ITopicConfig } from "kafkajs";
import { UndercurrentError } from "../../../errors/errors.js";
import type { KafkaTopics } from "../options.js";
import { checkCompaction, statePolicy, topicShapes, type TopicShape } from "./topics.js";

export interface CreateOptions {
  /** Partitions of the input, where it is to be made too. */
  readonly partitions?: number | undefined;
  /** Copies of each partition of what is made; default that of the input, or of the brokers where it is made too. */
  readonly replicationFactor?: number | undefined;
}

export interface CreatedTopic {
  readonly topic: string;
  readonly partitions: number;
  /** Whether it was made now, or existed and fits. */
  readonly created: boolean;
}

/** The brokers' own default.replication.factor. */
const brokersDefault = -1;

/**
 * Makes the topics for forecasts, dead letters and state with as many partitions as the input, and the input only where
 * its partitions are given. What exists is left as it is. To be repeated at will.
 *
 * Throws TOPIC_MISSING where there is no input and nobody said how many partitions it gets, and TOPIC_MISMATCH, before
 * anything is made, where a topic that exists does not fit.
 *
 * @returns the topics in the order input, forecasts, dead letters, state
 */
export async function createTopics(
  admin: Admin,
  topics: KafkaTopics,
  { partitions, replicationFactor }: CreateOptions = {},
): Promise<readonly CreatedTopic[]> {
  const { input, forecasts, state, deadLetters } = topics;
  const names = [input, forecasts, ...(deadLetters === undefined ? [] : [deadLetters]), state];
  const existing = await topicShapes(admin, names);
  const shape = inputShape(input, existing.get(input), partitions);
  for (const topic of [forecasts, state]) {
    const found = existing.get(topic)?.partitions ?? shape.partitions;
    if (found !== shape.partitions) throw mismatch(topic, found, `the input has ${shape.partitions}`);
  }
  if (existing.has(state)) await checkCompaction(admin, state, undefined);
  const missing = names.filter((topic) => !existing.has(topic));
  if (missing.length > 0) {
    await admin.createTopics({
      // The client's own wait fails where a broker has not yet heard of what the controller just made.
      waitForLeaders: false,
      topics: missing.map((topic): ITopicConfig => ({
        topic,
        numPartitions: shape.partitions,
        replicationFactor: replicationFactor ?? shape.replicationFactor,
        // Everything else is the brokers' to say, and their operator's.
        ...(topic === state && { configEntries: [{ name: "cleanup.policy", value: statePolicy }] }),
      })),
    });
    await untilKnown(admin, missing);
  }
  return names.map((topic) => ({
    topic,
    partitions: existing.get(topic)?.partitions ?? shape.partitions,
    created: missing.includes(topic),
  }));
}

/** So that whoever comes next finds them. The client's attempts to reach the brokers are what ends it otherwise. */
async function untilKnown(admin: Admin, names: readonly string[]): Promise<void> {
  while ((await topicShapes(admin, names)).size < names.length) await sleep(50);
}

function inputShape(input: string, found: TopicShape | undefined, requested: number | undefined): TopicShape {
  if (found === undefined) {
    if (requested !== undefined) return { partitions: requested, replicationFactor: brokersDefault };
    throw new UndercurrentError(
      "TOPIC_MISSING",
      `the brokers have no input topic ${input} (topics.input): check the name, create the topic, or pass --partitions to create it`,
    );
  }
  if (requested !== undefined && requested !== found.partitions) {
    throw mismatch(input, found.partitions, `${requested} are wanted`);
  }
  return found;
}

function mismatch(topic: string, found: number, reason: string): UndercurrentError {
  return new UndercurrentError("TOPIC_MISMATCH", `topic ${topic} has ${found} partitions where ${reason}`);
}
