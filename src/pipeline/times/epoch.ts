/** Epoch times as numbers: their unit, and which numbers are plausible times in which unit. */

/** Seconds, milliseconds, microseconds and nanoseconds. */
export const timeUnits = ["s", "ms", "us", "ns"] as const;
export type TimeUnit = (typeof timeUnits)[number];

export const unitNames: Readonly<Record<TimeUnit, string>> = {
  s: "seconds",
  ms: "milliseconds",
  us: "microseconds",
  ns: "nanoseconds",
};

const perSecond: Readonly<Record<TimeUnit, number>> = { s: 1, ms: 1e3, us: 1e6, ns: 1e9 };

/**
 * Plausible times are of 1973-03-03 to 2572, in seconds from 1970 on, or as far before 1970. No number is plausible in two
 * units. Years, dates in 8 or 14 digits (20260301, 20260301120000) and small ids are plausible in none.
 */
const [earliest, latest] = [1e8, 1.9e10];
const [earliestMs, latestMs] = [1e3 * earliest, 1e3 * latest];

/** Returns the unit in which the number is a plausible time; undefined if there is none. */
export function plausibleUnit(number: number): TimeUnit | undefined {
  const size = Math.abs(number);
  return timeUnits.find((unit) => size >= earliest * perSecond[unit] && size < latest * perSecond[unit]);
}

/** Epoch milliseconds of a number in a unit. Digits beyond milliseconds are dropped, except those of milliseconds. */
export function toMilliseconds(number: number, unit: TimeUnit): number {
  if (unit === "ms") return number;
  // The product of a double such as 1772323200.123 and 1,000 may lie just below the whole number that is meant.
  if (unit === "s") return Math.floor(Math.round(1e6 * number) / 1e3);
  return Math.floor(number / (perSecond[unit] / 1e3));
}

/**
 * Epoch milliseconds of a number in the unit that the settings name; without one, of plausible milliseconds. NaN for a
 * number that is not plausible without a unit, or that is plausible in a finer unit than the named one.
 */
export function epochTime(number: number, unit: TimeUnit | undefined): number {
  if (unit === undefined) {
    const size = Math.abs(number);
    return size >= earliestMs && size < latestMs ? number : NaN;
  }
  const plausible = plausibleUnit(number);
  const isFiner = plausible !== undefined && perSecond[plausible] > perSecond[unit];
  return isFiner ? NaN : toMilliseconds(number, unit);
}
