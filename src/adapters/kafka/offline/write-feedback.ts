/** Writes feedback and commands to their topic, beside a running service. */
import type { ForecasterSettings } from "../../../forecast/settings.js";
import { promotionMessage } from "../../../pipeline/state/promotion.js";
import { withAdmin } from "../admin/admin.js";
import { checkPartitions, committedPositions } from "../admin/topics.js";
import { brokerError } from "../errors.js";
import { createClient, patientRetry } from "../kafkajs/client.js";
import type { KafkaOptions } from "../options.js";
import { applicationHeader } from "../owner.js";

/** A record for the owner of a partition. */
export interface FeedbackRecord {
  readonly key: string;
  readonly value: string;
  readonly partition: number;
}

/** Key of the records of promotions: a compacted topic refuses records without one. */
const promotionKey = "promote";

/** Resolves when all replicas in sync have the records. Throws BROKER_UNREACHABLE and the like. */
export async function writeFeedbackRecords(
  options: KafkaOptions,
  topic: string,
  records: readonly FeedbackRecord[],
): Promise<void> {
  const producer = createClient(options, patientRetry).producer({
    allowAutoTopicCreation: false,
    idempotent: true,
    maxInFlightRequests: 1,
    retry: patientRetry,
  });
  try {
    await producer.connect();
    const headers = { [applicationHeader]: options.applicationId };
    const messages = records.map((record) => ({ ...record, headers }));
    await producer.send({ topic, acks: -1, messages });
  } catch (error) {
    throw brokerError(error, `writing to topic ${topic}`);
  } finally {
    await producer.disconnect().catch(() => undefined);
  }
}

/**
 * Commands the owner of every partition to make the model with these settings the live one, and returns the number of partitions.
 * An owner takes that up with its next commit, and a later one where there is none. Throws TOPIC_MISSING, TOPIC_MISMATCH,
 * BROKER_UNREACHABLE and the like.
 *
 * @param topic That of feedback, which owners read.
 * @param isForced Also if the model has learned nothing.
 */
export async function commandPromotion(
  options: KafkaOptions,
  topic: string,
  model: ForecasterSettings,
  isForced = false,
): Promise<number> {
  const records = await withAdmin(options, async (admin) => {
    const partitions = await checkPartitions(admin, options.topics);
    const positions = await committedPositions(admin, options.applicationId, options.topics.input);
    return Array.from({ length: partitions }, (_, partition): FeedbackRecord => {
      const value = promotionMessage(model, positions.get(partition)?.offset, isForced);
      return { key: promotionKey, value, partition };
    });
  });
  await writeFeedbackRecords(options, topic, records);
  return records.length;
}
