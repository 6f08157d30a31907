/** Every setting of a pipeline beside the forecaster's: how records are read, when snapshots are made, how it recovers. */
import { z } from "zod";
import { UndercurrentError } from "../errors/errors.js";
import { refuseRenamed } from "../errors/renamed-settings.js";
import {
  forecasterSettings,
  maxFeatures,
  type ForecasterOptions,
  type ForecasterSettings,
} from "../forecast/settings.js";

/**
 * Names that lead to a value inside a JSON document: "payload.celsius", or `{ path: ["payload", "celsius"] }`, which takes
 * names with a dot too. A list of paths is no path: it is refused, with what to write for what it probably meant.
 */
function pathSchema(severalMeant: string) {
  return z.union([z.string(), z.strictObject({ path: z.array(z.string()) })], {
    error: ({ input }) =>
      Array.isArray(input)
        ? `a list is not a path; ${severalMeant}; for a value inside an object write outer.inner, or {path: [outer, inner]} where a name has a dot`
        : undefined,
  });
}

const keyPath = pathSchema(
  "a key has one path, so write several parts of a key into one field before they reach the input",
);
const timePath = pathSchema("a time has one path");
const valuePath = pathSchema(
  "a record has one value, so run one service for each of several values, each with its own application and topics",
);
const featurePath = pathSchema("list further features side by side");

const decodeSchema = z
  .strictObject({
    format: z
      .enum(["json", "number"])
      .default("json")
      .describe("What a record's value is: a JSON document, or the text of one number."),
    key: keyPath
      .optional()
      .describe("Path of the key in the JSON document; without it the record's key is taken, as UTF-8 text."),
    time: timePath
      .optional()
      .describe(
        "Path of the time in the JSON document, in epoch milliseconds or ISO 8601; without it the record's timestamp is taken.",
      ),
    value: valuePath
      .default("value")
      .describe(
        "Path of the value in the JSON document; an empty path is the document itself. Null means missing.",
      ),
    features: z
      .array(featurePath)
      .max(maxFeatures)
      .default([])
      .describe(
        "Paths of further numbers in the JSON document that help to forecast the next value; null, or nothing there, means missing.",
      ),
    maxValueBytes: z
      .int()
      .min(1)
      .default(1_048_576)
      .describe("Most bytes of a record's value that are read; a longer one goes to the dead letters."),
  })
  .refine(
    ({ format, key, time, features }) =>
      format === "json" || (key === undefined && time === undefined && features.length === 0),
    { message: "key, time and features have paths only where the format is json" },
  );

const lateSchema = z
  .enum(["process", "drop", "dead-letter"])
  .default("process")
  .describe(
    "What becomes of an event that is older than the one before it of its key: forecast from it all the same, count it and leave it out, or send it to the dead letters. Where it is left out, a time more than a week ahead of its record's timestamp goes to the dead letters: all that follow of its key would be late.",
  );

const snapshotSchema = z.strictObject({
  everyEvents: z
    .int()
    .min(1)
    .default(100_000)
    .describe("Events between two snapshots; the most that a recovery replays, but for one commit."),
  everyMs: z
    .int()
    .min(1)
    .max(86_400_000)
    .default(300_000)
    .describe("Longest time between two snapshots, in milliseconds."),
});

const recoverySchema = z.strictObject({
  changedModel: z
    .enum(["fail", "fresh", "migrate"])
    .default("fail")
    .describe(
      "Where the state was made with other model settings: stop, start with an empty state, or take it over where only the learning rate and the like were changed.",
    ),
  gap: z
    .enum(["fail", "fresh"])
    .default("fail")
    .describe(
      "Where the state cannot be brought up to the committed offset because input or state is gone: stop, or go on from the committed offset with an empty state.",
    ),
});

const commitSchema = z.strictObject({
  maxEvents: z
    .int()
    .min(1)
    .max(100_000)
    .default(5000)
    .describe("Most records of the input that one commit stands for."),
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
/** The settings of a pipeline, checked and complete. */
export type PipelineSettings = z.output<typeof pipelineSchema>;
/** Settings as a user gives them: whatever is left out has its default. */
export type PipelineOptions = z.input<typeof pipelineSchema>;

/**
 * Checks options and fills in the defaults. Throws SETTING_INVALID with the name and range of the first that is wrong.
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

/** The names of a path, from the outermost; none for the document itself. */
export function pathNames(path: Path): readonly string[] {
  if (typeof path !== "string") return path.path;
  return path === "" ? [] : path.split(".");
}

/**
 * The settings of a pipeline's forecaster, complete: it takes a feature for each path of `decode.features`. Where there
 * are none, `featureCount` may be given, for an operator to fill in. Throws SETTING_INVALID where both are given and differ.
 */
export function modelSettings(options: ForecasterOptions, decode: DecodeSettings): ForecasterSettings {
  const paths = decode.features.length;
  const features = options.featureCount ?? paths;
  if (paths > 0 && features !== paths) {
    throw new UndercurrentError(
      "SETTING_INVALID",
      `featureCount: ${features} of them, but decode.features has ${paths} paths; leave one of the two out`,
    );
  }
  return forecasterSettings({ ...options, featureCount: features });
}
