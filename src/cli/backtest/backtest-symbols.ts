/** The command `backtest --kind symbol`: replays symbols and scores every forecast distribution. */
import { Option, type Command } from "commander";
import { checkReadable } from "../../adapters/files/open.js";
import { readSymbols, symbolsPerBatch } from "../../adapters/files/symbol-reader.js";
import { SymbolCsvWriter } from "../../adapters/files/symbol-writer.js";
import { tokenKinds, type TokenKind } from "../../adapters/files/tokens.js";
import { recurrentKinds, type CellKind } from "../../engine/port.js";
import { UndercurrentError } from "../../errors/errors.js";
import { symbolForecastColumns, type SymbolColumns } from "../../forecast/symbols/columns.js";
import { SymbolForecaster } from "../../forecast/symbols/forecaster.js";
import { SymbolScore } from "../../forecast/symbols/score.js";
import { symbolSettings, type SymbolSettings } from "../../forecast/symbols/settings.js";
import { Unigram } from "../../forecast/symbols/unigram.js";
import { valueKinds } from "../../forecast/settings.js";
import { assertApart } from "./apart.js";
import { nullable } from "../../forecast/evaluation/summary.js";
import { symbolKeyTable, symbolOverallTable, type SymbolOutcome } from "./backtest-symbols-table.js";
import { Replay } from "./replay.js";
import { renamedOption, wholeNumberFrom } from "../shared/options.js";
import { Rejections } from "../shared/rejections.js";
import { plainText, whole } from "../shared/text.js";

/** Kinds of events. A value is a level unless the option names a more exact kind. */
const kinds = ["value", ...valueKinds, "symbol"] as const;

export function eventKindOption(): Option {
  return new Option(
    "--kind <kind>",
    "kind of event: a number (value, level, count or rate; counts and rates are never below 0) or a symbol",
  )
    .choices(kinds)
    .default("value");
}

/** The options of symbols, also those that `backtest` has for values. */
export interface SymbolFlags {
  readonly kind: (typeof kinds)[number];
  readonly key?: string;
  readonly symbol?: string;
  readonly tokens?: TokenKind;
  readonly delimiter?: string;
  readonly maxSymbols?: number;
  readonly order?: number;
  readonly out?: string;
  readonly json?: true;
}

interface ModelFlags {
  readonly cell: readonly CellKind[];
  readonly hidden: number;
  readonly seed: number;
  readonly warmup: number;
}

/** Options without a meaning for symbols. */
const ofValues = [
  "config",
  "wide",
  "time",
  "value",
  "report",
  "compare",
  "period",
  "readout",
  "loss",
  "engine",
  "horizon",
  "intervalLevels",
  "min",
  "max",
  "features",
  "time-unit",
  "time-format",
  "time-zone",
  "missing",
  "decimal",
  "value-unit",
  "numbers-in-text",
  "every",
  "by",
  "grace",
];
/** Options without a meaning for values. */
const ofSymbols = ["symbol", "tokens", "max-symbols", "order"];

/** Adds the options that only symbols have. */
export function addSymbolOptions(command: Command): Command {
  const { maxSymbols, order } = symbolSettings();
  return command
    .option("--symbol <column>", "with --kind symbol: symbol column")
    .addOption(
      new Option("--tokens <kind>", "with --kind symbol: read plain text and split it into these").choices(
        tokenKinds,
      ),
    )
    .option(
      "--max-symbols <count>",
      `with --kind symbol: size of the vocabulary, a multiple of 4 (default: ${maxSymbols})`,
      wholeNumberFrom(4, 4096),
    )
    .addOption(renamedOption("--symbols"))
    .option(
      "--order <symbols>",
      `with --kind symbol: longest context of the n-grams, in symbols (default: ${order})`,
      wholeNumberFrom(0, 8),
    );
}

/** Throws SETTING_INVALID if a given option has no meaning for this kind of event. */
export function assertOfKind(command: Command, kind: SymbolFlags["kind"]): void {
  const wrong = (kind === "symbol" ? ofValues : ofSymbols).find(
    (name) => command.getOptionValueSource(new Option(`--${name}`).attributeName()) === "cli",
  );
  if (wrong === undefined) return;
  const attribute = new Option(`--${wrong}`).attributeName();
  const option = command.options.find((candidate) => candidate.attributeName() === attribute);
  throw new UndercurrentError("SETTING_INVALID", `${option?.long} cannot be used with --kind ${kind}`);
}

/** Returns the settings of the flags. `given` says whether an option was given. */
function settingsOf(flags: SymbolFlags & ModelFlags, given: (name: string) => boolean): SymbolSettings {
  const [cell, ...others] = flags.cell;
  const recurrent = recurrentKinds.find((kind) => kind === cell);
  if (recurrent === undefined || others.length > 0) {
    throw new UndercurrentError(
      "SETTING_INVALID",
      `--cell: expected one of ${recurrentKinds.join(", ")} with --kind symbol`,
    );
  }
  const { maxSymbols, order, seed } = flags;
  return symbolSettings({
    cell: recurrent,
    seed,
    ...(given("hidden") && { hidden: flags.hidden }),
    ...(maxSymbols !== undefined && { maxSymbols }),
    ...(order !== undefined && { order }),
  });
}

/** The scores of a key, and its next forecast. */
interface KeyRecord {
  events: number;
  likeliest: string | undefined;
  readonly model: SymbolScore;
  readonly recurrent: SymbolScore;
  readonly ngrams: SymbolScore;
  readonly unigram: SymbolScore;
}

const newRecord = (): KeyRecord => ({
  events: 0,
  likeliest: undefined,
  model: new SymbolScore(),
  recurrent: new SymbolScore(),
  ngrams: new SymbolScore(),
  unigram: new SymbolScore(),
});

export async function backtestSymbols(
  files: readonly string[],
  flags: SymbolFlags & ModelFlags,
  command: Command,
): Promise<void> {
  const settings = settingsOf(flags, (name) => command.getOptionValueSource(name) === "cli");
  await checkReadable(files);
  const outputs = flags.out === undefined ? [] : [{ name: "out", path: flags.out }];
  assertApart({ inputs: files, outputs });
  const rejections = new Rejections((line) => process.stderr.write(`${line}\n`));
  const forecaster = new SymbolForecaster(settings);
  const unigram = new Unigram(settings.maxSymbols);
  const records: KeyRecord[] = [];
  const replay = new Replay({ files, out: flags.out, rejections }, (output) => new SymbolCsvWriter(output));
  const start = performance.now();
  const forecasts = symbolForecastColumns(symbolsPerBatch, 1);
  const score = (events: SymbolColumns): void => {
    for (let row = 0; row < events.count; row++) {
      const record = (records[events.slots[row]!] ??= newRecord());
      const symbol = events.symbols[row]!;
      const frequency = unigram.observe(symbol);
      if (++record.events > Math.max(1, flags.warmup)) {
        record.model.add(forecasts.probability[row]!, symbol === record.likeliest);
        record.recurrent.add(forecasts.recurrent[row]!);
        record.ngrams.add(forecasts.ngrams[row]!);
        record.unigram.add(frequency);
      }
      record.likeliest = forecasts.next[row];
    }
  };
  const batches = readSymbols(files, {
    ...flags,
    ...replay.hooks,
    slotOf: (key) => forecaster.slotOf(key),
  });
  await replay.run(batches, (batch) => {
    forecaster.observe(batch, forecasts);
    score(batch);
    replay.writer?.write(batch, forecasts, (slot) => forecaster.keyOf(slot));
  });
  const outcome = outcomeOf(files, forecaster, records);
  print(outcome, flags, rejections, (performance.now() - start) / 1000);
  forecaster.dispose();
}

function outcomeOf(
  files: readonly string[],
  forecaster: SymbolForecaster,
  records: readonly KeyRecord[],
): SymbolOutcome {
  const all = newRecord();
  const keys = records.flatMap((record, slot) => {
    all.events += record.events;
    for (const name of ["model", "recurrent", "ngrams", "unigram"] as const) all[name].addAll(record[name]);
    return [{ key: forecaster.keyOf(slot), ...scoresOf(record) }];
  });
  if (all.events === 0) {
    throw new UndercurrentError("INPUT_EMPTY", `${files.join(", ")}: no row holds a symbol`);
  }
  return {
    files,
    model: forecaster.modelName(),
    settings: forecaster.settings,
    symbols: forecaster.symbols,
    overall: { keys: keys.length, ...scoresOf(all) },
    keys,
  };
}

function scoresOf({ events, model, recurrent, ngrams, unigram }: KeyRecord): SymbolOutcome["overall"] {
  const lossOf = ({ bits, perplexity }: SymbolScore) => ({
    bits: nullable(bits),
    perplexity: nullable(perplexity),
  });
  return {
    events,
    scored: model.scored,
    ...lossOf(model),
    accuracy: nullable(model.accuracy),
    parts: { recurrent: lossOf(recurrent) },
    baselines: { ngrams: lossOf(ngrams), unigram: lossOf(unigram) },
  };
}

function print(
  outcome: SymbolOutcome,
  { json, out, warmup }: SymbolFlags & ModelFlags,
  rejections: Rejections,
  seconds: number,
): void {
  const line = (text: string): void => void process.stdout.write(`${text}\n`);
  const { overall, symbols } = outcome;
  if (json === true) {
    const refused = { rejected: rejections.total, rejections: rejections.counts };
    line(JSON.stringify({ ...outcome, warmup, seconds, ...refused }));
    return;
  }
  line(symbolKeyTable(outcome));
  line(`\n${symbolOverallTable(outcome)}`);
  const perEvent = ((1e6 * seconds) / overall.events).toFixed(0);
  line(
    `\n${whole(overall.events)} events of ${whole(outcome.keys.length)} keys in ${seconds.toFixed(1)} s ` +
      `(${perEvent} µs per event), ${whole(symbols)} distinct symbols, ${whole(rejections.total)} rejected; ` +
      `${whole(overall.scored)} forecasts scored.`,
  );
  if (out !== undefined) line(`Forecasts: ${plainText(out)}`);
}
