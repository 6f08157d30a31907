/** Times as ISO 8601 text: what Date's toISOString writes, for times that are mostly of the same day, at a tenth of its cost. */

const dayLength = 86_400_000;
const padded = (value: number, width: number): string => String(value).padStart(width, "0");
const minutes = Array.from(
  { length: 1440 },
  (_, minute) => `${padded(Math.floor(minute / 60), 2)}:${padded(minute % 60, 2)}:`,
);
const seconds = Array.from({ length: 60 }, (_, second) => `${padded(second, 2)}.`);
const milliseconds = Array.from({ length: 1000 }, (_, millisecond) => `${padded(millisecond, 3)}Z`);

/** The last day that was written, in days since the epoch, and its text. */
let lastDay = NaN;
let lastDate = "";

/**
 * The text of epoch milliseconds, of at most 8.64e15 either way.
 *
 * @example
 * ```ts
 * isoTime(0); // "1970-01-01T00:00:00.000Z"
 * ```
 */
export function isoTime(time: number): string {
  const whole = Math.trunc(time);
  const day = Math.floor(whole / dayLength);
  if (day !== lastDay) {
    lastDay = day;
    // Years beyond four digits have more of them, and a sign.
    lastDate = new Date(day * dayLength).toISOString().slice(0, -"00:00:00.000Z".length);
  }
  const rest = whole - day * dayLength;
  const minute = Math.floor(rest / 60_000);
  const second = Math.floor((rest - 60_000 * minute) / 1000);
  return lastDate + minutes[minute]! + seconds[second]! + milliseconds[rest % 1000]!;
}
