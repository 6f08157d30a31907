/** The command `topics create`: the topics of the configuration, as they have to be. */
import { Command } from "commander";
import { withAdmin } from "../adapters/kafka/admin/admin.js";
import { createTopics } from "../adapters/kafka/admin/create.js";
import { loadConfig } from "../config/load.js";
import { reachedBrokers } from "./kafka-options.js";
import { addTimeoutOption, wholeNumberFrom, type TimeoutFlag } from "./options.js";

interface CreateFlags extends TimeoutFlag {
  readonly config?: string;
  readonly partitions?: number;
  readonly replicationFactor?: number;
}

const notes = `
Forecasts, dead letters and state get as many partitions as the input has, and as many copies of each; the state topic
is compacted. Every other setting of a topic is the brokers' default. The input is made only with --partitions. What
exists is left as it is; where it does not fit, nothing is made.`;

export function topicsCommand(): Command {
  const create = addTimeoutOption(new Command("create"))
    .description("make the topics that are missing")
    .option("-c, --config <file>", "configuration, a YAML file")
    .option(
      "--partitions <count>",
      "make the input too, with so many partitions",
      wholeNumberFrom(1, 100_000),
    )
    .option(
      "--replication-factor <count>",
      "copies of each partition of what is made",
      wholeNumberFrom(1, 32_767),
    )
    .addHelpText("after", notes)
    .action(createThem);
  return new Command("topics").description("the topics of a configuration").addCommand(create);
}

async function createThem(flags: CreateFlags): Promise<void> {
  const { config, partitions, replicationFactor } = flags;
  const options = await reachedBrokers(loadConfig(config, process.env).settings, flags);
  const topics = await withAdmin(options, (admin) =>
    createTopics(admin, options.topics, { partitions, replicationFactor }),
  );
  for (const { topic, partitions: count, created } of topics) {
    process.stdout.write(`${created ? "created" : "exists "}  ${topic}, ${count} partitions\n`);
  }
}
