/** Declares the settings of windows: raw events become one observation per key and window of event time. */
import { z } from "zod";

/** Units of durations, in milliseconds, from the longest. */
const units = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1000, ms: 1 } as const;

/** Windows of a key that may be open at once, beside the one that the watermark is in. */
const maxOpen = 60;

const durationSchema = z
  .string()
  .regex(/^\d{1,9}(?:ms|s|m|h|d)$/, "expected a duration such as 10s, 1m or 1h")
  .meta({ forms: "duration such as 10s, 1m or 1h" });

const functions = /^(?:count|sum|mean|min|max|last|rate|p[1-9]\d?(?:\.\d{1,3})?)$/;

/** Returns the milliseconds of a duration such as "10s"; NaN for other text. */
export function durationMs(text: string): number {
  const [, count, unit] = /^(\d{1,9})(ms|s|m|h|d)$/.exec(text) ?? [];
  return Number(count) * units[unit as keyof typeof units];
}

/** Returns the shortest text of a duration, so that equal durations are equal settings. */
function durationText(ms: number): string {
  const [unit, size] = Object.entries(units).find(([, size]) => ms % size === 0)!;
  return ms === 0 ? "0s" : `${ms / size}${unit}`;
}

/** Schema of the settings. A state belongs to windows of the same settings. */
export const aggregateSchema = z
  .strictObject({
    every: durationSchema
      .refine((text) => durationMs(text) > 0, "expected a duration above 0")
      .describe(
        "Length of a window, such as 10s, 1m, 1h or 1d. Windows begin at multiples of it since 1970, in UTC. The observation's time is the end of its window.",
      ),
    by: z
      .string()
      .regex(functions, "expected count, sum, mean, min, max, last, rate, or a percentile such as p99")
      .default("count")
      .describe(
        "What becomes of the events of a key in a window: their number, sum, mean, min, max or last value; rate: increase of a counter per second, resets included; or a percentile from p1 to p99.",
      )
      .meta({ forms: "count | sum | mean | min | max | last | rate | p1 … p99" }),
    grace: durationSchema
      .default("0s")
      .describe(
        `How long a window waits for events out of order: it closes when an event of the partition is this much newer than its end. At most ${maxOpen} windows long.`,
      ),
    empty: z
      .enum(["zero", "missing"])
      .optional()
      .describe(
        "Value of a window in which a known key has no event. Default: zero for count and sum, missing otherwise.",
      ),
    maxEmpty: z
      .int()
      .min(0)
      .max(10_000)
      .default(60)
      .describe(
        "Largest number of empty windows in a row that a key has observations of. Later ones have none until the key's next event.",
      ),
    maxAhead: durationSchema
      .default("1h")
      .describe(
        "How far an event time may be ahead of its record's timestamp. Events further ahead go to the dead letters, because they would close every window before them. Without effect in backtest, pipe and the operators, whose events have no second time.",
      ),
  })
  .refine(
    ({ every, grace }) => !(durationMs(grace) > maxOpen * durationMs(every)),
    `grace: expected at most ${maxOpen} windows`,
  );

export type AggregateOptions = z.input<typeof aggregateSchema>;

/** Complete settings of windows. */
export type AggregateSettings = z.output<typeof aggregateSchema>;

/** Returns the settings with equal texts for equal durations. */
export function canonicalWindows(settings: AggregateSettings): AggregateSettings {
  const canonical = (text: string): string => durationText(durationMs(text));
  return {
    ...settings,
    every: canonical(settings.every),
    grace: canonical(settings.grace),
    maxAhead: canonical(settings.maxAhead),
  };
}

/** Returns the value of a window without events. */
export function emptyValue({ by, empty }: AggregateSettings): number {
  const kind = empty ?? (by === "count" || by === "sum" ? "zero" : "missing");
  return kind === "zero" ? 0 : NaN;
}

/** Returns the quantile of `by`, from 0 to 1; undefined unless it is a percentile. */
export function quantileOf({ by }: AggregateSettings): number | undefined {
  return by.startsWith("p") ? Number(by.slice(1)) / 100 : undefined;
}
