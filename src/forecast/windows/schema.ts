/** Declares the schema of the settings of windows. */
import { z } from "zod";
import { isGraceBounded, isLength } from "../schema/refinements.js";
import { maxOpenWindows } from "./duration.js";

const durationSchema = z
  .string()
  .regex(/^\d{1,9}(?:ms|s|m|h|d)$/, "expected a duration such as 10s, 1m or 1h")
  .meta({ forms: "duration such as 10s, 1m or 1h" });

const functions = /^(?:count|sum|mean|min|max|last|rate|p[1-9]\d?(?:\.\d{1,3})?)$/;

/** Schema of the settings. A state belongs to windows of the same settings. */
export const aggregateSchema = z
  .strictObject({
    every: durationSchema
      .refine(isLength, "expected a duration above 0")
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
        `How long a window waits for events out of order: it closes when an event of the partition is this much newer than its end. At most ${maxOpenWindows} windows long.`,
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
  .refine(isGraceBounded, `grace: expected at most ${maxOpenWindows} windows`);
