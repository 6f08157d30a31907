/** Reads the topic of the incidents, or of the candidate's, from its beginning to its current end, in one partition or in all partitions. */
import { UndercurrentError } from "../../../errors/errors.js";
import { kafkaDefaults } from "../defaults.js";
import { brokerError } from "../errors.js";
import type { KafkaOptions } from "../options.js";
import { readUpTo } from "../source/restore.js";
import { EphemeralConsumer } from "../consumer/ephemeral-consumer.js";
import type { InputRecord } from "../../../pipeline/ports.js";

/** Which records to read. */
export interface IncidentRange {
  /** Default: all partitions. */
  readonly partition?: number | undefined;
  /** Reads the candidate's incidents instead of the live model's. Default: false. */
  readonly isCandidate?: boolean | undefined;
}

/**
 * Gives every record of the range to `take`, partition by partition, in order, after a wait for what `prepare` fetches. Reads
 * as another group, which it deletes, and writes nothing. Throws SETTING_INVALID without such a topic or partition, TOPIC_MISSING, BROKER_UNREACHABLE, RESTORE_STALLED.
 */
export async function readIncidents(
  options: KafkaOptions,
  { partition, isCandidate = false }: IncidentRange,
  take: (record: InputRecord, partition: number) => void,
  prepare?: (records: readonly InputRecord[]) => Promise<void> | undefined,
): Promise<void> {
  const { topics, restoreStallMs = kafkaDefaults.restoreStallMs } = options;
  const topic = isCandidate ? topics.candidateIncidents : topics.incidents;
  if (topic === undefined) {
    throw new UndercurrentError(
      "SETTING_INVALID",
      isCandidate
        ? "topics.candidateIncidents is not set, so the service writes no incidents of a candidate"
        : `topics.incidents is not set, so the service writes no incidents${topics.candidateIncidents === undefined ? "" : "; --candidate reads those of topics.candidateIncidents"}`,
    );
  }
  const consumer = new EphemeralConsumer(options, topic, () => undefined);
  try {
    const watermarks = await consumer.begin();
    const searched = watermarks.filter((marks) => partition === undefined || marks.partition === partition);
    if (searched.length === 0) {
      throw new UndercurrentError("SETTING_INVALID", `topic ${topic} has no partition ${partition}`);
    }
    for (const { partition: number, low, high } of searched) {
      if (low >= high) continue;
      const origin = `topic ${topic}, partition ${number}`;
      for await (const batch of readUpTo(high, consumer.feed(number, low), restoreStallMs, origin)) {
        await prepare?.(batch.records);
        for (const record of batch.records) take(record, number);
      }
    }
  } catch (error) {
    throw brokerError(error, `reading topic ${topic}`);
  } finally {
    await consumer.end();
  }
}
