/** The states that a state topic holds, read beside a service that may be running: one partition at a time. */
import { UndercurrentError } from "../../../errors/errors.js";
import type { StateRecord } from "../../../pipeline/ports.js";
import { readState, type RecordedState } from "../../../pipeline/state/state-records.js";
import { brokerError } from "../errors.js";
import type { KafkaOptions } from "../options.js";
import { restoreState } from "../source/restore.js";
import { checkPartitions, committedOffsets, partitionExtents } from "../admin/topics.js";
import { EphemeralConsumer } from "./ephemeral-consumer.js";

/** A partition's state and what is durable beside it. */
export interface PartitionStanding {
  readonly partition: number;
  /** The latest record of each key; empty where there is no state. */
  readonly records: readonly StateRecord[];
  /** What the records say; undefined where there are none; or why they are not one state. */
  readonly state: RecordedState | UndercurrentError | undefined;
  /** The committed input offset; undefined where nothing was ever committed. */
  readonly committed: number | undefined;
  /** Offsets of the input's first record, and of the next one it will get. */
  readonly earliest: number;
  readonly end: number;
}

/** Readings of a partition that is written to meanwhile before it is taken as it is. */
const mostReadings = 5;

/**
 * Reads the states of these partitions, or of all, in order. Holds one of them in memory at a time, for as long as the
 * caller does. Offsets are looked up after the state was read: a state stands for no more than is committed then.
 *
 * Throws SETTING_INVALID for a partition that there is not, TOPIC_MISSING, TOPIC_MISMATCH, RESTORE_STALLED and
 * BROKER_UNREACHABLE.
 */
export async function* readStates(
  options: KafkaOptions,
  partitions?: readonly number[],
): AsyncGenerator<PartitionStanding> {
  const { applicationId, topics } = options;
  let failure: Error | undefined;
  const visit = new EphemeralConsumer(options, topics.state, (error) => (failure = error));
  try {
    const all = (await visit.begin()).map(({ partition }) => partition);
    await checkPartitions(visit.admin, topics);
    for (const partition of partitions ?? all) {
      if (failure !== undefined) throw failure;
      if (!all.includes(partition)) {
        throw new UndercurrentError("SETTING_INVALID", `topic ${topics.state} has no partition ${partition}`);
      }
      const { records, state } = await readPartition(visit, options, partition);
      const committed = await committedOffsets(visit.admin, applicationId, topics.input);
      const extents = await partitionExtents(visit.admin, topics.input);
      const { low, high } = extents[partition]!;
      yield { partition, records, state, committed: committed.get(partition), earliest: low, end: high };
    }
  } catch (error) {
    throw brokerError(error, `reading topic ${topics.state}`);
  } finally {
    await visit.end();
  }
}

/**
 * A running service may commit a snapshot, and the broker compact the topic, while it is read: then what was read is not
 * one state. A partition that did not change meanwhile has what it has.
 */
async function readPartition(
  visit: EphemeralConsumer,
  options: KafkaOptions,
  partition: number,
): Promise<Pick<PartitionStanding, "records" | "state">> {
  const { topics, restoreStallMs = 60_000 } = options;
  const origin = `topic ${topics.state}, partition ${partition}`;
  let before = -1;
  for (let reading = 1; ; reading++) {
    const { low, high } = (await partitionExtents(visit.admin, topics.state))[partition]!;
    const feed = low < high ? visit.feed(partition, low) : undefined;
    const records = feed === undefined ? [] : await restoreState(feed, high, restoreStallMs, origin);
    try {
      return { records, state: records.length === 0 ? undefined : readState(records) };
    } catch (error) {
      if (!(error instanceof UndercurrentError)) throw error;
      if (high === before || reading === mostReadings) return { records, state: error };
      before = high;
    }
  }
}
