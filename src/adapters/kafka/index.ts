/** The Kafka adapter, `undercurrent-forecast/kafka`: loading it is the only thing that loads the Kafka client. */
export { kafkaBystander, type KafkaBystander } from "./offline/read-only-source.js";
export * from "./options.js";
export { kafkaPorts, type KafkaPorts } from "./source/ports.js";
