/** Reads and writes durations such as 10s, and bounds those of windows. */

/** Units of durations, in milliseconds, from the longest. */
const units = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1000, ms: 1 } as const;

/** Windows of a key that may be open at once, beside the one that the watermark is in. */
export const maxOpenWindows = 60;

/** Returns the milliseconds of a duration such as "10s"; NaN for other text. */
export function durationMs(text: string): number {
  const [, count, unit] = /^(\d{1,9})(ms|s|m|h|d)$/.exec(text) ?? [];
  return Number(count) * units[unit as keyof typeof units];
}

/** Returns the shortest text of a duration, so that equal durations are equal settings. */
export function durationText(ms: number): string {
  const [unit, size] = Object.entries(units).find(([, size]) => ms % size === 0)!;
  return ms === 0 ? "0s" : `${ms / size}${unit}`;
}
