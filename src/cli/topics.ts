/** The command `topics create`: creates the missing topics of a configuration. */
import { Command } from "commander";
import { withAdmin } from "../adapters/kafka/admin/admin.js";
import { createIntermediate } from "../adapters/kafka/admin/intermediate-topic.js";
import { namedInputs } from "../adapters/kafka/inputs.js";
import { eachInput } from "../adapters/kafka/admin/each-input.js";
import { createInput, createTopics, type CreatedTopic } from "../adapters/kafka/admin/create.js";
import { loadConfig } from "../config/load.js";
import { byOf, forecasting } from "./shared/inputs.js";
import { kafkaOptions, reachedBrokers } from "./shared/kafka-options.js";
import { addTimeoutOption, wholeNumberFrom, type TimeoutFlag } from "./shared/options.js";

interface CreateFlags extends TimeoutFlag {
  readonly config?: string;
  readonly partitions?: number;
  readonly replicationFactor?: number;
}

const notes = `
The topics for forecasts, incidents, dead letters and state get the input's number of partitions and replicas; the state topic is
compacted. All other topic settings keep the brokers' defaults. The input topic is created only with --partitions.
Existing topics stay unchanged; if one does not fit, no topic is created.`;

export function topicsCommand(): Command {
  const create = addTimeoutOption(new Command("create"))
    .description("create the missing topics")
    .option("-c, --config <file>", "YAML file with the configuration")
    .option(
      "--partitions <count>",
      "also create the input topic, with this number of partitions",
      wholeNumberFrom(1, 100_000),
    )
    .option(
      "--replication-factor <count>",
      "replicas of each partition of the created topics",
      wholeNumberFrom(1, 32_767),
    )
    .addHelpText("after", notes)
    .action(createThem);
  return new Command("topics").description("create the topics of a configuration").addCommand(create);
}

async function createThem(flags: CreateFlags): Promise<void> {
  const { config, partitions, replicationFactor } = flags;
  const { settings } = loadConfig(config, process.env);
  const options = await reachedBrokers(settings, flags);
  const told = new Set<string>();
  const tell = ({ topic, partitions: count, created }: CreatedTopic): void => {
    if (told.has(topic)) return;
    told.add(topic);
    process.stdout.write(`${created ? "created" : "exists "}  ${topic}, ${count} partitions\n`);
  };
  const { repartition, repartitionPartitions } = settings.topics;
  if (repartition !== false) {
    for (const name of partitions === undefined ? [] : (namedInputs(options.topics.input) ?? [])) {
      tell(await withAdmin(options, (admin) => createInput(admin, name, { partitions, replicationFactor })));
    }
    tell(await createIntermediate(options, { by: byOf(repartition), partitions: repartitionPartitions }));
  }
  const isSource = repartition === false;
  for (const { topics } of await eachInput(kafkaOptions(forecasting(settings)))) {
    const wanted = { partitions: isSource ? partitions : undefined, replicationFactor };
    const found = await withAdmin(options, (admin) => createTopics(admin, topics, wanted));
    found.forEach(tell);
  }
}
