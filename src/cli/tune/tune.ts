/** The command `tune`: replays a sample and prints the settings that meet a number of incidents a day, or the labels best. */
import { Command } from "commander";
import { checkReadable } from "../../adapters/files/open.js";
import type { CellKind } from "../../engine/port.js";
import { UndercurrentError } from "../../errors/errors.js";
import type { ForecasterSettings } from "../../forecast/settings.js";
import {
  addColumnOptions,
  addFileOptions,
  assertColumns,
  assertForm,
  assertRead,
  type ColumnFlags,
  type FileFlags,
} from "../backtest/form-options.js";
import { loadEngine } from "../shared/engine.js";
import {
  addConfigOption,
  addWindowOptions,
  isCount,
  addFeaturesOption,
  addForecasterOptions,
  cellsOption,
  positiveNumber,
  readoutsOption,
  settingsFromFlags,
  withConfig,
  type ForecasterFlags,
} from "../shared/options.js";
import { lineReader } from "../shared/decode/decoding.js";
import { printNotice, Rejections } from "../shared/rejections.js";
import { countByFold, foldsOf, sampleLabels } from "./folds.js";
import { readLabels } from "./labels.js";
import { replaySample } from "./replay.js";
import { summarise, type Found } from "./summary.js";
import { tuneText } from "./tune-text.js";

type Readout = ForecasterSettings["readout"];

interface TuneFlags
  extends Omit<ForecasterFlags, "cell" | "readout">, ColumnFlags, Omit<FileFlags, "delimiter"> {
  readonly cell: readonly CellKind[];
  readonly readout: readonly Readout[];
  readonly delimiter?: string;
  readonly incidentsPerDay?: number;
  readonly labels?: string;
  readonly json?: true;
}

/** Incidents a day without a wish. */
const defaultPerDay = 1;

const notes = `
Tried: every cell of --cell with every read-out of --readout, alarm rates from 0.00001 to 0.02, and gates: none, 2 of 3 or
3 of 5 values to confirm, a least deviation of 10, 25 or 50 %, one direction. Other settings, such as quiet times, come
from --config. With labels detection.recurring is tried as well.

Without labels: the cell and read-out with the best skill, and the largest alarm rate that tells at most the stated number
of incidents a day, over all keys together, without gates if possible. Which gates suit your incidents no number can say:
the tables show what each would have told.

With labels: the best F1 score, at most the stated number of incidents a day if one is stated. An incident is right if it is
opened, or has its peak, in a window of its key. The file has the columns key, from and to; one that backtest --incidents
wrote will do, and windows.json of the Numenta Anomaly Benchmark. Every incident outside a window counts as false.

Of settings within one standard error of the best, the plainest is taken. "Held out" says what to expect: the same choice
made on 4 of 5 folds and counted on the fifth, five times, with a 90 % interval. Folds are blocks of time, or of keys where
at least 5 keys have windows.`;

export function tuneCommand(): Command {
  const command = new Command("tune")
    .description("replay a sample and print the settings that suit a number of incidents a day, or labels")
    .argument(
      "<file...>",
      'CSV or JSON lines (.jsonl, .ndjson), also gzipped (.gz); "-" is standard input with CSV',
    )
    .option(
      "--incidents-per-day <number>",
      `largest number of incidents a day, over all keys (default: ${defaultPerDay}, without --labels)`,
      positiveNumber,
    )
    .option("--labels <file>", "CSV file of faulty windows with the columns key, from and to")
    .option("--json", "print everything as JSON, with all incidents of each choice");
  addColumnOptions(command);
  addConfigOption(command);
  addWindowOptions(command);
  addFileOptions(command);
  addFeaturesOption(command, "columns");
  addForecasterOptions(command, {
    cell: cellsOption(["lstm", "gru"]),
    readout: readoutsOption(["compact", "shared"]),
  });
  return command.addHelpText("after", notes).action(tune);
}

async function tune(files: readonly string[], given: TuneFlags, command: Command): Promise<void> {
  assertForm(given);
  assertColumns(given);
  assertRead(files, given);
  const flags = withConfig(given, command);
  const settings = flags.cell.flatMap((cell) =>
    flags.readout.map((readout) => settingsFromFlags({ ...flags, cell, readout })),
  );
  const { labels: labelFile } = flags;
  const engine = await loadEngine(flags.engine);
  await checkReadable([...files, ...(labelFile === undefined ? [] : [labelFile])]);
  const labels = labelFile === undefined ? undefined : await readLabels(labelFile, flags);
  const rejections = new Rejections((line) => process.stderr.write(`${line}\n`));
  const columns = { ...flags, areCounted: isCount(settings[0]!) };
  const lines = await lineReader(flags, settings[0]!, printNotice);
  const input = { files, columns, form: flags, lines, rejections };
  const recurring = labels === undefined ? [settings[0]!.detection.recurring] : [false, true];
  const { sample, outcomes, keyOf } = await replaySample(input, settings, engine, recurring);
  const { spans } = sample;
  if (spans.every((span) => span === undefined)) {
    throw new UndercurrentError(
      "INPUT_EMPTY",
      `${files.join(", ")}: no key has more than 100 values, from which on values are scored`,
    );
  }
  const windows = sampleLabels(labels ?? [], spans, keyOf);
  if (labels !== undefined && windows.windows.length === 0) {
    throw new UndercurrentError(
      "INPUT_EMPTY",
      `--labels: ${labelFile!} has no window in the scored time of a key of the sample`,
    );
  }
  const folds = foldsOf(spans, windows.windows);
  const found: Found = {
    files,
    settings,
    sample,
    folds,
    labels: labels === undefined ? undefined : windows,
    keyOf,
    goal: {
      incidentsPerDay: flags.incidentsPerDay ?? (labels === undefined ? defaultPerDay : Infinity),
      labelled: labels !== undefined,
    },
    choices: outcomes.map((outcome) => ({
      ...outcome,
      counts: countByFold(outcome.incidents, windows.windows, folds, spans),
    })),
  };
  const summary = summarise(found);
  process.stdout.write(flags.json === true ? `${JSON.stringify(summary)}\n` : tuneText(summary));
}
