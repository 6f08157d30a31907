/** Exports `undercurrent-forecast/kafka`, the Kafka adapter. Only this entry loads the Kafka client. */
export { kafkaReadOnlySource, type KafkaReadOnlySource } from "./offline/read-only-source.js";
export * from "./options.js";
export { kafkaPorts, type KafkaPorts } from "./source/ports.js";
