/** Options that several commands share, and the parsing of numbers on the command line. */
import { InvalidArgumentError, Option, type Command } from "commander";
import { loadConfig } from "../../config/load.js";
import type { Config } from "../../config/schema.js";
import { decodeOf, type DecodeFlags } from "./decode/decoding.js";
import { renamedSettings, renamedText, UndercurrentError } from "../../errors/errors.js";
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
  valueKinds,
  type ForecasterOptions,
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
  readonly kind: ForecasterSettings["kind"];
  readonly min?: string;
  readonly max?: string;
  /** Of `backtest` and `pipe`: the zone of times that name none, which is also that of the forecaster. */
  readonly timeZone?: string;
  /** Names of the exogenous features, where the command takes them. */
  readonly features?: readonly string[];
  /** Path of a configuration, where the command takes one, and its sections, once `withConfig` has read it. */
  readonly config?: string;
  readonly model?: Config["model"];
  readonly aggregate?: Config["aggregate"];
  readonly encode?: Config["encode"];
  readonly applicationId?: string;
  readonly candidate?: Config["candidate"];
  /** Undefined if the section is left at its defaults. */
  readonly decode?: Config["decode"];
  /** Settings of windows, where the command takes them. */
  readonly every?: string;
  readonly by?: string;
  readonly grace?: string;
}

/** Adds the option for a configuration, whose sections `decode`, `model` and `aggregate` the command takes. */
export function addConfigOption(command: Command): Command {
  return command.option(
    "-c, --config <file>",
    "configuration whose sections decode, model and aggregate are used; options given here replace their settings",
  );
}

/** Adds the options of windows. */
export function addWindowOptions(command: Command): Command {
  return command
    .option(
      "--every <duration>",
      "forecast one observation per key and window of this length, such as 1m, in place of each event",
    )
    .option(
      "--by <function>",
      "what becomes of a key's events in a window: count, sum, mean, min, max, last, rate or p1 to p99 (default: count)",
    )
    .option(
      "--grace <duration>",
      "how long a window waits for events out of order, by the times of events (default: 0s)",
    );
}

type Section = Readonly<Record<string, unknown>>;

/** Flags that have a setting of the same name in the section `model`. */
const modelFlags = [
  "cell",
  "hidden",
  "readout",
  "loss",
  "seed",
  "horizon",
  "intervalLevels",
  "kind",
] as const satisfies readonly (keyof ForecasterFlags & keyof Config["model"])[];

/**
 * Returns the flags, filled in from the configuration where the command line has no such option; a flag that is a list
 * gets a list. Throws CONFIG_UNREADABLE and SETTING_INVALID.
 */
export function withConfig<Flags extends Pick<ForecasterFlags, "config">>(
  flags: Flags,
  command: Command,
): Flags {
  if (flags.config === undefined) return flags;
  const { settings } = loadConfig(flags.config, process.env);
  const { applicationId, model, aggregate, encode, candidate, engine } = settings;
  const decoded = decodeOf(settings, flags as DecodeFlags);
  const given = (name: string): boolean => command.getOptionValueSource(name) === "cli";
  const filled = modelFlags
    .filter((name) => !given(name))
    .map((name) => [name, Array.isArray((flags as Section)[name]) ? [model[name]].flat() : model[name]]);
  return {
    ...flags,
    model,
    aggregate,
    applicationId,
    encode,
    candidate,
    ...decoded,
    ...(!given("engine") && { engine }),
    ...Object.fromEntries(filled),
  } as Flags;
}

/** Adds the options that every forecasting command takes; their defaults are those of the settings. */
export function addForecasterOptions(
  command: Command,
  {
    cell = cellOption(),
    kind = kindOption(),
    readout = readoutOption(),
  }: { readonly cell?: Option; readonly kind?: Option; readonly readout?: Option } = {},
): Command {
  const defaults = forecasterSettings();
  return command
    .addOption(cell)
    .option("--hidden <units>", "size of the hidden state, a multiple of 4", wholeNumber, defaults.hidden)
    .addOption(readout)
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
    )
    .option(
      "--min <bound>",
      "smallest possible value, at which forecasts and intervals are cut, or the one of --features that holds it",
    )
    .option("--max <bound>", "largest possible value, or the one of --features that holds it")
    .addOption(kind);
}

/** Kind of a value: counts and rates are never below 0. */
function kindOption(): Option {
  return new Option("--kind <kind>", "kind of the values; forecasts of a count or rate are never below 0")
    .choices(valueKinds)
    .default(forecasterSettings().kind);
}

function readoutOption(): Option {
  const meaning = "read-outs of the hidden state: one for all keys (shared), or one more per key";
  return new Option("--readout <kind>", meaning).choices(readoutKinds).default(forecasterSettings().readout);
}

function cellOption(): Option {
  return new Option("--cell <cell>", "neural cell that encodes a key's past")
    .choices(cellKinds)
    .default(forecasterSettings().cell);
}

/** The same for several cells. */
export function cellsOption(standard: readonly CellKind[] = [forecasterSettings().cell]): Option {
  return new Option("--cell <cells>", `neural cell that encodes a key's past: ${cellKinds.join(", ")}`)
    .argParser(listOf(cellKinds))
    .default(standard, standard.join(","));
}

/** Several read-outs, to try each. */
export function readoutsOption(standard: readonly ForecasterSettings["readout"][]): Option {
  return new Option("--readout <kinds>", `read-outs of the hidden state: ${readoutKinds.join(", ")}`)
    .argParser(listOf(readoutKinds))
    .default(standard, standard.join(","));
}

/** A parser of lists of names, each once, for commander. */
function listOf<Name extends string>(allowed: readonly Name[]): (text: string) => readonly Name[] {
  return (text) => {
    const given = text.split(",");
    const names = given.flatMap((name) => allowed.find((each) => each === name) ?? []);
    if (names.length === given.length && new Set(names).size === names.length) return names;
    throw new InvalidArgumentError(`Allowed are ${allowed.join(", ")}, each once, with commas between them.`);
  };
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
  const { kind, min, max, timeZone, model } = flags;
  const aggregate = windowsFromFlags(flags);
  const bounds = {
    ...model?.bounds,
    ...(min !== undefined && { min: boundOf("--min", min, features) }),
    ...(max !== undefined && { max: boundOf("--max", max, features) }),
  };
  return forecasterSettings({
    ...model,
    cell,
    hidden,
    readout,
    loss,
    seed,
    horizon,
    intervalLevels: [...intervalLevels],
    ...((min ?? max) !== undefined && { bounds }),
    kind,
    ...(timeZone !== undefined && { timeZone }),
    ...(aggregate !== undefined && { aggregate }),
    featureCount: features.length,
  });
}

/** Whether events are counted, so that they need no value. */
export function isCount({ aggregate }: ForecasterSettings): boolean {
  return aggregate?.by === "count";
}

/** Returns the error for files without anything to forecast. */
export function noObservation(
  files: readonly string[],
  { aggregate }: Pick<ForecasterSettings, "aggregate">,
): UndercurrentError {
  const text =
    aggregate === undefined
      ? "no row holds an observation"
      : `no window of ${aggregate.every} was closed by a later row`;
  return new UndercurrentError("INPUT_EMPTY", `${files.join(", ")}: ${text}`);
}

/** Settings of windows from the flags and the configuration. Throws SETTING_INVALID. */
function windowsFromFlags({ aggregate, every, by, grace }: ForecasterFlags): ForecasterOptions["aggregate"] {
  const length = every ?? aggregate?.every;
  if (length !== undefined) {
    return {
      ...aggregate,
      every: length,
      ...(by !== undefined && { by }),
      ...(grace !== undefined && { grace }),
    };
  }
  if (by === undefined && grace === undefined) return undefined;
  const flag = by === undefined ? "--grace" : "--by";
  throw new UndercurrentError("SETTING_INVALID", `${flag}: expected --every beside it`);
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

/** Reads a bound: a number or the name of a feature. Throws SETTING_INVALID. */
function boundOf(flag: string, text: string, features: readonly string[]): number | { feature: number } {
  const feature = features.indexOf(text);
  if (feature >= 0) return { feature };
  const value = Number(text);
  if (text.trim() !== "" && Number.isFinite(value)) return value;
  throw new UndercurrentError(
    "SETTING_INVALID",
    `${flag}: expected a number or a name in --features, found ${JSON.stringify(text)}`,
  );
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

/** Default of `--timeout`, in seconds. */
export const defaultTimeout = 20;

/** Adds `--timeout`. */
export function addTimeoutOption(command: Command): Command {
  const description = "longest wait for the brokers to answer";
  return command.option("--timeout <seconds>", description, positiveNumber, defaultTimeout);
}
