/** Topics of readings for the Kafka bench, and the topics that the pipeline needs beside them. */
import type { KafkaOptions } from "../../src/adapters/kafka/index.js";
import { uniform } from "../../src/engine/random.js";
import type { TestBroker, TestMessage } from "../support/broker-client.js";

const begin = Date.UTC(2026, 0, 1);
const burst = 5000;

/** Where the pipeline finds value and time in the readings. */
export const decode = { value: "value", time: "time" };

/** Further readings of `keys` keys in turn, one every `spacing` ms, as JSON: random walks of two decimals. */
export function readingSource(
  keys: number,
  seed: number,
  first = 0,
  spacing = 10,
): (count: number) => TestMessage[] {
  const random = uniform(seed);
  const levels = Array.from({ length: keys }, () => 100 * random());
  let next = first;
  const reading = (): TestMessage => {
    const k = next % keys;
    levels[k]! += random() - 0.5;
    const time = new Date(begin + spacing * next++).toISOString();
    return {
      key: `sensor-${k}`,
      value: JSON.stringify({ time, value: Number(levels[k]!.toFixed(2)), unit: "celsius" }),
    };
  };
  return (count) => Array.from({ length: count }, reading);
}

/** The first readings of such a source. */
export function readings(count: number, keys: number, seed: number, first = 0): TestMessage[] {
  return readingSource(keys, seed, first)(count);
}

export async function append(
  broker: TestBroker,
  topic: string,
  partition: number,
  messages: readonly TestMessage[],
): Promise<void> {
  for (let i = 0; i < messages.length; i += burst) {
    await broker.produce(topic, partition, messages.slice(i, i + burst));
  }
}

/** Topics for the output of one application, which reads `input`. */
export async function outputTopics(
  broker: TestBroker,
  input: string,
  partitions: number,
): Promise<KafkaOptions> {
  const application = broker.name("bench");
  const topics = {
    input,
    forecasts: `${application}-forecasts`,
    state: `${application}-state`,
    deadLetters: `${application}-dead-letters`,
  };
  await broker.createTopic(topics.forecasts, { partitions });
  await broker.createTopic(topics.deadLetters, { partitions });
  await broker.createTopic(topics.state, { partitions, settings: { "cleanup.policy": "compact" } });
  return { bootstrapServers: broker.brokers, applicationId: application, topics };
}
