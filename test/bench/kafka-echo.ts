/**
 * The peer of the Kafka bench: the least that a read-process-write loop on bare kafkajs does, exactly once. It parses
 * each record, writes it again, and commits output and offset in one transaction of as many records as ours. As ours it
 * has a transactional producer for each partition and works on all partitions at once, fetches as much at a time, and
 * retries quickly instead of sleeping for the client's default 300 ms in every transaction.
 */
import type { EachBatchPayload, Producer } from "kafkajs";
import { createClient, patientRetry, transactionRetry } from "../../src/adapters/kafka/kafkajs/client.js";

export interface EchoOptions {
  readonly brokers: readonly string[];
  readonly group: string;
  readonly input: string;
  readonly output: string;
  readonly partitions: number;
  /** Most records of one transaction. */
  readonly maxEvents: number;
}

/** Echoes until `landed`, told the records of each commit, returns true. */
export async function echo(options: EchoOptions, landed: (records: number) => boolean): Promise<void> {
  const { brokers, group, input, output, partitions, maxEvents } = options;
  const producers: Producer[] = [];
  for (let partition = 0; partition < partitions; partition++) {
    const producer = createClient({ bootstrapServers: brokers }, transactionRetry).producer({
      transactionalId: `${group}-${partition}`,
      maxInFlightRequests: 1,
      allowAutoTopicCreation: false,
    });
    await producer.connect();
    producers.push(producer);
  }
  const consumer = createClient({ bootstrapServers: brokers }, patientRetry).consumer({
    groupId: group,
    maxBytesPerPartition: 1_048_576,
    maxWaitTimeInMs: 100,
  });

  async function eachBatch(payload: EachBatchPayload): Promise<boolean> {
    const { partition, messages } = payload.batch;
    let done = false;
    for (let begin = 0; begin < messages.length; begin += maxEvents) {
      const chunk = messages.slice(begin, begin + maxEvents);
      const transaction = await producers[partition]!.transaction();
      await transaction.send({
        topic: output,
        acks: -1,
        messages: chunk.map(({ key, value, timestamp }) => ({
          key,
          value: JSON.stringify(JSON.parse(value!.toString())),
          timestamp,
          partition,
        })),
      });
      const last = chunk.at(-1)!.offset;
      const offset = String(Number(last) + 1);
      await transaction.sendOffsets({
        consumerGroupId: group,
        topics: [{ topic: input, partitions: [{ partition, offset }] }],
      });
      await transaction.commit();
      payload.resolveOffset(last);
      await payload.heartbeat();
      done = landed(chunk.length);
    }
    return done;
  }

  await consumer.connect();
  try {
    await consumer.subscribe({ topic: input, fromBeginning: true });
    await new Promise<void>((resolve, reject) => {
      consumer.on(consumer.events.CRASH, ({ payload }) => {
        if (!payload.restart) reject(payload.error);
      });
      consumer
        .run({
          autoCommit: false,
          eachBatchAutoResolve: false,
          partitionsConsumedConcurrently: partitions,
          eachBatch: async (payload) => {
            if (await eachBatch(payload)) resolve();
          },
        })
        .catch(reject);
    });
  } finally {
    await consumer.disconnect();
    for (const producer of producers) await producer.disconnect();
  }
}
