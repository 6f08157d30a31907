/** Reads the time of an event as the settings say: its unit, its format and its zone. */
import { UndercurrentError, withHint } from "../../errors/errors.js";
import { maximumTime, readTime } from "../../forecast/input.js";
import { hasZone } from "../../forecast/iso-time.js";
import { epochTime, plausibleUnit, toMilliseconds, unitNames, type TimeUnit } from "./epoch.js";
import { localClock, timeFormatParser } from "./format.js";
import { isOrderUnclear, likelyFormat } from "./guess.js";

export interface TimeSettings {
  /** Unit of numbers. Without one, numbers are milliseconds, and numbers that are not plausible so are refused. */
  readonly timeUnit?: TimeUnit | undefined;
  /** Format of texts, in the tokens of luxon; ISO 8601 without one. */
  readonly timeFormat?: string | undefined;
  /** IANA name of the zone of texts that name none; UTC without it. */
  readonly timeZone?: string | undefined;
}

/** What messages call the settings. */
export interface TimeOptionNames {
  readonly unit: (unit: string) => string;
  readonly format: string;
  /** What to do for local times; no note tells of them without. */
  readonly zone?: string;
}

export const decodeNames: TimeOptionNames = {
  unit: (unit) => `decode.timeUnit: ${unit}`,
  format: "decode.timeFormat",
  zone: "set decode.timeZone, such as Europe/Berlin",
};
export const flagNames: TimeOptionNames = {
  unit: (unit) => `--time-unit ${unit}`,
  format: "--time-format",
  zone: "give --time-zone, such as --time-zone Europe/Berlin",
};

export const numericText = /^\s*[+-]?\d+(\.\d+)?\s*$/;

/**
 * A function that reads times as epoch milliseconds. It throws TIME_INVALID. Texts of digits are numbers where a unit is
 * named or `isText` says that all input is text.
 *
 * @example
 * ```ts
 * const read = timeReader({ timeUnit: "s" }, decodeNames);
 * read(1772323200); // 1772323200000
 * read("2026-03-01T00:00:00Z"); // 1772323200000
 * ```
 */
export function timeReader(
  { timeUnit, timeFormat, timeZone }: TimeSettings,
  names: TimeOptionNames,
  isText = false,
): (time: unknown) => number {
  if (timeFormat !== undefined) return formatReader(timeFormat, timeZone, names);
  const takesDigits = isText || timeUnit !== undefined;
  const local = timeZone === undefined ? undefined : localClock(timeZone);
  return (time) => {
    if (typeof time === "number") return readNumber(time, timeUnit, names);
    if (typeof time !== "string") return readTime(time);
    if (takesDigits && numericText.test(time)) return readNumber(Number(time), timeUnit, names);
    const iso = readIso(time, names);
    return local === undefined || hasZone(time) ? iso : local(iso);
  };
}

/** Reads ISO 8601; the error of another text names the format that would read it. */
function readIso(text: string, names: TimeOptionNames): number {
  return withHint(
    () => readTime(text),
    () => formatHint(text, names),
  );
}

function formatHint(text: string, names: TimeOptionNames): string {
  const format = likelyFormat(text.trim());
  // A day that the calendar does not have is of no format.
  if (format === undefined || Number.isNaN(parserOf(format)(text.trim()))) return "";
  const other = isOrderUnclear(text.trim()) ? ", if the month is first" : "";
  const mark = names.format.startsWith("--") ? " " : ": ";
  return `; ${names.format}${mark}${JSON.stringify(format)} reads it${other}`;
}

/** Parsers of likely formats, of which there are some hundred at most. */
const parsers = new Map<string, (text: string) => number>();

function parserOf(format: string): (text: string) => number {
  const parser = parsers.get(format) ?? timeFormatParser(format);
  parsers.set(format, parser);
  return parser;
}

function formatReader(
  format: string,
  zone: string | undefined,
  names: TimeOptionNames,
): (time: unknown) => number {
  const parse = timeFormatParser(format, zone);
  return (time) => {
    const text = typeof time === "number" ? String(time) : time;
    if (typeof text !== "string") return readTime(text);
    const milliseconds = parse(text.trim());
    if (Math.abs(milliseconds) <= maximumTime) return milliseconds;
    const shown = JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);
    const hint = formatHint(text, names);
    throw new UndercurrentError(
      "TIME_INVALID",
      `the time is the text ${shown}, not of the format ${format}${hint}`,
    );
  };
}

function readNumber(time: number, unit: TimeUnit | undefined, names: TimeOptionNames): number {
  const milliseconds = epochTime(time, unit);
  if (Math.abs(milliseconds) <= maximumTime) return milliseconds;
  throw new UndercurrentError("TIME_INVALID", numberFault(time, unit, names));
}

function numberFault(time: number, unit: TimeUnit | undefined, names: TimeOptionNames): string {
  const plausible = plausibleUnit(time);
  if (plausible === undefined || plausible === unit) {
    if (unit !== undefined || !Number.isFinite(time)) return `the time is ${time}`;
    return (
      `the time is ${time}, which is not plausible as epoch seconds, milliseconds, microseconds or nanoseconds: ` +
      `name the unit (${names.unit("ms")}), or the format of a date (${names.format})`
    );
  }
  const meant = `as epoch ${unitNames[plausible]} it is ${instant(time, plausible)}`;
  if (unit !== undefined) return `the time is ${time}, which contradicts ${names.unit(unit)}: ${meant}`;
  return `the time is ${time}, which is not plausible in milliseconds: ${meant} (${names.unit(plausible)})`;
}

/** A number in a unit as ISO 8601. */
export function instant(time: number, unit: TimeUnit): string {
  return new Date(toMilliseconds(time, unit)).toISOString();
}
