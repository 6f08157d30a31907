/** The command `backtest`: replays CSV files event by event and scores every forecast against baselines. */
import { Command, Option } from "commander";
import { readObservations } from "../../adapters/files/csv/csv-reader.js";
import { ForecastCsvWriter } from "../../adapters/files/csv/csv-writer.js";
import { checkReadable } from "../../adapters/files/open.js";
import { TextOutput } from "../../adapters/files/text-output.js";
import { renderReport } from "../../adapters/web/report.js";
import type { CellKind } from "../../engine/port.js";
import { UndercurrentError } from "../../errors/errors.js";
import { forecastColumns, numberRows } from "../../forecast/columns.js";
import { Forecaster } from "../../forecast/forecaster.js";
import { forecasterSettings } from "../../forecast/settings.js";
import { pathOfGroup } from "../../forecast/incidents/groups/naming.js";
import { Scoreboard } from "../../forecast/evaluation/scoreboard.js";
import { windowedColumns } from "../../forecast/windows/windowed-columns.js";
import { assertApart } from "./apart.js";
import { compareCells, type ComparedCell } from "./backtest-compare.js";
import { BesideModel, type BesideOutcome } from "./beside.js";
import { ExpertRecord } from "../../forecast/evaluation/expert-record.js";
import { summariseAll, summariseKey } from "../../forecast/evaluation/summary.js";
import {
  addSymbolOptions,
  assertOfKind,
  backtestSymbols,
  eventKindOption,
  type SymbolFlags,
} from "./backtest-symbols.js";
import { comparisonTable, expertTable, horizonTable, keyTable, overallTable } from "./backtest-table.js";
import { Replay } from "./replay.js";
import { lineReader } from "../shared/decode/decoding.js";
import { loadEngine } from "../shared/engine.js";
import {
  addColumnOptions,
  addFileOptions,
  assertColumns,
  assertForm,
  assertRead,
  type ColumnFlags,
  type FileFlags,
} from "./form-options.js";
import {
  addConfigOption,
  addWindowOptions,
  addFeaturesOption,
  addForecasterOptions,
  cellsOption,
  isCount,
  noObservation,
  settingsFromFlags,
  withConfig,
  wholeNumberFrom,
  type ForecasterFlags,
} from "../shared/options.js";
import { printNotice, Rejections } from "../shared/rejections.js";
import { writeIncidents } from "./incidents/csv.js";
import { IncidentRecord } from "../../forecast/evaluation/incident-record.js";
import { incidentLine, incidentText } from "./incidents/table.js";
import { ReportRecord } from "./report-record.js";
import { reportData, type BacktestOutcome } from "./report.js";
import { plainText, whole } from "../shared/text.js";

interface BacktestFlags
  extends Omit<ForecasterFlags, "cell" | "kind">, SymbolFlags, Omit<FileFlags, "delimiter">, ColumnFlags {
  readonly cell: readonly CellKind[];
  readonly compare?: true;
  readonly incidents?: string;
  readonly report?: string;
  readonly period?: number;
  readonly warmup: number;
}

/** Events between two samples of the experts' weights. */
const batchSize = 512;

const notes = `
Scores: each forecast is made before the forecaster sees the value, which it learns from only after scoring. All values
with a forecast are scored, from the second value of each key; --warmup skips the first events of each key. Overall MAE,
RMSE and coverage are over all scored values. Overall skill is 1 - the geometric mean over keys of MAE / MAE of
persistence, so keys of any scale count equally. --horizon adds the scores of each step ahead; a step is one event of
the key. The tables of keys and --out show the next value only.

Columns: the time is the column "time", or else the first column. In long files the key is the column "key", or else the
file name; the value is the column "value", or else the only remaining column. Times are ISO 8601 (UTC if they have no
zone) or epoch numbers, whose unit is detected unless --time-unit names it. --features columns help to forecast the next
value, in wide files that of every key in the row. Empty cells and nan, null, none, nil, na, n/a, #n/a and -, in any
case, are missing values. Rows are read in file order, wide rows from left to right. Unreadable rows are reported with
their line and counted. The exit code is 3 only if no row holds an observation.

Decode: with the section decode in the configuration, a line of JSON, or a row of a file with the columns that it names, is read as run
reads a record. Without, JSON lines have the members key, time and value.

Candidate: with the section candidate in the configuration, a second model observes the same events. The table "overall"
has its scores, and a line its alarms; all else is about the model.

Windows: with --every, or aggregate in the configuration, each row is an event, and a key has one observation per window.
A window closes when a row is newer than its end by --grace; windows that are open at the end are left out. With --by
count, rows need no value: the column "value" is read if there is one.

Symbols: with --kind symbol each event carries a symbol: the column "symbol", or else the only column besides "key" and
"time". With --tokens the symbols are the characters or words of plain text. The forecast is the distribution of each
key's next symbol; the scores are bits and perplexity. A symbol outside the vocabulary is scored with the probability of
all such symbols together, also in the baselines.`;

export function backtestCommand(): Command {
  const command = new Command("backtest")
    .description("replay CSV files and score every forecast against baselines")
    .argument(
      "<file...>",
      'CSV or JSON lines (.jsonl, .ndjson), also gzipped (.gz); "-" is standard input with CSV',
    );
  addColumnOptions(command)
    .option("--out <file>", "write one CSV row per event")
    .option("--incidents <file>", "write one CSV row per incident")
    .option("--report <file>", "write an HTML page with tables and charts")
    .addOption(
      new Option("--compare", "compare the cells of --cell in one table").conflicts([
        "out",
        "incidents",
        "report",
      ]),
    )
    .option("--json", "print the summary as JSON")
    .option(
      "--period <values>",
      "season length of the seasonal naive baseline (default: detected)",
      wholeNumberFrom(1, 1e6),
    )
    .option("--warmup <events>", "number of first events per key that are not scored", wholeNumberFrom(0), 0);
  addConfigOption(command);
  addWindowOptions(command);
  addFileOptions(command);
  addFeaturesOption(command, "columns");
  addForecasterOptions(command, { cell: cellsOption(), kind: eventKindOption() });
  return addSymbolOptions(command).addHelpText("after", notes).action(backtest);
}

async function backtest(files: readonly string[], given: BacktestFlags, command: Command): Promise<void> {
  assertOfKind(command, given.kind);
  const flags = withConfig(given, command);
  assertForm(flags);
  if (flags.kind === "symbol") return backtestSymbols(files, flags, command);
  const kind = flags.kind === "value" ? "level" : flags.kind;
  const [first, ...others] = flags.cell.map((cell) => settingsFromFlags({ ...flags, cell, kind }));
  const settings = first!;
  const { horizon, intervalLevels: levels } = settings;
  if (others.length > 0 && flags.compare !== true) {
    throw new UndercurrentError("SETTING_INVALID", "--cell: several cells need --compare");
  }
  assertColumns(flags);
  assertRead(files, flags);
  const engine = await loadEngine(flags.engine);
  await checkReadable(files);
  const outputs = (["out", "incidents", "report"] as const).flatMap((name) => {
    const path = flags[name];
    return path === undefined ? [] : [{ name, path }];
  });
  assertApart({ inputs: files, outputs });

  const rejections = new Rejections((line) => process.stderr.write(`${line}\n`));
  if (flags.compare === true) {
    const comparison = {
      files,
      columns: { ...flags, areCounted: isCount(settings) },
      form: flags,
      lines: await lineReader(flags, settings, printNotice),
      scoring: { period: flags.period, warmup: flags.warmup },
      batchSize,
    };
    printComparison(await compareCells(comparison, [settings, ...others], engine, rejections), files, flags);
    return;
  }
  const scoreboard = new Scoreboard({ period: flags.period, warmup: flags.warmup, horizon });
  const forecaster = new Forecaster(settings, engine);
  const experts = new ExpertRecord(forecaster);
  const keyOf = (slot: number): string => forecaster.keyOf(slot);
  const windows = windowedColumns(forecaster);
  const replay = new Replay(
    { files, out: flags.out, rejections },
    (output) => new ForecastCsvWriter(output, levels),
  );
  const { candidate } = flags;
  const beside =
    candidate &&
    new BesideModel(forecasterSettings({ ...settings, ...candidate.model }), {
      ...{ live: forecaster, engine, scoring: { period: flags.period, warmup: flags.warmup } },
    });
  const record = flags.report === undefined ? undefined : new ReportRecord();
  const incidents = new IncidentRecord(forecaster);
  let events = 0;
  const start = performance.now();
  let columns = forecastColumns(0, horizon, levels);
  const batches = readObservations(files, {
    ...replay.hooks,
    columns: { ...flags, areCounted: isCount(settings) },
    form: flags,
    lines: await lineReader(flags, settings, printNotice),
    slotOf: (key) => forecaster.slotOf(key),
    windows,
    batchSize,
  });
  if (pathOfGroup(settings.detection.group) !== undefined) {
    printNotice("detection.group names a path in events, which CSV files do not have: groups are left out");
  }
  await replay.run(batches, (batch) => {
    if (batch.slots.length > columns.slots.length) {
      columns = forecastColumns(batch.slots.length, horizon, levels);
    }
    numberRows(batch, events);
    events += batch.count;
    forecaster.observe(batch, columns);
    beside?.observe(batch, keyOf);
    incidents.add(columns, batch.count);
    scoreboard.add(columns, batch.count);
    experts.add(columns, batch.count);
    record?.add(columns, batch.count);
    replay.writer?.write({ count: batch.count, columns, keyOf });
  });
  const outcome = outcomeOf(files, flags, { forecaster, scoreboard, experts, incidents, rejections });
  if (flags.incidents !== undefined) await writeIncidents(flags.incidents, incidents);
  if (flags.report !== undefined) {
    const page = TextOutput.toFile(flags.report);
    page.write(renderReport(reportData(outcome, record!)));
    await page.close();
  }
  const took = (performance.now() - start) / 1000;
  printOutcome({ ...outcome, candidate: beside?.outcome() }, flags, rejections, took);
  beside?.dispose();
  forecaster.dispose();
}

/** The results of the replay. */
interface Replayed {
  readonly forecaster: Forecaster;
  readonly scoreboard: Scoreboard;
  readonly experts: ExpertRecord;
  readonly incidents: IncidentRecord;
  readonly rejections: Rejections;
}

function outcomeOf(
  files: readonly string[],
  { warmup }: BacktestFlags,
  { forecaster, scoreboard, experts, incidents, rejections }: Replayed,
): BacktestOutcome {
  const scores = scoreboard.keys.flatMap((key, slot) => (key === undefined ? [] : [{ slot, key }]));
  if (scores.length === 0) {
    throw noObservation(files, forecaster.settings);
  }
  const slots = scores.map(({ slot }) => slot);
  return {
    files,
    model: forecaster.modelName(),
    settings: forecaster.settings,
    warmup,
    rejected: rejections.total,
    overall: summariseAll(
      scores.map(({ key }) => key),
      experts,
      slots,
    ),
    keys: scores.map(({ slot, key }) => summariseKey(forecaster.keyOf(slot), key, experts, slot)),
    slots,
    experts,
    incidents: { listed: incidents.list(), summary: incidents.summarise() },
  };
}

function printOutcome(
  outcome: BacktestOutcome & { readonly candidate: BesideOutcome | undefined },
  flags: BacktestFlags,
  rejections: Rejections,
  seconds: number,
): void {
  const { files, model, settings, rejected, overall, keys, incidents: found, candidate } = outcome;
  if (flags.json === true) {
    const { warmup } = flags;
    const refused = { rejected, rejections: rejections.counts };
    const { summary: incidents } = found;
    const scores = { overall, incidents, keys, candidate };
    print(JSON.stringify({ files, model, settings, warmup, seconds, ...refused, ...scores }));
    return;
  }
  const warmup = flags.warmup === 0 ? "" : ` after ${whole(flags.warmup)} of each key`;
  print(keyTable(keys));
  print(
    "\npersistence, seasonal and smoothing: MAE of the baselines; in brackets, the season in values and the smoothing factor.\n",
  );
  print(
    `${expertTable(keys, overall)}\n\nWeights of the experts in the last forecast of each key; in brackets, their mean over the run.\n`,
  );
  print(overallTable(`undercurrent ${model}`, overall, candidate));
  if (overall.horizon !== undefined) print(`\n${horizonTable(overall.horizon)}`);
  print(
    `\n${whole(overall.events)} events of ${whole(overall.keys)} keys in ${seconds.toFixed(1)} s, ` +
      `${whole(overall.missing)} of them missing, ${whole(rejected)} rejected; ` +
      `${whole(overall.scored)} forecasts scored${warmup}.`,
  );
  if (settings.detection.enabled) print(`\n${incidentText(found)}`);
  if (candidate?.settings.detection.enabled === true) {
    print(`Candidate: ${incidentLine(candidate.incidents)}`);
  }
  if (flags.out !== undefined) print(`Forecasts: ${plainText(flags.out)}`);
  if (flags.incidents !== undefined) print(`Incidents: ${plainText(flags.incidents)}`);
  if (flags.report !== undefined) print(`Report: ${plainText(flags.report)}`);
}

function printComparison(
  cells: readonly ComparedCell[],
  files: readonly string[],
  { json, warmup }: BacktestFlags,
): void {
  if (json === true) print(JSON.stringify({ files, warmup, cells }));
  else print(comparisonTable(cells));
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
