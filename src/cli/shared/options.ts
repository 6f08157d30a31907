/** Options that several commands share, and the parsing of numbers on the command line. */
import { InvalidArgumentError, Option, type Command } from "commander";
import { renamedSettings, renamedText } from "../../errors/errors.js";
import {
  cellKinds,
  defaultEngineKind,
  engineKinds,
  type CellKind,
  type EngineKind,
} from "../../engine/port.js";
import {
  forecasterSettings,
  lossKinds,
  readoutKinds,
  type ForecasterSettings,
} from "../../forecast/settings.js";

/** The shared options as commander gives them. */
export interface ForecasterFlags {
  readonly cell: CellKind;
  readonly hidden: number;
  readonly readout: ForecasterSettings["readout"];
  readonly loss: ForecasterSettings["loss"];
  readonly seed: number;
  readonly engine: EngineKind;
  readonly horizon: number;
  readonly intervalLevels: readonly number[];
  /** Names of the exogenous features, where the command takes them. */
  readonly features?: readonly string[];
}

/** Adds the options that every forecasting command takes; their defaults are those of the settings. */
export function addForecasterOptions(command: Command, cell = cellOption()): Command {
  const defaults = forecasterSettings();
  return command
    .addOption(cell)
    .option("--hidden <units>", "size of the hidden state, a multiple of 4", wholeNumber, defaults.hidden)
    .addOption(
      new Option(
        "--readout <kind>",
        "read-outs of the hidden state: one for all keys (shared), or one more per key",
      )
        .choices(readoutKinds)
        .default(defaults.readout),
    )
    .addOption(
      new Option("--loss <loss>", "loss that the mixture of experts minimises")
        .choices(lossKinds)
        .default(defaults.loss),
    )
    .option("--seed <number>", "seed of the initial weights", wholeNumber, defaults.seed)
    .addOption(
      new Option("--engine <engine>", "engine that runs and trains the cell; tfjs needs TensorFlow.js")
        .choices(engineKinds)
        .default(defaultEngineKind),
    )
    .option("--horizon <steps>", "number of values ahead to forecast", wholeNumber, defaults.horizon)
    .option(
      "--interval-levels <shares>",
      "coverages of the forecast intervals, comma-separated; the first one sets yhat_lower and yhat_upper",
      (text: string) => text.split(",").map(positiveNumber),
      defaults.intervalLevels,
    );
}

function cellOption(): Option {
  return new Option("--cell <cell>", "neural cell that encodes a key's past")
    .choices(cellKinds)
    .default(forecasterSettings().cell);
}

/** The same for several cells. */
export function cellsOption(): Option {
  const { cell } = forecasterSettings();
  return new Option("--cell <cells>", `neural cell that encodes a key's past: ${cellKinds.join(", ")}`)
    .argParser(cellsOf)
    .default([cell], cell);
}

function cellsOf(text: string): readonly CellKind[] {
  const names = text.split(",");
  const cells = names.flatMap((name) => cellKinds.find((kind) => kind === name) ?? []);
  if (cells.length === names.length && new Set(cells).size === cells.length) return cells;
  throw new InvalidArgumentError(`Allowed are ${cellKinds.join(", ")}, each once, with commas between them.`);
}

/** Adds the option that names the exogenous features, which are `what` of the input. */
export function addFeaturesOption(command: Command, what: string): Command {
  const parse = (text: string, before: readonly string[] = []): readonly string[] => [
    ...before,
    ...text.split(","),
  ];
  return command.option("--features <names>", `${what} of exogenous features, comma-separated`, parse);
}

/** Makes the error of an option that has another name now; the option is not in the help text. */
export function renamedOption(flag: keyof typeof renamedSettings.flags): Option {
  return new Option(`${flag} [value]`).hideHelp().argParser(() => {
    throw new InvalidArgumentError(`The option ${renamedText("flags", flag)}.`);
  });
}

/** Complete settings from the flags. Throws SETTING_INVALID. */
export function settingsFromFlags(flags: ForecasterFlags): ForecasterSettings {
  const { cell, hidden, readout, loss, seed, horizon, intervalLevels, features = [] } = flags;
  return forecasterSettings({
    cell,
    hidden,
    readout,
    loss,
    seed,
    horizon,
    intervalLevels: [...intervalLevels],
    featureCount: features.length,
  });
}

/** A parser of whole numbers from `least` on, for commander. */
export function wholeNumberFrom(least: number, most = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const value = wholeNumber(text);
    if (value >= least && value <= most) return value;
    const range = most === Number.MAX_SAFE_INTEGER ? `at least ${least}` : `between ${least} and ${most}`;
    throw new InvalidArgumentError(`It must be ${range}.`);
  };
}

function wholeNumber(text: string): number {
  if (/^-?\d{1,15}$/.test(text)) return Number(text);
  throw new InvalidArgumentError("It must be a whole number.");
}

/** A number above 0, for commander. */
export function positiveNumber(text: string): number {
  const value = Number(text);
  if (text.trim() !== "" && value > 0 && value < Infinity) return value;
  throw new InvalidArgumentError("It must be a number above 0.");
}

/** The option of every command that asks the brokers and ends. */
export interface TimeoutFlag {
  /** Seconds. */
  readonly timeout: number;
}

/** Adds `--timeout`. */
export function addTimeoutOption(command: Command): Command {
  return command.option("--timeout <seconds>", "longest wait for the brokers to answer", positiveNumber, 20);
}
