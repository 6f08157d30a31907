/**
 * The bare echo on @platformatic/kafka as a process: parses each record, writes it again, and commits output and offsets in
 * one transaction of as many records as ours. Arguments: brokers, group, input, output.
 */
import { Consumer, MessagesStreamModes, Producer, type Message } from "@platformatic/kafka";
import { pipelineSettings } from "../../../src/pipeline/settings.js";

const [brokers, group, input, output] = process.argv.slice(2) as [string, string, string, string];
const { maxEvents } = pipelineSettings().commit;
// As ours: right after a transaction the brokers refuse the next one for some milliseconds.
const patience = {
  retries: 24,
  retryDelay: (_client: unknown, _operation: string, attempt: number) =>
    Math.min(1000, 3 * 2 ** (attempt - 1)),
};
const connection = { clientId: "echo", bootstrapBrokers: brokers.split(","), ...patience };
const consumer = new Consumer({ ...connection, groupId: group, highWaterMark: maxEvents });
const producer = new Producer({ ...connection, transactionalId: group, idempotent: true, acks: -1 });

async function write(messages: readonly Message[]): Promise<void> {
  const transaction = await producer.beginTransaction();
  await transaction.send({
    messages: messages.map(({ key, value, partition, timestamp }) => ({
      topic: output,
      partition,
      key,
      value: Buffer.from(JSON.stringify(JSON.parse(value.toString()))),
      timestamp,
    })),
  });
  await transaction.addConsumer(consumer);
  const last = new Map(messages.map((message) => [message.partition, message]));
  for (const message of last.values()) await transaction.addOffset(message);
  await transaction.commit();
}

// The client's own default in place of -1 is checked as the current epoch.
await (await producer.beginTransaction({ producerId: -1n, producerEpoch: -1 })).cancel();
const stream = await consumer.consume({
  topics: [input],
  autocommit: false,
  mode: MessagesStreamModes.EARLIEST,
  maxWaitTime: 100,
  maxBytes: 1_048_576,
});
let waiting: Message[] = [];
for await (const message of stream) {
  waiting.push(message);
  if (waiting.length < maxEvents && stream.readableLength > 0) continue;
  await write(waiting);
  waiting = [];
}
