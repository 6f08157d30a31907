/** Finds the applications that write a forecasts topic, from its last records. */
import { kafkaDefaults } from "../defaults.js";
import { brokerError } from "../errors.js";
import type { KafkaOptions } from "../options.js";
import { applicationHeader } from "../owner.js";
import { partitionWatermarks } from "../admin/topics.js";
import { readUpTo, textOf } from "../source/restore.js";
import { EphemeralConsumer } from "../consumer/ephemeral-consumer.js";

/** Offsets at the end of each partition that are read. */
const tailOffsets = 200;

/**
 * The applications that are named by the last records of each partition of the forecasts topic, in order of their names.
 * Records of releases before this one name none. Throws TOPIC_MISSING, RESTORE_STALLED and BROKER_UNREACHABLE.
 */
export async function forecastApplications(options: KafkaOptions): Promise<readonly string[]> {
  const { forecasts } = options.topics;
  const { restoreStallMs = kafkaDefaults.restoreStallMs } = options;
  const applications = new Set<string>();
  const consumer = new EphemeralConsumer(options, forecasts, () => undefined);
  try {
    await consumer.begin();
    for (const { partition, low, high } of await partitionWatermarks(consumer.admin, forecasts)) {
      const from = Math.max(low, high - tailOffsets);
      const origin = `topic ${forecasts}, partition ${partition}`;
      for await (const { records } of readUpTo(
        high,
        consumer.feed(partition, from),
        restoreStallMs,
        origin,
      )) {
        for (const { headers } of records) {
          const last = headers.findLast(({ name }) => name === applicationHeader);
          if (last !== undefined) applications.add(textOf(last.value));
        }
      }
    }
    return [...applications].sort();
  } catch (error) {
    throw brokerError(error, `reading topic ${forecasts}`);
  } finally {
    await consumer.end();
  }
}
