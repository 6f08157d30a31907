/** The command `seed`: writes sample series to the input topic, to try the service. */
import { Command } from "commander";
import { once } from "node:events";
import type { Message } from "kafkajs";
import { sampleSeries } from "../adapters/files/sample-series.js";
import { given } from "../adapters/kafka/client-options.js";
import { createClient, patientRetry } from "../adapters/kafka/kafkajs/client.js";
import { brokerError } from "../adapters/kafka/errors.js";
import { loadConfig } from "../config/load.js";
import { addInputOption, withSource, type InputFlag } from "./shared/inputs.js";
import { reachedBrokers } from "./shared/kafka-options.js";
import { addTimeoutOption, positiveNumber, type TimeoutFlag } from "./shared/options.js";
import { streamSamples } from "./shared/samples.js";
import { stopSignal } from "./shared/signals.js";

interface SeedFlags extends TimeoutFlag, InputFlag {
  readonly config?: string;
  readonly speed: number;
}

const notes = `
Writes the series of \`demo\` to the input topic as {"value": ...}, with the name of the series as key: weather and stock
prices faster than real time (from the npm package vega-datasets, if installed), and this host's processor, memory and
load. The records carry the current time. SIGINT or SIGTERM ends the command.`;

export function seedCommand(): Command {
  return addInputOption(addTimeoutOption(new Command("seed")))
    .description("write sample series to the input topic, to try the service")
    .option("-c, --config <file>", "YAML file with the configuration")
    .option("--speed <values>", "replay speed, in values per second and series", positiveNumber, 5)
    .addHelpText("after", notes)
    .action(seed);
}

async function seed({ config, speed, timeout, ...chosen }: SeedFlags): Promise<void> {
  const options = await reachedBrokers(withSource(loadConfig(config, process.env).settings, chosen), {
    timeout,
  });
  const { input } = options.topics;
  const stopped = stopSignal();
  const producer = createClient(options, patientRetry).producer({
    ...given(options.clientOptions?.producer),
    allowAutoTopicCreation: false,
  });
  const failed = new AbortController();
  let failure: unknown;
  try {
    await producer.connect();
    let messages: Message[] = [];
    let sending = Promise.resolve();
    const stop = streamSamples(sampleSeries() ?? [], speed, {
      take: (key, _time, value) => {
        messages.push({ key, value: JSON.stringify({ value: Number.isNaN(value) ? null : value }) });
      },
      flush: () => {
        const batch = messages;
        messages = [];
        if (batch.length === 0) return;
        sending = sending
          .then(async () => {
            await producer.send({ topic: input, messages: batch });
          })
          .catch((error: unknown) => {
            failure ??= error;
            failed.abort();
          });
      },
    });
    process.stdout.write(`writing to ${input} (Ctrl-C ends)\n`);
    const end = AbortSignal.any([stopped, failed.signal]);
    if (!end.aborted) await once(end, "abort");
    stop();
    await sending;
  } catch (error) {
    failure ??= error;
  } finally {
    await producer.disconnect().catch(() => undefined);
  }
  if (failure !== undefined) throw brokerError(failure, `topic ${input}`);
}
