/** Adds the options for the columns of the input, and for the format of its times and values. */
import { InvalidArgumentError, Option, type Command } from "commander";
import { encodingOf } from "../../adapters/files/encodings/decoder.js";
import { jsonLinesName } from "../../adapters/files/line-records.js";
import { timeUnits, type TimeUnit } from "../../pipeline/times/epoch.js";
import { isTimeZone, timeFormatFault } from "../../pipeline/times/format.js";
import { UndercurrentError } from "../../errors/errors.js";

/** The options of encoding, times and numbers as commander gives them. */
export interface TimeFlags {
  readonly timeUnit?: TimeUnit;
  readonly timeFormat?: string;
  readonly timeZone?: string;
  readonly missing?: readonly string[];
  readonly encoding?: string;
  readonly decimal?: "." | "," | undefined;
  readonly valueUnit?: readonly string[] | undefined;
  readonly numbersInText?: boolean;
}

/** The options of CSV files. */
export interface FileFlags extends TimeFlags {
  readonly delimiter?: string;
}

/** The options that name columns. */
export interface ColumnFlags {
  readonly wide?: true;
  readonly time?: string;
  readonly key?: string;
  readonly value?: string;
}

/** Adds the options that name columns. */
export function addColumnOptions(command: Command): Command {
  return command
    .option("--wide", "the file has one column per key")
    .option("--time <column>", "time column, or several as date,time")
    .option("--key <column>", "key column")
    .option("--value <column>", "value column");
}

/** Adds the options that name members of JSON lines. */
export function addMemberOptions(command: Command): Command {
  return command
    .option("--key <member>", "member of a line that is the key (default: key)")
    .option("--time <member>", "member of a line that is the time (default: time)")
    .option("--value <member>", "member of a line that is the value (default: value)");
}

/** Throws SETTING_INVALID for options that exclude each other. */
export function assertColumns({ wide, key, value }: ColumnFlags): void {
  if (wide !== true || (key ?? value) === undefined) return;
  throw new UndercurrentError(
    "SETTING_INVALID",
    "--wide: every column is a key, so --key and --value cannot be used with it",
  );
}

/** The option for the encoding of files. */
export function encodingOption(): Option {
  return new Option(
    "--encoding <name>",
    "encoding of the text, such as windows-1252 or shift_jis (default: UTF-8, or UTF-16 with a byte order mark)",
  ).argParser(checkedEncoding);
}

/** Adds the options that JSON lines and CSV files share. */
export function addTimeOptions(command: Command): Command {
  return command
    .addOption(
      new Option("--time-unit <unit>", "unit of numeric times (default: detected)").choices(timeUnits),
    )
    .option(
      "--time-format <format>",
      "format of the times in luxon's tokens, such as d.M.yyyy HH:mm (default: ISO 8601)",
      checkedFormat,
    )
    .option(
      "--time-zone <zone>",
      "zone of times that name no zone, and of the time of day that is learned, such as Europe/Berlin (default: UTC)",
      checkedZone,
    )
    .addOption(encodingOption())
    .option(
      "--missing <words>",
      "further texts for a missing value, comma-separated",
      (text: string, before: readonly string[] | undefined) => [...(before ?? []), ...text.split(",")],
    )
    .addOption(
      new Option("--decimal <mark>", "decimal mark of numbers (default: the point)").choices([".", ","]),
    )
    .option(
      "--value-unit <units>",
      "units that values may carry and that are left out, comma-separated, such as %: 12.5 % is 12.5",
      (text: string, before: readonly string[] | undefined) => [...(before ?? []), ...text.split(",")],
    )
    .option(
      "--numbers-in-text",
      'take texts of JSON lines such as "41.2" as numbers, as --decimal , and --value-unit do; cells of CSV always are',
    );
}

/** Adds the options of CSV files. */
export function addFileOptions(command: Command): Command {
  return addTimeOptions(command).option(
    "--delimiter <character>",
    "character between cells, or tab (default: comma, semicolon or tab, detected)",
    delimiterOf,
  );
}

/** Settings of `decode` that options have for CSV files. */
const ofDecode = ["value", "missing", "decimal", "valueUnit", "numbersInText"] as const;

/**
 * Throws SETTING_INVALID for options without a meaning for files that all hold JSON lines by their names.
 *
 * @param byDecode Whether the configuration alone says how lines are read.
 */
export function assertRead(files: readonly string[], flags: FileFlags & ColumnFlags, byDecode = false): void {
  if (!files.every((file) => jsonLinesName.test(file))) return;
  const option = (["delimiter", "wide"] as const).find((name) => flags[name] !== undefined);
  if (option !== undefined) {
    throw new UndercurrentError(
      "SETTING_INVALID",
      `--${option} is of CSV files, and ${files.join(", ")} holds JSON lines by its name; decode.series of a configuration names several members of a line`,
    );
  }
  const setting = byDecode ? ofDecode.find((name) => flags[name] !== undefined) : undefined;
  if (setting === undefined) return;
  const name = setting.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  throw new UndercurrentError(
    "SETTING_INVALID",
    `--${name} is of CSV files: JSON lines are read as run reads the topic, by decode.${setting} of the configuration`,
  );
}

/** Throws SETTING_INVALID for options that exclude each other. */
export function assertForm({ timeUnit, timeFormat, delimiter, decimal }: FileFlags): void {
  if (timeUnit !== undefined && timeFormat !== undefined) {
    throw new UndercurrentError("SETTING_INVALID", "--time-unit and --time-format exclude each other");
  }
  if (delimiter === "," && decimal === ",") {
    throw new UndercurrentError("SETTING_INVALID", "--delimiter and --decimal are both the comma");
  }
}

function checkedEncoding(text: string): string {
  if (encodingOf(text) !== undefined) return text;
  throw new InvalidArgumentError(
    "It must be an encoding of the WHATWG's Encoding Standard, such as windows-1252.",
  );
}

function checkedFormat(text: string): string {
  const fault = timeFormatFault(text);
  if (fault === undefined) return text;
  throw new InvalidArgumentError(`${fault[0]!.toUpperCase()}${fault.slice(1)}.`);
}

function checkedZone(text: string): string {
  if (isTimeZone(text)) return text;
  throw new InvalidArgumentError("It must be an IANA time zone.");
}

function delimiterOf(text: string): string {
  if (text === "tab" || text === "\\t") return "\t";
  if (text.length === 1 && !/[\s"\w]/.test(text)) return text;
  if (text === "\t") return text;
  throw new InvalidArgumentError("It must be one character, such as ; or |, or the word tab.");
}
