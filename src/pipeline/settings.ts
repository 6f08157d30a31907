/** Declares the settings of a pipeline, except those of the forecaster: decoding, snapshots, recovery, commits. */
import { z } from "zod";
import { refuseRenamed, UndercurrentError } from "../errors/errors.js";
import { tuningNames } from "../forecast/snapshot/signature.js";
import { isTimeZone, timeFormatFault } from "./times/format.js";
import { timeUnits } from "./times/epoch.js";
import {
  forecasterSettings,
  maxFeatures,
  type ForecasterOptions,
  type ForecasterSettings,
} from "../forecast/settings.js";

/**
 * Schema of a path to a value inside a JSON document: "payload.celsius" or `{ path: ["payload", "celsius"] }`. The second
 * form also takes names that contain a dot. A list is refused; the error says what to write instead.
 */
function pathSchema(severalMeant: string) {
  return z.union([z.string(), z.strictObject({ path: z.array(z.string()) })], {
    error: ({ input }) =>
      Array.isArray(input)
        ? `a list is not a path: ${severalMeant}. For a nested value write outer.inner, or {path: [outer, inner]} if a name contains a dot`
        : undefined,
  });
}

const keyPath = pathSchema("a key has one path. Join the parts of a composite key in one field upstream");
const timePath = pathSchema("a time has one path");
const valuePath = pathSchema(
  "a record has one value. Run one service per value, each with its own applicationId and topics",
);
const featurePath = pathSchema("list each feature as one item");

export const timeFormatSchema = z.string().check(({ value, issues }) => {
  const message = timeFormatFault(value);
  if (message !== undefined) issues.push({ code: "custom", message, input: value });
});

export const timeZoneSchema = z.string().refine(isTimeZone, { message: "this is no IANA time zone" });

const decodeSchema = z
  .strictObject({
    format: z
      .enum(["json", "number"])
      .default("json")
      .describe("Format of the record's value: a JSON document, or the text of one number."),
    key: keyPath
      .optional()
      .describe("Path of the series key in the JSON document. Default: the record's key as UTF-8 text."),
    time: timePath
      .optional()
      .describe(
        "Path of the event time in the JSON document, as a number in timeUnit, as text in timeFormat, or as ISO 8601. Default: the record's timestamp.",
      ),
    timeUnit: z
      .enum(timeUnits)
      .optional()
      .describe(
        "Unit of event times that are numbers: s, ms, us or ns since 1970. Default: milliseconds, and a number that is not plausible in milliseconds (1973 to 2572) goes to the dead letters.",
      ),
    timeFormat: timeFormatSchema
      .optional()
      .describe(
        "Format of the event time in the tokens of luxon, such as d.M.yyyy HH:mm. Default: ISO 8601.",
      ),
    timeZone: timeZoneSchema
      .optional()
      .describe("Time zone of event times that name none, such as Europe/Berlin. Default: UTC."),
    value: valuePath
      .default("value")
      .describe(
        "Path of the value in the JSON document. An empty path is the document itself; null is a missing value.",
      ),
    missing: z
      .array(z.string())
      .max(64)
      .default([])
      .describe(
        "Texts that stand for a missing value or feature, such as unavailable. Upper and lower case are the same.",
      ),
    features: z
      .array(featurePath)
      .max(maxFeatures)
      .default([])
      .describe(
        "Paths of further numbers in the JSON document that help to forecast the next value. Null or an absent field is a missing value.",
      ),
    maxValueBytes: z
      .int()
      .min(1)
      .default(1_048_576)
      .describe("Largest accepted record value, in bytes. Larger records go to the dead letters."),
  })
  .refine(
    ({ format, key, time, features }) =>
      format === "json" || (key === undefined && time === undefined && features.length === 0),
    { message: "the paths key, time and features require format: json" },
  )
  .refine(
    ({ time, timeUnit, timeFormat, timeZone }) =>
      time !== undefined || (timeUnit ?? timeFormat ?? timeZone) === undefined,
    { message: "timeUnit, timeFormat and timeZone require time" },
  )
  .refine(({ timeUnit, timeFormat }) => timeUnit === undefined || timeFormat === undefined, {
    message: "timeUnit and timeFormat exclude each other",
  });

const lateSchema = z
  .enum(["process", "drop", "dead-letter"])
  .default("process")
  .describe(
    "What to do with an event older than the previous event of its key: process it, drop it and count it, or send it to the dead letters. With drop and dead-letter, an event time more than 7 days after its record's timestamp also goes to the dead letters, because every later event of the key would be late.",
  );

const snapshotSchema = z.strictObject({
  everyEvents: z
    .int()
    .min(1)
    .default(100_000)
    .describe(
      "Largest number of events between two snapshots. A recovery replays at most these events and one commit.",
    ),
  everyMs: z
    .int()
    .min(1)
    .max(86_400_000)
    .default(300_000)
    .describe(
      "Longest time between two snapshots, in milliseconds. Shorter times make recovery faster and write more.",
    ),
});

const recoverySchema = z.strictObject({
  changedModel: z
    .enum(["fail", "fresh", "migrate"])
    .default("fail")
    .describe(
      `What to do if the state was made with other model settings: fail, start with an empty state (fresh), or keep the state (migrate). migrate accepts changes of these settings only: ${tuningNames.join(", ")}. After any other change it fails too.`,
    ),
  gap: z
    .enum(["fail", "fresh"])
    .default("fail")
    .describe(
      "What to do if the state cannot be restored to the committed offset because input or state is gone: fail, or resume at the committed offset with an empty state (fresh).",
    ),
});

const commitSchema = z.strictObject({
  maxEvents: z
    .int()
    .min(1)
    .max(100_000)
    .default(5000)
    .describe(
      "Largest number of input records per commit. Smaller commits lower latency and cost throughput.",
    ),
});

export const pipelineSchema = z.strictObject({
  decode: decodeSchema.prefault({}),
  late: lateSchema,
  snapshot: snapshotSchema.prefault({}),
  recovery: recoverySchema.prefault({}),
  commit: commitSchema.prefault({}),
});

export type Path = z.output<typeof valuePath>;
export type DecodeSettings = z.output<typeof decodeSchema>;
export type LatePolicy = z.output<typeof lateSchema>;
export type RecoverySettings = z.output<typeof recoverySchema>;
/** Complete settings of a pipeline. */
export type PipelineSettings = z.output<typeof pipelineSchema>;
/** Options of a pipeline. Omitted options have their default. */
export type PipelineOptions = z.input<typeof pipelineSchema>;

/**
 * Checks options and fills in the defaults.
 *
 * @param options Settings of the pipeline.
 * @returns The complete settings.
 * @throws SETTING_INVALID with the name and range of the first invalid setting.
 *
 * @example
 * ```ts
 * const settings = pipelineSettings({ decode: { value: "payload.celsius" }, late: "drop" });
 * settings.snapshot.everyEvents; // 100000
 * ```
 */
export function pipelineSettings(options: PipelineOptions = {}): PipelineSettings {
  refuseRenamed("decode", options.decode, "decode.");
  refuseRenamed("snapshot", options.snapshot, "snapshot.");
  const result = pipelineSchema.safeParse(options);
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  throw new UndercurrentError("SETTING_INVALID", `${issue.path.join(".") || "options"}: ${issue.message}`);
}

/** Returns the names of a path, outermost first; none for the document itself. */
export function pathNames(path: Path): readonly string[] {
  if (typeof path !== "string") return path.path;
  return path === "" ? [] : path.split(".");
}

/**
 * Returns the complete settings of a pipeline's forecaster, with one feature per path of `decode.features`. Without paths,
 * `featureCount` may be set for an operator to fill in. Throws SETTING_INVALID if both are set and differ.
 */
export function modelSettings(options: ForecasterOptions, decode: DecodeSettings): ForecasterSettings {
  const paths = decode.features.length;
  const features = options.featureCount ?? paths;
  if (paths > 0 && features !== paths) {
    throw new UndercurrentError(
      "SETTING_INVALID",
      `featureCount: expected ${paths}, the number of paths in decode.features, found ${features}; omit featureCount`,
    );
  }
  return forecasterSettings({ ...options, featureCount: features });
}
