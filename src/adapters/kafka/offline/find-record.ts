/** Finds an input record by key and time, in one partition or in all partitions. */
import { UndercurrentError } from "../../../errors/errors.js";
import type { InputRecord } from "../../../pipeline/ports.js";
import { kafkaDefaults } from "../defaults.js";
import { brokerError } from "../errors.js";
import type { KafkaOptions } from "../options.js";
import { readUpTo } from "../source/restore.js";
import { EphemeralConsumer } from "../consumer/ephemeral-consumer.js";

export interface FoundRecord {
  readonly partition: number;
  readonly offset: number;
}

/**
 * `prepare` sees the records of a batch before they are judged. Returns the last accepted record of each partition, in order of the partitions; partitions without one are left out. Throws
 * TOPIC_MISSING, BROKER_UNREACHABLE, RESTORE_STALLED, and SETTING_INVALID for a missing partition.
 */
export async function findLast(
  options: KafkaOptions,
  partition: number | undefined,
  accepts: (record: InputRecord) => boolean,
  prepare: (records: readonly InputRecord[]) => Promise<void> | undefined = () => undefined,
): Promise<readonly FoundRecord[]> {
  const { topics, restoreStallMs = kafkaDefaults.restoreStallMs } = options;
  const consumer = new EphemeralConsumer(options, topics.input, () => undefined);
  try {
    const watermarks = await consumer.begin();
    const searched = watermarks.filter((marks) => partition === undefined || marks.partition === partition);
    if (searched.length === 0) {
      throw new UndercurrentError("SETTING_INVALID", `topic ${topics.input} has no partition ${partition}`);
    }
    const found: FoundRecord[] = [];
    for (const { partition: number, low, high } of searched) {
      if (low >= high) continue;
      const feed = consumer.feed(number, low);
      let offset = -1;
      const origin = `topic ${topics.input}, partition ${number}`;
      for await (const { records } of readUpTo(high, feed, restoreStallMs, origin)) {
        await prepare(records);
        for (const record of records) if (accepts(record)) offset = record.offset;
      }
      if (offset >= 0) found.push({ partition: number, offset });
    }
    return found;
  } catch (error) {
    throw brokerError(error, `reading topic ${topics.input}`);
  } finally {
    await consumer.end();
  }
}
