/** Opens the consumer port on the client that the options name. */
import { kafkaDefaults } from "../defaults.js";
import type { KafkaOptions } from "../options.js";
import { createKafkajsConsumer } from "./consumer-kafkajs.js";
import { PlatformaticConsumer } from "./consumer-platformatic.js";
import type { ConsumerConfig, TopicConsumer } from "./consumer.js";

/** Creates a consumer. Nothing connects before `start`. */
export function createConsumer(options: KafkaOptions, config: ConsumerConfig): TopicConsumer {
  const { client = kafkaDefaults.client } = options;
  return client === "platformatic"
    ? new PlatformaticConsumer(options, config)
    : createKafkajsConsumer(options, config);
}
