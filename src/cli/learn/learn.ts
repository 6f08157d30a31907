/** The command `learn`: learns from history in silence, and writes a state with which the service goes on. */
import { Command, InvalidArgumentError, Option } from "commander";
import { writeStateFile } from "../../adapters/files/state-file.js";
import { loadConfig } from "../../config/load.js";
import { UndercurrentError } from "../../errors/errors.js";
import { Learner } from "../../pipeline/learner.js";
import { pipelineSettings } from "../../pipeline/settings.js";
import type { ExportedState } from "../../pipeline/state/transfer.js";
import { timeReader } from "../../pipeline/times/reader.js";
import {
  addColumnOptions,
  addFileOptions,
  assertColumns,
  assertForm,
  assertRead,
} from "../backtest/form-options.js";
import { loadEngine } from "../shared/engine.js";
import { formatOf } from "../shared/decode/format.js";
import { addInputOption, withInput } from "../shared/inputs.js";
import { withoutSchema } from "../shared/output-schema.js";
import { addFeaturesOption, addTimeoutOption, wholeNumberFrom } from "../shared/options.js";
import { modelOf, pipelineOptions } from "../shared/pipeline.js";
import { Rejections } from "../shared/rejections.js";
import { plainText, whole } from "../shared/text.js";
import type { LearnContext, LearnFlags } from "./context.js";
import { learnFiles } from "./files.js";
import { learnTopic } from "./topic.js";

const notes = `
Import the state with state import, while the service is stopped: forecasts begin at the committed offset, or at the first
record of the input, with what was learned. Nothing is written to any topic. Times and retention do not matter.

--topic reads a topic of the configuration's brokers, as decode reads the input. With as many partitions as the input, each
partition learns from the one of its number. With another number, records go to partitions by their keys, merged by timestamp.
--from and --to cut by the records' timestamps. Of the service's own input, only records before the committed offset are
learned, or all if none is committed; import then resumes behind them.

Files are CSV as in backtest, or JSON lines (.jsonl, .ndjson, also .gz). A JSON line is the value of a record, read as decode
says; its member --key (default: key) is the record's key, and without decode.time its member --time (default: time) the time.
CSV with the columns that decode names is read as decode says; other CSV keys are the keys of the series. --from and --to cut by the times of the events.

Keys of files go to partitions as the Java client's default partitioner places them. If records are keyed by the first part of
a series' key, as with decode.series, that part decides; --partition-by says otherwise.`;

export function learnCommand(): Command {
  const command = addTimeoutOption(new Command("learn"))
    .description("learn from history in silence, and write a state with which the service goes on")
    .argument("[file...]", 'CSV or JSON lines, also gzipped (.gz); "-" is standard input with CSV')
    .requiredOption("-o, --out <file>", "state file to create")
    .option("-c, --config <file>", "YAML file with the configuration")
    .option("--topic <topic>", "learn from this topic instead of files")
    .option("--from <time>", "first time: epoch milliseconds or ISO 8601", instant)
    .option("--to <time>", "time at which the history ends", instant)
    .option(
      "--partitions <number>",
      "partitions of the input, for files (default: ask the brokers)",
      wholeNumberFrom(1, 100_000),
    )
    .addOption(
      new Option(
        "--partition-by <part>",
        "part of a series' key that decides its partition, for files",
      ).choices(["key", "first-part"]),
    );
  addInputOption(command);
  addColumnOptions(command);
  addFileOptions(command);
  addFeaturesOption(command, "columns");
  return command.addHelpText("after", notes).action(learn);
}

async function learn(files: readonly string[], flags: LearnFlags): Promise<void> {
  if (files.length > 0 === (flags.topic !== undefined)) {
    throw new UndercurrentError("SETTING_INVALID", "learn from files, or from a topic with --topic");
  }
  assertColumns(flags);
  assertForm(flags);
  if (files.length > 0) assertRead(files, flags, true);
  const config = withoutSchema(withInput(loadConfig(flags.config, process.env).settings, flags));
  const settings = pipelineSettings(pipelineOptions(config));
  const model = modelOf(config);
  const engine = await loadEngine(config.engine);
  const rejections = new Rejections((line) => process.stderr.write(`${line}\n`));
  const reject = rejections.add.bind(rejections);
  const context: LearnContext = {
    config,
    flags,
    settings,
    featureCount: model.featureCount,
    reject,
    newLearner: (partition, format) =>
      new Learner({
        model,
        settings,
        engine,
        format,
        origin: { topic: flags.topic ?? config.topics.input, partition },
        reject,
      }),
    format: () => formatOf(config),
  };
  const learned = await (flags.topic === undefined
    ? learnFiles(files, context)
    : learnTopic(flags.topic, context));
  rejections.summarise();
  if (learned.keys === 0) {
    throw new UndercurrentError(
      "INPUT_EMPTY",
      `${plainText(flags.topic ?? files.join(", "))}: nothing was learned`,
    );
  }
  const { applicationId: application, topics } = config;
  const head = { application, input: topics.input, partitions: learned.partitions };
  // eslint-disable-next-line @typescript-eslint/require-await -- the file takes states as they come
  const states = async function* (): AsyncGenerator<ExportedState> {
    yield* learned.states;
  };
  const bytes = await writeStateFile(flags.out, head, states());
  process.stdout.write(
    `learned ${whole(learned.events)} events of ${whole(learned.keys)} keys in ${learned.partitions} partitions, ${whole(bytes)} bytes: ${plainText(flags.out)}\n`,
  );
}

function instant(text: string): number {
  const read = timeReader({ timeUnit: "ms" }, { unit: (unit) => unit, format: "ISO 8601" }, true);
  try {
    return read(text);
  } catch {
    throw new InvalidArgumentError("It must be epoch milliseconds or ISO 8601.");
  }
}
