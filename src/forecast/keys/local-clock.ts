/** Local times of a zone, for the time of day and the day of the week. The rules are those of the host's `Intl`. */

/**
 * Offsets are kept by weeks, for no zone changes its clocks twice within one. A direct-mapped table of so many weeks
 * holds eight years of events.
 */
const weekMs = 604_800_000;
const weeksKept = 512;
/** Zones have one offset before the earliest time and, as far as rules are known, after the latest. */
const [earliest, latest] = [-3e13, 8e15];

/** A day, in milliseconds. */
export const day = 86_400_000;

/**
 * Returns the milliseconds from the last multiple of a period to a local time: 0 or more, and below the period.
 *
 * @param time Epoch milliseconds of local time.
 * @param period Milliseconds.
 */
export function withinPeriod(time: number, period: number): number {
  if (time > 0 && time < 2 ** 53) {
    // The same without `%`, which is slow (see `remainder`). A time just below a multiple may reach it by the division.
    const from = time - period * Math.floor(time / period);
    return from < 0 ? from + period : from;
  }
  const within = time % period;
  const from = within < 0 ? within + period : within;
  // The sum may round up to the period.
  return from < period ? from : 0;
}

/** Turns times into local ones. It allocates only for a week that it has not kept. */
export class LocalClock {
  readonly #offsetAt: ((time: number) => number) | undefined;
  readonly #weeks = new Float64Array(weeksKept).fill(NaN);
  /** Of each week: when the offset changes, and the offset before and after. */
  readonly #changes = new Float64Array(weeksKept);
  readonly #before = new Float64Array(weeksKept);
  readonly #after = new Float64Array(weeksKept);

  /** @param zone IANA name of the zone. */
  constructor(zone: string) {
    this.#offsetAt = zone === "UTC" ? undefined : offsetReader(zone);
  }

  /**
   * Returns what the clocks on the wall say at a time, as if they were UTC.
   *
   * @param time Epoch milliseconds.
   */
  localOf(time: number): number {
    if (this.#offsetAt === undefined) return time;
    const known = Math.min(Math.max(time, earliest), latest);
    const week = Math.floor(known / weekMs);
    const place = ((week % weeksKept) + weeksKept) % weeksKept;
    if (this.#weeks[place] !== week) this.#keep(week, place, this.#offsetAt);
    return time + (known < this.#changes[place]! ? this.#before[place]! : this.#after[place]!);
  }

  #keep(week: number, place: number, offsetAt: (time: number) => number): void {
    let from = week * weekMs;
    let to = from + weekMs;
    const before = offsetAt(from);
    const after = offsetAt(to);
    if (before === after) to = from;
    while (to - from > 1) {
      const middle = Math.floor((from + to) / 2);
      if (offsetAt(middle) === before) from = middle;
      else to = middle;
    }
    this.#weeks[place] = week;
    this.#changes[place] = to;
    this.#before[place] = before;
    this.#after[place] = after;
  }
}

/** A function from epoch milliseconds to the offset of local time from UTC, in milliseconds. */
function offsetReader(zone: string): (time: number) => number {
  const format = new Intl.DateTimeFormat("en-US", {
    timeZone: zone,
    calendar: "gregory",
    numberingSystem: "latn",
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  });
  return (time) => {
    const parts: Partial<Record<Intl.DateTimeFormatPartTypes, number>> = {};
    for (const { type, value } of format.formatToParts(time)) parts[type] = Number(value);
    const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts;
    return Date.UTC(year, month - 1, day, hour, minute, second) - 1000 * Math.floor(time / 1000);
  };
}
