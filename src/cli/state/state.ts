/** The command `state`: what the state topic holds, kept in a file, put back from one, or begun anew. */
import { Command, Option } from "commander";
import { openStateFile, writeStateFile } from "../../adapters/files/state-file.js";
import { withAdmin } from "../../adapters/kafka/admin/admin.js";
import { importStates, resetStates, type Moved } from "../../adapters/kafka/offline/move-states.js";
import { readStates } from "../../adapters/kafka/offline/states.js";
import { checkPartitions } from "../../adapters/kafka/admin/topics.js";
import { loadConfig } from "../../config/load.js";
import { UndercurrentError } from "../../errors/errors.js";
import { modelSettings } from "../../pipeline/settings.js";
import type { ExportedState, ResetPoint } from "../../pipeline/state/transfer.js";
import { kafkaOptions, reachedBrokers } from "../kafka-options.js";
import { addTimeoutOption, wholeNumberFrom, type TimeoutFlag } from "../options.js";
import { inspectCommand } from "./state-inspect.js";
import { whole } from "../text.js";

interface ConfigFlag extends TimeoutFlag {
  readonly config?: string;
}

interface FormatFlags extends ConfigFlag {
  readonly format: "state" | "tfjs";
}

interface ResetFlags extends ConfigFlag {
  readonly yes?: true;
  readonly partition?: number;
  readonly toOffset?: number;
  readonly toEarliest?: true;
}

const exportNotes = `
May be done while the service runs: each partition is exported as of its latest snapshot, with the offset that is
committed then. The file is new, and appears under its name only when it is whole.

With --format tfjs each partition's weights go to a layers model of TensorFlow.js, which has to be installed:
FOLDER/partition-N/model.json and weights.bin. Cells rnn, gru and lstm alone have such layers.`;

const importNotes = `
The service has to be stopped: its group must have no members. The input topic and the number of partitions have to be
those of the export. Each partition's state is replaced, in one transaction with its offset, which becomes the later of
the one committed now and the one committed at the time of the export: what was forecast before either is replayed in
silence, not forecast again, and nothing behind it is left out. Partitions that were exported without a state are left
as they are. If it breaks off, it can be repeated.

With --format tfjs the weights of each FOLDER/partition-N take the place of those of the partition's state; keys and offsets
stay as they are, and the moments of Adam begin anew. What lies between the state and the committed offset is replayed in
silence with the new weights.`;

const resetNotes = `
The service has to be stopped: its group must have no members. In one transaction for each partition, all that was
learned ends, and the state of a new forecaster with the configuration's settings takes its place, at the committed
offset, or the first record where none is committed: forecasts go on from there. With --to-earliest or --to-offset it begins at another offset: forecasts between
that and the committed one are then made and written a second time, or, further on, never. If it breaks off, it can be
repeated.`;

export function stateCommand(): Command {
  return new Command("state")
    .description("inspect, export, import or reset what was learned")
    .addCommand(inspectCommand())
    .addCommand(
      withConfig("export", "write the state of all partitions to a file")
        .argument("<file>", "file that is made; with --format tfjs a folder")
        .addOption(formatOption())
        .addHelpText("after", exportNotes)
        .action(exportState),
    )
    .addCommand(
      withConfig("import", "put an exported state back")
        .argument("<file>", "file of an export; with --format tfjs a folder")
        .addOption(formatOption())
        .addHelpText("after", importNotes)
        .action(importState),
    )
    .addCommand(
      withConfig("reset", "forget what was learned")
        .option("--yes", "do it; without this nothing is done")
        .option("--partition <number>", "only this partition", wholeNumberFrom(0))
        .addOption(new Option("--to-earliest", "go on from the first record that the input holds"))
        .addOption(
          new Option("--to-offset <offset>", "go on from this offset; needs --partition")
            .argParser(wholeNumberFrom(0))
            .conflicts("toEarliest"),
        )
        .addHelpText("after", resetNotes)
        .action(resetState),
    );
}

function formatOption(): Option {
  return new Option("--format <format>", "all of the state, or weights as layers models of TensorFlow.js")
    .choices(["state", "tfjs"])
    .default("state");
}

function withConfig(name: string, description: string): Command {
  return addTimeoutOption(new Command(name))
    .description(description)
    .option("-c, --config <file>", "configuration, a YAML file");
}

async function exportState(path: string, { config, format, timeout }: FormatFlags): Promise<void> {
  const options = await reachedBrokers(loadConfig(config, process.env).settings, { timeout });
  if (format === "tfjs") {
    const { exportModels } = await import("./state-models.js");
    const written = await exportModels(path, options);
    if (written.length === 0) print("no partition has a state: nothing was written");
    for (const partition of written)
      print(`partition ${partition}: ${path}/partition-${partition}/model.json`);
    return;
  }
  const { applicationId, topics } = options;
  const partitions = await withAdmin(options, (admin) => checkPartitions(admin, topics));
  let records = 0;
  async function* states(): AsyncGenerator<ExportedState> {
    for await (const standing of readStates(options)) {
      if (standing.state instanceof UndercurrentError) throw standing.state;
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

async function importState(path: string, { config, format, timeout }: FormatFlags): Promise<void> {
  const { settings } = loadConfig(config, process.env);
  if (format === "tfjs") {
    const { importModels } = await import("./state-models.js");
    report(await importModels(path, await reachedBrokers(settings, { timeout })));
    return;
  }
  const file = await openStateFile(path);
  const options = await reachedBrokers(settings, { timeout });
  report(await importStates(options, file.head, () => file.states()));
}

async function resetState(flags: ResetFlags): Promise<void> {
  const { config, yes, partition, toOffset, toEarliest } = flags;
  const { settings } = loadConfig(config, process.env);
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
  report(await resetStates(options, modelSettings(settings.model, settings.decode), point, partition));
}

function report(moved: readonly Moved[]): void {
  for (const { partition, before, after } of moved) {
    if (after === undefined) {
      print(`partition ${partition}: left as it is, for there is nothing to do`);
      continue;
    }
    const from = before === undefined ? "was not committed" : `was ${before}`;
    print(
      `partition ${partition}: ${whole(after.keys)} keys, state of offset ${after.state}; ` +
        `committed offset ${after.committed} (${from})`,
    );
  }
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
