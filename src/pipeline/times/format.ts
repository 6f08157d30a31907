/** Times in a format that the user names, and local times of a named zone: luxon's tokens, its zones from `Intl`. */
import { DateTime, IANAZone, type DateTimeOptions } from "luxon";

/**
 * Names of months and days are English on every host. luxon parses in UTC alone: in other zones it resolves local times that
 * occur twice by the offset of the present day.
 */
const hostIndependent: DateTimeOptions = { locale: "en-US", numberingSystem: "latn", zone: "UTC" };
const dayMs = 86_400_000;
const minuteMs = 60_000;

/**
 * A parser of one format. It returns epoch milliseconds, or NaN for text of another form. Text of a format without an
 * offset from UTC is a local time of the zone.
 *
 * @example
 * ```ts
 * timeFormatParser("M/d/yyyy H:mm", "Europe/Berlin")("1/2/2010 13:00"); // 1262433600000
 * ```
 */
export function timeFormatParser(format: string, zone?: string): (text: string) => number {
  const parser = DateTime.buildFormatParser(format, hostIndependent);
  const parse = (text: string): number => DateTime.fromFormatParser(text, parser, hostIndependent).toMillis();
  if (zone === undefined || /[ZXx]/.test(tokensOf(format))) return parse;
  const local = localClock(zone);
  return (text) => local(parse(text));
}

/**
 * Returns a function from local times, given as if they were UTC, to epoch milliseconds. A local time that occurs twice is the
 * earlier one. A local time that the clocks skip moves forward by the length of the gap.
 */
export function localClock(zone: string): (asUtc: number) => number {
  const rules = IANAZone.create(zone);
  const offsetAt = (time: number): number => minuteMs * rules.offset(time);
  let day = NaN;
  let [before, after] = [NaN, NaN];
  return (asUtc) => {
    if (Number.isNaN(asUtc)) return NaN;
    const start = dayMs * Math.floor(asUtc / dayMs);
    if (start !== day) {
      day = start;
      before = offsetAt(start - dayMs);
      after = offsetAt(start + 2 * dayMs);
    }
    const earlier = asUtc - before;
    if (before === after || offsetAt(earlier) === before) return earlier;
    const later = asUtc - after;
    return offsetAt(later) === after ? later : earlier;
  };
}

export function isTimeZone(name: string): boolean {
  return IANAZone.isValidZone(name);
}

/** Returns what is wrong with a format; undefined if nothing is. */
export function timeFormatFault(format: string): string | undefined {
  const tokens = tokensOf(format);
  // luxon takes units that are not there from the present day.
  if (!/y|kk|[Xx]/.test(tokens)) return "a time format needs the year, such as yyyy";
  if (tokens.includes("z")) return "a time format has no names of zones (z): use offsets (ZZ) or timeZone";
  try {
    const day = DateTime.fromMillis(1_772_323_200_000, hostIndependent);
    if (!Number.isNaN(timeFormatParser(format)(day.toFormat(format)))) return undefined;
  } catch {
    // The message below says as much as luxon's.
  }
  return "this is no time format: use the tokens of luxon, such as yyyy-MM-dd HH:mm or d.M.yyyy";
}

/** Whether times of a format have a time of day, and no offset from UTC. */
export function isLocalFormat(format: string): boolean {
  const tokens = tokensOf(format);
  return /[HhTtFf]/.test(tokens) && !/[ZXx]/.test(tokens);
}

/** The format without its quoted text. */
function tokensOf(format: string): string {
  return format.replace(/'[^']*'/g, "");
}
