/** The command `backtest`: replays CSV files event by event and scores every forecast against baselines. */
import { Command, Option } from "commander";
import { readObservations } from "../../adapters/files/csv/csv-reader.js";
import { ForecastCsvWriter } from "../../adapters/files/csv/csv-writer.js";
import { checkReadable } from "../../adapters/files/open.js";
import { TextOutput } from "../../adapters/files/text-output.js";
import { renderReport } from "../../adapters/web/report.js";
import type { CellKind } from "../../engine/port.js";
import { UndercurrentError } from "../../errors/errors.js";
import { forecastColumns } from "../../forecast/columns.js";
import { Forecaster } from "../../forecast/forecaster.js";
import { Scoreboard } from "../../forecast/evaluation/scoreboard.js";
import { assertApart } from "./apart.js";
import { compareCells, type ComparedCell } from "./backtest-compare.js";
import { ExpertRecord } from "./backtest-experts.js";
import { summariseAll, summariseKey } from "./backtest-summary.js";
import { addSymbolOptions, assertOfKind, backtestSymbols, type SymbolFlags } from "./backtest-symbols.js";
import { comparisonTable, expertTable, horizonTable, keyTable, overallTable } from "./backtest-table.js";
import { warnOfFormula } from "./formula-warning.js";
import { loadEngine } from "../shared/engine.js";
import { addFileOptions, assertForm, type FileFlags } from "./form-options.js";
import {
  addFeaturesOption,
  addForecasterOptions,
  cellsOption,
  settingsFromFlags,
  wholeNumberFrom,
  type ForecasterFlags,
} from "../shared/options.js";
import { fileProgress } from "../shared/progress.js";
import { printNotice, Rejections } from "../shared/rejections.js";
import { ReportRecord } from "./report-record.js";
import { reportData, type BacktestOutcome } from "./report.js";
import { plainText, whole } from "../shared/text.js";

interface BacktestFlags extends Omit<ForecasterFlags, "cell">, SymbolFlags, Omit<FileFlags, "delimiter"> {
  readonly cell: readonly CellKind[];
  readonly compare?: true;
  readonly wide?: true;
  readonly time?: string;
  readonly value?: string;
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
case, are missing values. Rows are fed in file order, wide rows from left to right. Unreadable rows are reported with their line and counted; they do not change the exit code.

Symbols: with --kind symbol each event carries a symbol: the column "symbol", or else the only column besides "key" and
"time". With --tokens the symbols are the characters or words of plain text. The forecast is the distribution of each
key's next symbol; the scores are bits and perplexity. A symbol outside the vocabulary is scored with the probability of
all such symbols together, also in the baselines.`;

export function backtestCommand(): Command {
  const command = new Command("backtest")
    .description("replay CSV files and score every forecast against baselines")
    .argument("<file...>", 'CSV files, also gzipped (.gz); "-" is standard input')
    .option("--wide", "the file has one column per key")
    .option("--time <column>", "time column")
    .option("--key <column>", "key column")
    .option("--value <column>", "value column")
    .option("--out <file>", "write one CSV row per event")
    .option("--report <file>", "write an HTML page with tables and charts")
    .addOption(
      new Option("--compare", "compare the cells of --cell in one table").conflicts(["out", "report"]),
    )
    .option("--json", "print the summary as JSON")
    .option(
      "--period <values>",
      "season length of the seasonal naive baseline (default: detected)",
      wholeNumberFrom(1, 1e6),
    )
    .option("--warmup <events>", "number of first events per key that are not scored", wholeNumberFrom(0), 0);
  addFileOptions(command);
  addFeaturesOption(command, "columns");
  addForecasterOptions(command, cellsOption());
  return addSymbolOptions(command).addHelpText("after", notes).action(backtest);
}

async function backtest(files: readonly string[], flags: BacktestFlags, command: Command): Promise<void> {
  assertOfKind(command, flags.kind);
  assertForm(flags);
  if (flags.kind === "symbol") return backtestSymbols(files, flags, command);
  const [first, ...others] = flags.cell.map((cell) => settingsFromFlags({ ...flags, cell }));
  const settings = first!;
  const { horizon, intervalLevels: levels } = settings;
  if (others.length > 0 && flags.compare !== true) {
    throw new UndercurrentError("SETTING_INVALID", "--cell: several cells need --compare");
  }
  if (flags.wide === true && (flags.key ?? flags.value) !== undefined) {
    throw new UndercurrentError(
      "SETTING_INVALID",
      "--wide: every column is a key, so --key and --value cannot be used with it",
    );
  }
  const engine = await loadEngine(flags.engine);
  await checkReadable(files);
  const outputs = (["out", "report"] as const).flatMap((name) => {
    const path = flags[name];
    return path === undefined ? [] : [{ name, path }];
  });
  assertApart({ inputs: files, outputs });

  const rejections = new Rejections((line) => process.stderr.write(`${line}\n`));
  if (flags.compare === true) {
    const comparison = {
      files,
      columns: flags,
      form: flags,
      scoring: { period: flags.period, warmup: flags.warmup },
      batchSize,
    };
    printComparison(await compareCells(comparison, [settings, ...others], engine, rejections), files, flags);
    return;
  }
  const progress = fileProgress(files);
  const scoreboard = new Scoreboard({ period: flags.period, warmup: flags.warmup, horizon });
  const forecaster = new Forecaster(settings, engine);
  const experts = new ExpertRecord(forecaster);
  const keyOf = (slot: number): string => forecaster.keyOf(slot);
  const output = flags.out === undefined ? undefined : TextOutput.toFile(flags.out);
  const writer = output && new ForecastCsvWriter(output, levels);
  const record = flags.report === undefined ? undefined : new ReportRecord();
  const start = performance.now();
  let columns = forecastColumns(0, horizon, levels);
  try {
    const batches = readObservations(files, {
      columns: flags,
      form: flags,
      notice: printNotice,
      slotOf: (key) => forecaster.slotOf(key),
      reject: (rejection) => rejections.add(rejection),
      progress: (file, bytes) => progress.update(file, bytes),
      batchSize,
    });
    for await (const batch of batches) {
      if (batch.slots.length > columns.slots.length) {
        columns = forecastColumns(batch.slots.length, horizon, levels);
      }
      forecaster.observe(batch, columns);
      scoreboard.add(columns, batch.count);
      experts.add(columns, batch.count);
      record?.add(columns, batch.count);
      writer?.write({ count: batch.count, columns, keyOf });
      await output?.drained();
    }
    await output?.close();
    warnOfFormula(flags.out, writer?.formula);
  } finally {
    progress.stop();
    rejections.summarise();
  }
  const outcome = outcomeOf(files, flags, { forecaster, scoreboard, experts, rejections });
  if (flags.report !== undefined) {
    const page = TextOutput.toFile(flags.report);
    page.write(renderReport(reportData(outcome, record!)));
    await page.close();
  }
  printOutcome(outcome, flags, rejections, (performance.now() - start) / 1000);
  forecaster.dispose();
}

/** What the replay has filled. */
interface Replayed {
  readonly forecaster: Forecaster;
  readonly scoreboard: Scoreboard;
  readonly experts: ExpertRecord;
  readonly rejections: Rejections;
}

function outcomeOf(
  files: readonly string[],
  { warmup }: BacktestFlags,
  { forecaster, scoreboard, experts, rejections }: Replayed,
): BacktestOutcome {
  const scores = scoreboard.keys.flatMap((key, slot) => (key === undefined ? [] : [{ slot, key }]));
  if (scores.length === 0) {
    throw new UndercurrentError("INPUT_EMPTY", `${files.join(", ")}: no row holds an observation`);
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
  };
}

function printOutcome(
  { files, model, settings, rejected, overall, keys }: BacktestOutcome,
  flags: BacktestFlags,
  rejections: Rejections,
  seconds: number,
): void {
  if (flags.json === true) {
    const { warmup } = flags;
    const refused = { rejected, rejections: rejections.counts };
    print(JSON.stringify({ files, model, settings, warmup, seconds, ...refused, overall, keys }));
    return;
  }
  const warmup = flags.warmup === 0 ? "" : ` after ${whole(flags.warmup)} of each key`;
  print(keyTable(keys));
  print(
    "\npersistence, seasonal and smoothing are the MAE of the baselines, with the period in values and the factor.\n",
  );
  print(
    `${expertTable(keys, overall)}\n\nThe weights of the experts in the last forecast of each key and, in brackets, on average.\n`,
  );
  print(overallTable(`undercurrent ${model}`, overall));
  if (overall.horizon !== undefined) print(`\n${horizonTable(overall.horizon)}`);
  print(
    `\n${whole(overall.events)} events of ${whole(overall.keys)} keys in ${seconds.toFixed(1)} s, ` +
      `${whole(overall.missing)} of them missing, ${whole(rejected)} rejected; ` +
      `${whole(overall.scored)} forecasts scored${warmup}.`,
  );
  if (flags.out !== undefined) print(`Forecasts: ${plainText(flags.out)}`);
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
