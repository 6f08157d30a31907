/** The topics as the brokers have them, held against what the pipeline needs. */
import type { Admin } from "kafkajs";
import { UndercurrentError } from "../../errors.js";
import type { KafkaTopics } from "./options.js";

/** Partitions of each of these topics; a topic that does not exist is left out. */
export async function partitionCounts(
  admin: Admin,
  names: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  // Asking for the metadata of a topic that does not exist may create it.
  const existing = new Set(await admin.listTopics());
  const topics = names.filter((name) => existing.has(name));
  if (topics.length === 0) return new Map();
  const metadata = await admin.fetchTopicMetadata({ topics });
  return new Map(metadata.topics.map(({ name, partitions }) => [name, partitions.length]));
}

/** The partitions of each of these topics. Throws TOPIC_MISSING where one does not exist. */
export async function requireTopics(
  admin: Admin,
  names: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const counts = await partitionCounts(admin, names);
  const missing = names.filter((name) => !counts.has(name));
  if (missing.length > 0) {
    throw new UndercurrentError("TOPIC_MISSING", `the brokers have no topic ${missing.join(", ")}`);
  }
  return counts;
}

/**
 * The number of partitions that input, forecasts and state have in common. Throws TOPIC_MISSING or TOPIC_MISMATCH.
 *
 * A forecast goes to the partition its observation came from, and a partition's state to the one of its number: with
 * other counts there would be partitions that have no place, and, worse, none that is missed.
 */
export async function checkPartitions(admin: Admin, topics: KafkaTopics): Promise<number> {
  const { input, forecasts, state, deadLetters } = topics;
  const names = [input, forecasts, state, ...(deadLetters === undefined ? [] : [deadLetters])];
  const counts = await requireTopics(admin, names);
  const count = counts.get(input)!;
  for (const name of [forecasts, state]) {
    if (counts.get(name) === count) continue;
    throw new UndercurrentError(
      "TOPIC_MISMATCH",
      `topic ${name} has ${counts.get(name)} partitions where the input topic ${input} has ${count}`,
    );
  }
  return count;
}
