/** The command `state`: inspects, exports, imports and resets the saved state. */
import { Command, Option } from "commander";
import { openStateFile, writeStateFile } from "../../adapters/files/state-file.js";
import { withAdmin } from "../../adapters/kafka/admin/admin.js";
import { importStates, resetStates, type Moved } from "../../adapters/kafka/offline/move-states.js";
import { readStates, refuseUnusable } from "../../adapters/kafka/offline/states.js";
import { namedInputs } from "../../adapters/kafka/inputs.js";
import { checkPartitions } from "../../adapters/kafka/admin/topics.js";
import { loadConfig } from "../../config/load.js";
import { UndercurrentError } from "../../errors/errors.js";
import { modelOf } from "../shared/pipeline.js";
import type { ExportedState, ResetPoint } from "../../pipeline/state/transfer.js";
import { addInputOption, withInput, type InputFlag } from "../shared/inputs.js";
import { kafkaOptions, reachedBrokers } from "../shared/kafka-options.js";
import { addTimeoutOption, wholeNumberFrom, type TimeoutFlag } from "../shared/options.js";
import { inspectCommand } from "./state-inspect.js";
import { whole } from "../shared/text.js";

interface ConfigFlag extends TimeoutFlag, InputFlag {
  readonly config?: string;
}

interface FormatFlags extends ConfigFlag {
  readonly format: "state" | "tfjs";
}

interface ImportFlags extends FormatFlags {
  readonly adopt?: true;
}

interface ResetFlags extends ConfigFlag {
  readonly yes?: true;
  readonly partition?: number;
  readonly toOffset?: number;
  readonly toEarliest?: true;
}

const exportNotes = `
Works while the service runs: exports each partition at its latest snapshot, with its committed offset. The file must
not exist; it appears under its name only when it is complete.

--format tfjs writes each partition's weights as a TensorFlow.js layers model: FOLDER/partition-N/model.json and
weights.bin. It needs TensorFlow.js and one of the cells rnn, gru and lstm.`;

const importNotes = `
Stop the service first: its consumer group must be empty, and no member of another group may write the state
topic. The applicationId, the input topic with its id, and the number of partitions must match the export. --adopt
accepts another applicationId or topic id. One transaction per partition replaces the state and sets the committed
offset to the later of the current and the exported one. The next start replays the input before that offset without
emitting, and forecasts everything after it. Partitions exported without a state stay unchanged. An interrupted import
can be repeated.

--format tfjs replaces the weights of each partition by those in FOLDER/partition-N. Keys and offsets stay unchanged, and
the moments of Adam restart at zero. The next start replays the input from the state to the committed offset with the
new weights, without emitting.`;

const resetNotes = `
Stop the service first: its consumer group must be empty, and no member of another group may write the state
topic. A state of another application or input topic is refused with STATE_FOREIGN. One transaction per partition
deletes the learned state and writes an empty state with the configuration's settings. Forecasts resume at the
committed offset, or at the first record if no offset is committed. --to-earliest and --to-offset resume at another
offset: an earlier offset repeats the forecasts up to the committed one, a later offset skips them. An interrupted
reset can be repeated.`;

export function stateCommand(): Command {
  return new Command("state")
    .description("inspect, export, import or reset the saved state")
    .addCommand(inspectCommand())
    .addCommand(
      withConfig("export", "write the state of all partitions to a file")
        .argument("<file>", "file to create; with --format tfjs a folder")
        .addOption(formatOption())
        .addHelpText("after", exportNotes)
        .action(exportState),
    )
    .addCommand(
      withConfig("import", "import an exported state")
        .argument("<file>", "exported file; with --format tfjs a folder")
        .addOption(formatOption())
        .addOption(
          new Option(
            "--adopt",
            "take over a state of another application, or of a recreated input topic with the same records",
          ),
        )
        .addHelpText("after", importNotes)
        .action(importState),
    )
    .addCommand(
      withConfig("reset", "delete the learned state and start with an empty one")
        .option("--yes", "confirm the reset; without --yes nothing changes")
        .option("--partition <number>", "reset only this partition", wholeNumberFrom(0))
        .addOption(new Option("--to-earliest", "resume at the first record of the input"))
        .addOption(
          new Option("--to-offset <offset>", "resume at this offset; needs --partition")
            .argParser(wholeNumberFrom(0))
            .conflicts("toEarliest"),
        )
        .addHelpText("after", resetNotes)
        .action(resetState),
    );
}

function formatOption(): Option {
  return new Option("--format <format>", "the whole state, or the weights as TensorFlow.js layers models")
    .choices(["state", "tfjs"])
    .default("state");
}

function withConfig(name: string, description: string): Command {
  return addInputOption(addTimeoutOption(new Command(name)))
    .description(description)
    .option("-c, --config <file>", "YAML file with the configuration");
}

async function exportState(path: string, { config, format, timeout, ...chosen }: FormatFlags): Promise<void> {
  const settings = withInput(loadConfig(config, process.env).settings, chosen);
  const options = await reachedBrokers(settings, { timeout });
  if (format === "tfjs") {
    const { exportModels } = await import("./state-models.js");
    const written = await exportModels(path, options);
    if (written.length === 0) print("no partition has a state; nothing was written");
    for (const partition of written)
      print(`partition ${partition}: ${path}/partition-${partition}/model.json`);
    return;
  }
  const { applicationId, topics } = options;
  const partitions = await withAdmin(options, (admin) => checkPartitions(admin, topics));
  let records = 0;
  async function* states(): AsyncGenerator<ExportedState> {
    for await (const standing of readStates(options)) {
      refuseUnusable(standing);
      records += standing.records.length;
      yield standing;
    }
  }
  const bytes = await writeStateFile(
    path,
    { application: applicationId, input: topics.input, partitions },
    states(),
  );
  print(`exported ${whole(records)} records of ${partitions} partitions, ${whole(bytes)} bytes: ${path}`);
}

async function importState(path: string, flags: ImportFlags): Promise<void> {
  const { config, format, timeout, adopt } = flags;
  const loaded = loadConfig(config, process.env).settings;
  if (format === "tfjs") {
    const { importModels } = await import("./state-models.js");
    report(await importModels(path, await reachedBrokers(withInput(loaded, flags), { timeout })));
    return;
  }
  const file = await openStateFile(path);
  // The file says of which input topic it is.
  const named = namedInputs(loaded.topics.input)?.includes(file.head.input) === true;
  const chosen = flags.input ?? (named ? file.head.input : undefined);
  const settings = withInput(loaded, chosen === undefined ? {} : { input: chosen });
  const options = await reachedBrokers(settings, { timeout });
  report(await importStates(options, { ...file.head, states: () => file.states() }, adopt));
}

async function resetState(flags: ResetFlags): Promise<void> {
  const { config, yes, partition, toOffset, toEarliest } = flags;
  const settings = withInput(loadConfig(config, process.env).settings, flags);
  const options = kafkaOptions(settings);
  if (toOffset !== undefined && partition === undefined) {
    throw new UndercurrentError(
      "SETTING_INVALID",
      "--to-offset needs --partition, because offsets are per partition",
    );
  }
  const which = partition === undefined ? "every partition" : `partition ${partition}`;
  if (yes !== true) {
    throw new UndercurrentError(
      "SETTING_INVALID",
      `this deletes the learned state of ${options.applicationId} for ${which} of ${options.topics.input}; confirm with --yes`,
    );
  }
  const point: ResetPoint =
    toOffset !== undefined
      ? { kind: "offset", offset: toOffset }
      : { kind: toEarliest === true ? "earliest" : "keep" };
  await reachedBrokers(settings, flags);
  report(await resetStates(options, modelOf(settings), point, partition));
}

function report(moved: readonly Moved[]): void {
  for (const { partition, before, after } of moved) {
    if (after === undefined) {
      print(`partition ${partition}: unchanged`);
      continue;
    }
    const from = before === undefined ? "was none" : `was ${before}`;
    print(
      `partition ${partition}: ${whole(after.keys)} keys, snapshot at offset ${after.state}; ` +
        `committed offset ${after.committed} (${from})`,
    );
  }
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
