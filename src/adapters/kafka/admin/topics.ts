/** Reads the topics from the brokers and checks them against the needs of the pipeline. */
import { setTimeout as sleep } from "node:timers/promises";
import type { AdminClient } from "../admin-client.js";
import { UndercurrentError } from "../../../errors/errors.js";
import type { KafkaConnection, KafkaTopics } from "../options.js";
import { topicSettings } from "./cluster-settings.js";
import { brokerError, innermost } from "../errors.js";
import { optionalNames } from "../inputs.js";
import { readOffsetMetadata } from "../owner.js";

/** A partition as it is now: offsets of its first record, and of the next one it would get. */
export interface Watermarks {
  readonly partition: number;
  readonly low: number;
  readonly high: number;
}

/** Time for an answer after which a topic may be missing, in ms. */
const slow = 500;

/**
 * Returns every partition of a topic, by number. Throws TOPIC_MISSING at once; the client alone would retry for half a minute
 * and then report a retriable error.
 */
export async function partitionWatermarks(admin: AdminClient, topic: string): Promise<readonly Watermarks[]> {
  const answered = new AbortController();
  const asked = topicOffsets(admin, topic).finally(() => answered.abort());
  asked.catch(() => undefined);
  await sleep(slow, undefined, { signal: answered.signal }).then(
    () => requireTopics(admin, [topic]),
    () => undefined,
  );
  const offsets = await asked;
  return offsets
    .map(({ partition, low, high }) => ({ partition, low: Number(low), high: Number(high) }))
    .sort((a, b) => a.partition - b.partition);
}

/** If two refreshes of the metadata overlap, the client forgets the topic and fails with this error. */
function topicOffsets(admin: AdminClient, topic: string): ReturnType<AdminClient["fetchTopicOffsets"]> {
  return askAgain(
    () => admin.fetchTopicOffsets(topic),
    (error) => innermost(error) instanceof TypeError,
  );
}

/** The committed offset of a group in one partition. */
export interface CommittedPosition {
  readonly offset: number;
  /** Id of the topic that the offset is one of; undefined where a release before this one committed it. */
  readonly inputId: string | undefined;
}

/**
 * Returns the committed offsets of a group by partition; partitions without one are left out. If the client has forgotten the
 * topic, it asks for no partition and the answer is empty.
 */
export async function committedPositions(
  admin: AdminClient,
  group: string,
  topic: string,
  attempts?: number,
): Promise<ReadonlyMap<number, CommittedPosition>> {
  const lost = new UndercurrentError("BROKER_UNREACHABLE", `topic ${topic}: the client found no partition`);
  const partitions = await askAgain(
    async () => {
      const [offsets] = await admin.fetchOffsets({ groupId: group, topics: [topic] });
      if (offsets === undefined || offsets.partitions.length === 0) throw lost;
      return offsets.partitions;
    },
    (error) => error === lost,
    attempts,
  );
  const entries = partitions.map(({ partition, offset, metadata }) => {
    return [partition, { offset: Number(offset), inputId: readOffsetMetadata(metadata) }] as const;
  });
  return new Map(entries.filter(([, { offset }]) => offset >= 0));
}

/** Asks again after a while where an answer failed for what may be known by then. */
async function askAgain<T>(
  ask: () => Promise<T>,
  mayBeKnown: (error: unknown) => boolean,
  attempts = 5,
): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (attempts === 1 || !mayBeKnown(error)) throw error;
    await sleep(slow);
    return askAgain(ask, mayBeKnown, attempts - 1);
  }
}

/** How a topic is laid out. */
export interface TopicShape {
  readonly partitions: number;
  /** Copies of each partition. */
  readonly replicationFactor: number;
}

/** The shape of each of these topics; a topic that does not exist is left out. */
export async function topicShapes(
  admin: AdminClient,
  names: readonly string[],
): Promise<ReadonlyMap<string, TopicShape>> {
  // Asking for the metadata of a topic that does not exist may create it.
  const existing = new Set(await admin.listTopics());
  const topics = names.filter((name) => existing.has(name));
  if (topics.length === 0) return new Map();
  const metadata = await admin.fetchTopicMetadata({ topics });
  return new Map(
    metadata.topics.map(({ name, partitions }) => [
      name,
      { partitions: partitions.length, replicationFactor: partitions[0]?.replicas.length ?? 0 },
    ]),
  );
}

/**
 * Throws TOPIC_MISSING if one of these topics does not exist, ACCESS_DENIED if it is hidden. Only lists the topics: a request
 * for the metadata of some topics would make the client forget the others meanwhile.
 */
export async function requireTopics(admin: AdminClient, names: readonly string[]): Promise<void> {
  await refuseMissing(admin, names, new Set(await admin.listTopics()));
}

async function refuseMissing(
  admin: AdminClient,
  names: readonly string[],
  existing: { has(name: string): boolean },
): Promise<void> {
  const missing = names.filter((name) => !existing.has(name));
  if (missing.length === 0) return;
  for (const name of missing) await refuseHidden(admin, name);
  throw new UndercurrentError("TOPIC_MISSING", `the brokers have no topic ${missing.join(", ")}`);
}

/** What this user may not see, the brokers leave out of their list; asked for by name, they say so. */
async function refuseHidden(admin: AdminClient, name: string): Promise<void> {
  try {
    await admin.fetchTopicMetadata({ topics: [name] });
  } catch (error) {
    const answer = brokerError(error, `topic ${name}`);
    if (answer.code === "ACCESS_DENIED") throw answer;
  }
}

/**
 * Returns the number of partitions of a topic. Throws TOPIC_MISSING, or ACCESS_DENIED if the topic is hidden. The client must
 * have no other request under way: see `requireTopics`.
 */
export async function partitionCount(admin: AdminClient, topic: string): Promise<number> {
  const shapes = await topicShapes(admin, [topic]);
  await refuseMissing(admin, [topic], shapes);
  return shapes.get(topic)!.partitions;
}

/** The topics that need as many partitions as the input: records go to the partition that they came from. */
export function alikeTopics(topics: KafkaTopics): readonly string[] {
  return [topics.forecasts, ...optionalNames(topics), topics.state];
}

/**
 * The number of partitions that all topics but the dead letters have in common. Throws TOPIC_MISSING or TOPIC_MISMATCH.
 *
 * A forecast goes to the partition its observation came from, and a partition's state to the one of its number: with
 * other counts there would be partitions that have no place, and, worse, none that is missed.
 */
export async function checkPartitions(admin: AdminClient, topics: KafkaTopics): Promise<number> {
  const { input, deadLetters } = topics;
  const alike = alikeTopics(topics);
  const names = [input, ...alike, ...(deadLetters === undefined ? [] : [deadLetters])];
  const shapes = await topicShapes(admin, names);
  await refuseMissing(admin, names, shapes);
  const count = shapes.get(input)!.partitions;
  for (const name of alike) {
    if (shapes.get(name)!.partitions === count) continue;
    throw new UndercurrentError(
      "TOPIC_MISMATCH",
      `topic ${name} has ${shapes.get(name)!.partitions} partitions, expected ${count} as in the input topic ${input}`,
    );
  }
  return count;
}

/** The only cleanup policy that keeps the latest record of each key, however old, and not all that came before it. */
export const statePolicy = "compact";

/**
 * Throws TOPIC_MISMATCH unless the state topic has `cleanup.policy=compact` alone: with `delete` too, the brokers would drop
 * records of keys that have not changed for a while. If the settings cannot be read, logs a warning and continues, because the
 * pipeline does not need the right to read them otherwise.
 */
export async function checkCompaction(
  admin: AdminClient,
  state: string,
  log: KafkaConnection["log"],
): Promise<void> {
  const settings = await topicSettings(admin, state, ["cleanup.policy"]);
  if (typeof settings === "string") {
    const message = `cannot check that topic ${state} has cleanup.policy=compact: ${settings}`;
    log?.({ level: "warn", message, fields: { topic: state } });
    return;
  }
  const policy = settings.get("cleanup.policy");
  if (policy === statePolicy) return;
  throw new UndercurrentError(
    "TOPIC_MISMATCH",
    `the state topic ${state} has cleanup.policy=${policy}, expected ${statePolicy}`,
  );
}
