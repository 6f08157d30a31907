/** The ports of a dry run: the input as it is, forecasts as JSON lines on standard output, and nothing on the brokers. */
import { TextOutput } from "../../adapters/files/text-output.js";
import { kafkaBystander, type KafkaOptions, type KafkaPorts } from "../../adapters/kafka/index.js";

/**
 * What the forecasts topic would get, a line for each record, from the first record that the input holds to what is its
 * last at the start. What else a commit holds (dead letters, snapshot, offset) goes nowhere.
 */
export function dryRunPorts(options: KafkaOptions): KafkaPorts {
  const bystander = kafkaBystander(options);
  const output = TextOutput.toStandardOutput();
  return {
    ...bystander,
    committer: {
      async commit(_, { forecasts }) {
        for (const { value } of forecasts) output.write(`${Buffer.from(value!).toString()}\n`);
        output.flush();
        await output.drained();
      },
    },
  };
}
