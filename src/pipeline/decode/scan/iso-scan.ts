/** Parses ISO 8601 times from bytes in the most common form: UTC with whole seconds or milliseconds. */

const [minus, dot, zero, colon] = [0x2d, 0x2e, 0x30, 0x3a];

/** When days begin; consecutive times are mostly of one day. */
export class DayStarts {
  #date = NaN;
  #start = NaN;

  /** Epoch milliseconds; NaN for a date that is not in the calendar, or before 1970. */
  of(year: number, month: number, day: number): number {
    const date = 10_000 * year + 100 * month + day;
    if (date !== this.#date) {
      this.#date = date;
      const start = new Date(Date.UTC(year, month - 1, day));
      // A day that the month does not have is one of another month.
      const exists = year >= 1970 && start.getUTCMonth() === month - 1;
      this.#start = exists ? start.getTime() : NaN;
    }
    return this.#start;
  }
}

/**
 * Returns the epoch milliseconds of `2026-03-01T10:00:05Z`, `2026-03-01T10:00:05.250Z` and the same without Z. Returns NaN for
 * any other text, which may still be a time.
 */
export function isoTimeAt(bytes: Uint8Array, start: number, end: number, days: DayStarts): number {
  const whole = bytes[end - 1] === 0x5a ? end - 1 - start : end - start;
  if (whole !== 19 && whole !== 23) return NaN;
  if (bytes[start + 4] !== minus || bytes[start + 7] !== minus || bytes[start + 10] !== 0x54) return NaN;
  if (bytes[start + 13] !== colon || bytes[start + 16] !== colon) return NaN;
  const hour = two(bytes, start + 11);
  const minute = two(bytes, start + 14);
  const second = two(bytes, start + 17);
  if (!(hour < 24 && minute < 60 && second < 60)) return NaN;
  const day = days.of(
    100 * two(bytes, start) + two(bytes, start + 2),
    two(bytes, start + 5),
    two(bytes, start + 8),
  );
  const time = day + 1000 * (60 * (60 * hour + minute) + second);
  if (whole === 19) return time;
  if (bytes[start + 19] !== dot) return NaN;
  return time + 10 * two(bytes, start + 20) + one(bytes, start + 22);
}

function one(bytes: Uint8Array, at: number): number {
  const digit = bytes[at]! - zero;
  return digit >= 0 && digit <= 9 ? digit : NaN;
}

function two(bytes: Uint8Array, at: number): number {
  return 10 * one(bytes, at) + one(bytes, at + 1);
}
