/** Reads the records of a topic within a span of time, also while it is written and without a trace. */
import { UndercurrentError } from "../../../errors/errors.js";
import type { InputRecord } from "../../../pipeline/ports.js";
import { kafkaDefaults } from "../defaults.js";
import { brokerError } from "../errors.js";
import { topicIds } from "../admin/topic-ids.js";
import type { KafkaOptions } from "../options.js";
import { readUpTo } from "../source/restore.js";
import { committedPositions } from "../admin/topics.js";
import { EphemeralConsumer } from "../consumer/ephemeral-consumer.js";

/** Part of a topic's history. */
export interface HistorySpan {
  readonly topic: string;
  /** Earliest timestamp, and the timestamp at which the history ends, in epoch milliseconds. */
  readonly from?: number | undefined;
  readonly to?: number | undefined;
}

/** One partition's part of the history. */
export interface HistoryPartition {
  readonly partition: number;
  /** Offset of the first record, and of the record after the last. */
  readonly begin: number;
  readonly end: number;
  /** Reads the records, in order. */
  read(): AsyncGenerator<readonly InputRecord[]>;
}

export interface History {
  /** Id of the topic; undefined where the brokers tell none. */
  readonly topicId: string | undefined;
  /** By number. */
  readonly partitions: readonly HistoryPartition[];
}

/**
 * Opens a topic's history and passes it to `use`. Of the application's own input, only what is committed belongs to it, or
 * everything if nothing is committed: later records are still to be forecast.
 *
 * The span is cut by the timestamps of the records: it begins with the first record at or after `from`, and ends before the
 * first record at or after `to`, in each partition.
 *
 * @throws TOPIC_MISSING, RESTORE_STALLED, ACCESS_DENIED, BROKER_UNREACHABLE.
 */
export async function withHistory<T>(
  options: KafkaOptions,
  { topic, from, to }: HistorySpan,
  use: (history: History) => Promise<T>,
): Promise<T> {
  const { applicationId, topics, restoreStallMs = kafkaDefaults.restoreStallMs } = options;
  let failure: Error | undefined;
  const consumer = new EphemeralConsumer(options, topic, (error) => (failure = error));
  try {
    const marks = await consumer.begin();
    const { admin } = consumer;
    const starting = async (time: number | undefined): Promise<ReadonlyMap<number, number>> => {
      if (time === undefined) return new Map();
      const offsets = await admin.fetchTopicOffsetsByTimestamp(topic, time);
      // Where no record is that late, the client answers with the end of the partition.
      return new Map(offsets.map(({ partition, offset }) => [partition, Number(offset)]));
    };
    const begins = await starting(from);
    const ends = await starting(to);
    const committed =
      topic === topics.input ? await committedPositions(admin, applicationId, topic) : undefined;
    const partitions = marks.map(({ partition, low, high }): HistoryPartition => {
      const end = Math.min(high, ends.get(partition) ?? high, committed?.get(partition)?.offset ?? high);
      const begin = Math.min(Math.max(low, begins.get(partition) ?? low), end);
      const origin = `topic ${topic}, partition ${partition}`;
      return {
        partition,
        begin,
        end,
        async *read() {
          if (begin >= end) return;
          for await (const batch of readUpTo(end, consumer.feed(partition, begin), restoreStallMs, origin)) {
            if (failure !== undefined) throw failure;
            yield batch.records.filter(({ offset }) => offset < end);
          }
        },
      };
    });
    const topicId = (await topicIds(admin, [topic]))?.get(topic);
    return await use({ topicId, partitions });
  } catch (error) {
    throw error instanceof UndercurrentError ? error : brokerError(error, `reading topic ${topic}`);
  } finally {
    await consumer.end();
  }
}

/**
 * Merges the partitions of a history by the timestamps of their records: at each step the partition whose next record is the
 * oldest, and the least number among equals. Each partition keeps its order.
 */
export async function* mergedHistory(
  partitions: readonly HistoryPartition[],
): AsyncGenerator<{ readonly partition: number; readonly record: InputRecord }> {
  interface Head {
    readonly partition: number;
    readonly batches: AsyncGenerator<readonly InputRecord[]>;
    records: readonly InputRecord[];
    at: number;
  }
  const heads: Head[] = [];
  const fill = async (head: Head): Promise<boolean> => {
    while (head.at >= head.records.length) {
      const next = await head.batches.next();
      if (next.done === true) return false;
      head.records = next.value;
      head.at = 0;
    }
    return true;
  };
  for (const each of partitions) {
    const head = { partition: each.partition, batches: each.read(), records: [], at: 0 };
    if (await fill(head)) heads.push(head);
  }
  while (heads.length > 0) {
    let first = 0;
    const timeOf = (index: number): number => heads[index]!.records[heads[index]!.at]!.timestamp;
    for (let i = 1; i < heads.length; i++) if (timeOf(i) < timeOf(first)) first = i;
    const head = heads[first]!;
    yield { partition: head.partition, record: head.records[head.at++]! };
    if (head.at >= head.records.length && !(await fill(head))) heads.splice(first, 1);
  }
}
