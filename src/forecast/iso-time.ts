/** ISO 8601 times from text, by a grammar of our own: `Date.parse` depends on the host and rolls days over. */

/**
 * A date, and a time of day with an optional zone. Groups: year, month, day, hour, minute, second, fraction, zone.
 * Beyond ECMAScript's own form: a blank in place of T or before the zone, lower case, a comma before the fraction, zones
 * written +hhmm, +hh, UTC and GMT.
 */
const form =
  /^([+-]\d{6}|\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,12}))?)?)? ?(Z|UTC|GMT|[+-]\d{2}(?::?\d{2})?)?$/i;

const dayMs = 86_400_000;

/**
 * Epoch milliseconds of ISO 8601 text, UTC where it names no zone; digits beyond milliseconds are dropped. NaN for
 * anything else: a day that its month does not have, hour 24 but for 24:00:00, second 60, a zone of 24 hours or more.
 */
export function parseIsoTime(text: string): number {
  const match = form.exec(text);
  if (match === null || match[1] === "-000000") return NaN;
  const [, year, month, day, hour, minute, second, fraction = "", zone] = match;
  const start = startOfDay(Number(year), Number(month), Number(day));
  const offset = offsetOf(zone);
  if (hour === undefined) return start - offset;
  const ofDay =
    3_600_000 * Number(hour) +
    60_000 * Number(minute) +
    1000 * Number(second ?? 0) +
    Number(fraction.slice(0, 3).padEnd(3, "0"));
  const exists =
    Number(minute) < 60 &&
    Number(second ?? 0) < 60 &&
    (Number(hour) < 24 || (ofDay === dayMs && !/[1-9]/.test(fraction)));
  return exists ? start + ofDay - offset : NaN;
}

/** Whether the text has the form of a time, and names a day that the calendar does not have. */
export function namesMissingDay(text: string): boolean {
  const match = form.exec(text);
  return match !== null && Number.isNaN(startOfDay(Number(match[1]), Number(match[2]), Number(match[3])));
}

/** Whether the text has the form of a time, and names its zone. */
export function hasZone(text: string): boolean {
  return form.exec(text)?.[8] !== undefined;
}

/** Epoch milliseconds; NaN for a day that its month does not have. */
function startOfDay(year: number, month: number, day: number): number {
  const start = new Date(0);
  // Date.UTC takes the years 0 to 99 for those of the twentieth century.
  const time = start.setUTCFullYear(year, month - 1, day);
  return start.getUTCMonth() === month - 1 && start.getUTCDate() === day ? time : NaN;
}

/** Whether the text has the form of a time of day, and names no zone. */
export function isLocalTime(text: string): boolean {
  const match = form.exec(text);
  return match?.[4] !== undefined && match[8] === undefined;
}

/** Milliseconds that a zone is ahead of UTC; NaN for one of 24 hours or more. */
function offsetOf(zone: string | undefined): number {
  if (zone === undefined || !/^[+-]/.test(zone)) return 0;
  const hours = Number(zone.slice(1, 3));
  const minutes = Number(zone.slice(3).replace(":", ""));
  if (hours > 23 || minutes > 59) return NaN;
  return (zone.startsWith("-") ? -1 : 1) * 60_000 * (60 * hours + minutes);
}
