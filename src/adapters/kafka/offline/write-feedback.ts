/** Writes feedback on an incident to the incidents topic, beside a running service. */
import type { Feedback } from "../../../pipeline/state/feedback.js";
import { brokerError } from "../errors.js";
import { createClient, patientRetry } from "../kafkajs/client.js";
import type { KafkaOptions } from "../options.js";
import { applicationHeader } from "../owner.js";

/** A record of feedback, and the partition of the incident that it is about. */
export interface FeedbackRecord {
  readonly key: Feedback["key"];
  readonly value: string;
  readonly partition: number;
}

/** Resolves when all replicas in sync have the record. Throws BROKER_UNREACHABLE and the like. */
export async function writeFeedbackRecord(
  options: KafkaOptions,
  topic: string,
  { key, value, partition }: FeedbackRecord,
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
    await producer.send({ topic, acks: -1, messages: [{ key, value, partition, headers }] });
  } catch (error) {
    throw brokerError(error, `writing feedback to topic ${topic}, partition ${partition}`);
  } finally {
    await producer.disconnect().catch(() => undefined);
  }
}
