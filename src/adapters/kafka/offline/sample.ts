/** Reads a bounded sample of the input without writing, also while the service runs. */
import type { InputRecord } from "../../../pipeline/ports.js";
import { brokerError } from "../errors.js";
import { EphemeralConsumer } from "./ephemeral-consumer.js";
import type { KafkaOptions } from "../options.js";
import { toInputBatch } from "../source/records.js";
import type { Feed } from "../source/feed.js";
import type { Watermarks } from "../admin/topics.js";

export interface SampleLimits {
  /** Newest records of each partition that are read at most. */
  readonly records: number;
  /** Partitions that are read at most, spread evenly. */
  readonly partitions: number;
  /** Milliseconds after which what has come is taken for all. */
  readonly timeoutMs: number;
}

export const sampleLimits: SampleLimits = { records: 200, partitions: 64, timeoutMs: 10_000 };

/** Bytes that are fetched ahead of each partition's sample. */
const fetchBytes = 262_144;

/**
 * Gives `take` the newest records of the input topic, partition by partition as they come. Throws TOPIC_MISSING,
 * ACCESS_DENIED and BROKER_UNREACHABLE.
 *
 * @returns whether every partition was read to its end in time
 */
export async function sampleInput(
  options: KafkaOptions,
  take: (partition: number, record: InputRecord) => void,
  limits: SampleLimits = sampleLimits,
): Promise<boolean> {
  const { input } = options.topics;
  let failure: Error | undefined;
  const consumer = new EphemeralConsumer(
    { ...options, maxPartitionFetchBytes: fetchBytes },
    input,
    (error) => (failure = error),
  );
  const feeds: Feed[] = [];
  let timer: NodeJS.Timeout | undefined;
  try {
    const filled = (await consumer.begin()).filter(({ low, high }) => low < high);
    const chosen = evenly(filled, limits.partitions);
    timer = setTimeout(() => feeds.forEach((feed) => feed.close()), limits.timeoutMs);
    const read = async ({ partition, low, high }: Watermarks): Promise<boolean> => {
      const feed = consumer.feed(partition, Math.max(low, high - limits.records));
      feeds.push(feed);
      let count = 0;
      for (let batch = await feed.take(); batch !== undefined; batch = await feed.take()) {
        for (const record of toInputBatch(batch).records) {
          if (count++ < limits.records) take(partition, record);
        }
        if (batch.nextOffset >= high || count >= limits.records) {
          feed.close();
          return true;
        }
      }
      return false;
    };
    const ends = await Promise.all(chosen.map(read));
    if (failure !== undefined) throw failure;
    return ends.every((end) => end) && chosen.length === filled.length;
  } catch (error) {
    throw brokerError(error, `reading a sample of topic ${input}`);
  } finally {
    clearTimeout(timer);
    await consumer.end();
  }
}

function evenly<T>(items: readonly T[], most: number): readonly T[] {
  if (items.length <= most) return items;
  return Array.from({ length: most }, (_, i) => items[Math.floor((i * items.length) / most)]!);
}
