/** Creates the missing topics of a pipeline. */
import { setTimeout as sleep } from "node:timers/promises";
import type { AdminClient, NewTopic } from "../admin-client.js";
import { UndercurrentError } from "../../../errors/errors.js";
import { optionalNames } from "../inputs.js";
import type { KafkaTopics } from "../options.js";
import { alikeTopics, checkCompaction, statePolicy, topicShapes, type TopicShape } from "./topics.js";

export interface CreateOptions {
  /** Number of partitions of the input topic, if the input is to be created too. */
  readonly partitions?: number | undefined;
  /**
   * Replicas of each created partition. Default: those of the input, or the brokers' default if the input is created too.
   */
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
 * Creates the missing topics of the settings, with as many partitions as the input. Creates the input only if its number of partitions is given. Existing topics stay unchanged, so the call can be repeated.
 *
 * @returns The topics in the order input, forecasts, incidents, feedback, candidate, its incidents, dead letters, state.
 * @throws TOPIC_MISSING if the input does not exist and its number of partitions is not given. TOPIC_MISMATCH if an existing
 *   topic does not fit; then no topic is created.
 */
export async function createTopics(
  admin: AdminClient,
  topics: KafkaTopics,
  { partitions, replicationFactor }: CreateOptions = {},
): Promise<readonly CreatedTopic[]> {
  const { input, forecasts, state, deadLetters } = topics;
  const names = [input, forecasts, ...optionalNames(topics), ...(deadLetters ? [deadLetters] : []), state];
  const existing = await topicShapes(admin, names);
  const shape = inputShape(input, existing.get(input), partitions);
  for (const topic of alikeTopics(topics)) {
    const found = existing.get(topic)?.partitions ?? shape.partitions;
    if (found !== shape.partitions) throw mismatch(topic, found, `the input has ${shape.partitions}`);
  }
  if (existing.has(state)) await checkCompaction(admin, state, undefined);
  const missing = names.filter((topic) => !existing.has(topic));
  if (missing.length > 0) {
    await admin.createTopics({
      // kafkajs' own wait fails if a broker does not know the new topic yet.
      waitForLeaders: false,
      topics: missing.map((topic): NewTopic => ({
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

/** Creates an input topic alone, if it does not exist. Throws TOPIC_MISSING without partitions, and TOPIC_MISMATCH. */
export async function createInput(
  admin: AdminClient,
  input: string,
  { partitions, replicationFactor }: CreateOptions,
): Promise<CreatedTopic> {
  const existing = (await topicShapes(admin, [input])).get(input);
  const shape = inputShape(input, existing, partitions);
  if (existing !== undefined) return { topic: input, partitions: shape.partitions, created: false };
  const copies = replicationFactor ?? shape.replicationFactor;
  await admin.createTopics({
    waitForLeaders: false,
    topics: [{ topic: input, numPartitions: shape.partitions, replicationFactor: copies }],
  });
  await untilKnown(admin, [input]);
  return { topic: input, partitions: shape.partitions, created: true };
}

/** Waits until every broker knows the topics. The client's retries limit the wait. */
async function untilKnown(admin: AdminClient, names: readonly string[]): Promise<void> {
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
