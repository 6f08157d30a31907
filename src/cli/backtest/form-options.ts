/** The options that say how times and values of the input are written. */
import { InvalidArgumentError, Option, type Command } from "commander";
import { timeUnits, type TimeUnit } from "../../pipeline/times/epoch.js";
import { isTimeZone, timeFormatFault } from "../../pipeline/times/format.js";
import { UndercurrentError } from "../../errors/errors.js";

/** The options of times and missing values as commander gives them. */
export interface TimeFlags {
  readonly timeUnit?: TimeUnit;
  readonly timeFormat?: string;
  readonly timeZone?: string;
  readonly missing?: readonly string[];
}

/** Those of CSV files. */
export interface FileFlags extends TimeFlags {
  readonly delimiter?: string;
  readonly decimal?: "." | ",";
}

/** Adds the options that JSON lines and CSV files share. */
export function addTimeOptions(command: Command): Command {
  return command
    .addOption(
      new Option("--time-unit <unit>", "unit of times that are numbers; detected without").choices(timeUnits),
    )
    .option(
      "--time-format <format>",
      "format of the times in the tokens of luxon, such as d.M.yyyy HH:mm; ISO 8601 without",
      checkedFormat,
    )
    .option(
      "--time-zone <zone>",
      "zone of times that name none, such as Europe/Berlin; UTC without",
      checkedZone,
    )
    .option(
      "--missing <words>",
      "further texts that stand for a missing value, with commas between them",
      (text: string, before: readonly string[] | undefined) => [...(before ?? []), ...text.split(",")],
    );
}

/** Adds the options of CSV files. */
export function addFileOptions(command: Command): Command {
  return addTimeOptions(command)
    .option(
      "--delimiter <character>",
      "character between cells, or tab; the comma, semicolon or tab is detected without",
      delimiterOf,
    )
    .addOption(
      new Option("--decimal <mark>", "decimal mark of numbers; the point without").choices([".", ","]),
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

function checkedFormat(text: string): string {
  const fault = timeFormatFault(text);
  if (fault === undefined) return text;
  throw new InvalidArgumentError(`${fault[0]!.toUpperCase()}${fault.slice(1)}.`);
}

function checkedZone(text: string): string {
  if (isTimeZone(text)) return text;
  throw new InvalidArgumentError("This is no IANA time zone.");
}

function delimiterOf(text: string): string {
  if (text === "tab" || text === "\\t") return "\t";
  if (text.length === 1 && !/[\s"\w]/.test(text)) return text;
  if (text === "\t") return text;
  throw new InvalidArgumentError("It must be one character such as ; or |, or tab.");
}
