/** Reads a bounded sample of the input without writing, also while the service runs. */
import type { InputRecord } from "../../../pipeline/ports.js";
import { brokerError } from "../errors.js";
import { EphemeralConsumer } from "../consumer/ephemeral-consumer.js";
import type { KafkaOptions } from "../options.js";
import type { Feed } from "../consumer/feed.js";
import type { Watermarks } from "../admin/topics.js";

/** Largest number of records that are read of each partition, the newest ones. */
const maxRecords = 200;
/** Largest number of partitions that are read, spread evenly. */
const maxPartitions = 64;
/** Time after which the sample ends with the records read so far, in ms. */
const timeoutMs = 10_000;
/** Bytes that are fetched ahead of each partition's sample. */
const fetchBytes = 262_144;

/**
 * Passes the newest records of the input topic to `take`, partition by partition as they arrive.
 *
 * @returns Whether every partition was read to its end in time.
 * @throws TOPIC_MISSING, ACCESS_DENIED, BROKER_UNREACHABLE.
 */
export async function sampleInput(
  options: KafkaOptions,
  take: (partition: number, record: InputRecord) => void,
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
    const chosen = evenly(filled, maxPartitions);
    timer = setTimeout(() => feeds.forEach((feed) => feed.close()), timeoutMs);
    const read = async ({ partition, low, high }: Watermarks): Promise<boolean> => {
      const feed = consumer.feed(partition, Math.max(low, high - maxRecords));
      feeds.push(feed);
      let count = 0;
      for (let batch = await feed.take(); batch !== undefined; batch = await feed.take()) {
        for (const record of batch.records) {
          if (count++ < maxRecords) take(partition, record);
        }
        if (batch.nextOffset >= high || count >= maxRecords) {
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
