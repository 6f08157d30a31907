/** Declares the schema of the settings that decide which alarms become incidents. */
import { z } from "zod";
import { isConfirmable, isDaily, isForward, isInstant, isPattern } from "../schema/refinements.js";
import { weekdays } from "./settings.js";
import { maxFeatures } from "../settings.js";

/** Most values among which an alarm is confirmed: their marks are 16 bits. */
const maxConfirmOf = 16;

const groupSchema = z.union(
  [
    z.string().min(1).max(200).refine(isPattern, "expected a regular expression"),
    z.strictObject({
      path: z
        .union([z.string().min(1).max(200), z.array(z.string().min(1)).min(1).max(20)])
        .describe("Path in the event, such as site or location.site; a list if a name contains a dot."),
    }),
  ],
  {
    error: ({ input }) =>
      typeof input === "string"
        ? "expected a regular expression"
        : "expected a regular expression of keys, or {path: site}",
  },
);

const directionSchema = z
  .enum(["both", "above", "below"])
  .describe(
    "Direction of the alarms that count. above and below leave out alarms without a direction: flatlines and changes of variance.",
  );

/** A least deviation: a number, or the place of the exogenous feature that holds that of the key. */
const leastSchema = z.union([
  z.number().min(0),
  z.strictObject({
    feature: z
      .int()
      .min(0)
      .max(maxFeatures - 1),
  }),
]);

const deviationSchema = z
  .strictObject({
    absolute: leastSchema
      .default(0)
      .describe(
        "Smallest deviation, in the unit of the values; {feature: 0} takes it from the first of the event's exogenous features, or the last one that came.",
      ),
    share: leastSchema
      .default(0)
      .describe("Smallest deviation, as a share of the expected value's size, in the same forms."),
  })
  .prefault({})
  .describe(
    "Deviation from the usual value that an alarm must reach. Where both are given, both must be reached. Alarms without a direction have no deviation and count.",
  );

// Aborts, so that the form with the fewest faults is told, whatever the faults are.
const instantSchema = z
  .string()
  .refine(isInstant, { error: "expected an ISO 8601 time, such as 2026-05-01T22:00Z", abort: true });

const fromSchema = z.string().regex(/^(?:[01]\d|2[0-3]):[0-5]\d$/, {
  error: "expected a time of day from 00:00 to 23:59",
  abort: true,
});
const toSchema = z.string().regex(/^(?:(?:[01]\d|2[0-3]):[0-5]\d|24:00)$/, {
  error: "expected a time of day from 00:00 to 24:00",
  abort: true,
});

/** Text for a day that is none. A setting's value is named here, for a day is no secret. */
const dayError = ({ input }: { readonly input?: unknown }): string => {
  const found = typeof input === "string" ? `; found ${JSON.stringify(input.slice(0, 20))}` : "";
  return `expected a day of the week: ${weekdays.join(", ")}${found}`;
};

/**
 * Ends a form at any fault, an unknown name included. Else the only form without an ending fault would be told, whatever the
 * faults of the others are.
 */
const endsAtFault = <T>(): z.core.$ZodCheck<T> =>
  z.check<T>((payload) => {
    payload.aborted ||= payload.issues.length > 0;
  });

const quietSchema = z.union(
  [
    z
      .strictObject({
        from: instantSchema.describe("Begin, an ISO 8601 time; UTC where it names no zone."),
        to: instantSchema.describe("End, which is no longer part of the window."),
      })
      .refine(isForward, "expected from before to")
      .check(endsAtFault()),
    z
      .strictObject({
        days: z
          .array(z.enum(weekdays, { error: dayError }))
          .min(1)
          .default([...weekdays])
          .describe("Days of the week on which the window begins."),
        from: fromSchema.describe("Local time of day at which the window begins, such as 22:00."),
        to: toSchema.describe(
          "Local time of day at which it ends. A time before `from` is one of the next day.",
        ),
      })
      .refine(isDaily, "expected from and to to differ")
      .check(endsAtFault()),
  ],
  "expected {from, to} as ISO 8601 times, or {days, from, to} with times of day such as 22:00",
);

/** Schema of the settings: the gates between alarms and incidents. */
export const incidentSchema = z.strictObject({
  direction: directionSchema.default("both"),
  minimumDeviation: deviationSchema,
  overrides: z
    .array(
      z.strictObject({
        keys: z
          .string()
          .min(1)
          .max(200)
          .refine(isPattern, "expected a regular expression")
          .describe("Regular expression of the keys, such as /temperature$."),
        direction: directionSchema.default("both"),
        minimumDeviation: deviationSchema,
      }),
    )
    .max(100)
    .default([])
    .describe(
      "Direction and deviation for some keys, in place of the two settings above. The first entry whose pattern a key matches holds.",
    ),
  confirm: z
    .strictObject({
      count: z.int().min(1).max(maxConfirmOf).default(1).describe("Number of unusual values."),
      of: z.int().min(1).max(maxConfirmOf).default(1).describe("Number of last values."),
    })
    .refine(isConfirmable, "expected count to be at most of")
    .prefault({})
    .describe(
      "An incident is opened when `count` of the last `of` values are unusual, from an alarm on. By default each alarm opens one.",
    ),
  silence: z
    .boolean()
    .default(false)
    .describe(
      "Whether a key that came regularly and does not come any more is an incident, by the times of the other keys' events. It takes 108 bytes per key.",
    ),
  group: groupSchema
    .optional()
    .describe(
      "Group of a key: a regular expression of keys whose first parentheses, or else the whole match, name the group, such as ^([^/]+)/, or {path: site}, a path in the key's first event. Members that deviate together are one incident of their group.",
    ),
  quiet: z
    .array(quietSchema)
    .max(100)
    .default([])
    .describe(
      "Times in which incidents are muted and values that alarm teach nothing: {from, to} as ISO 8601 times, or {days: [sat, sun], from: 22:00, to: 06:00} in the time zone of the model.",
    ),
});
