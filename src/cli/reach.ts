/** Options of the brokers, once they have answered. */
import { reachBrokers } from "../adapters/kafka/admin/reach.js";
import type { KafkaOptions } from "../adapters/kafka/options.js";
import type { Config } from "../config/schema.js";
import { kafkaOptions } from "./kafka-options.js";
import type { TimeoutFlag } from "./options.js";

/** The longest wait that a timer can hold, in seconds. */
const longest = 2_000_000;

/**
 * The options of a configuration. Says on standard error which brokers it waits for where they take more than 2 s, and
 * throws BROKER_UNREACHABLE after the timeout.
 */
export async function reachedBrokers(settings: Config, { timeout }: TimeoutFlag): Promise<KafkaOptions> {
  const options = kafkaOptions(settings);
  await reachBrokers(options, {
    timeoutMs: 1000 * Math.min(timeout, longest),
    report: (line) => process.stderr.write(`${line}\n`),
  });
  return options;
}
