/** Declares the settings of decoding: where keys, times, values and features are in a record. */
import { z } from "zod";
import { maxFeatures } from "../forecast/settings.js";
import { isTimeZone, timeFormatFault } from "./times/format.js";
import { timeUnits } from "./times/epoch.js";

/** Formats that are one big-endian number. */
const binaryNumberFormats = ["int32", "int64", "float32", "float64"] as const;
export type BinaryNumberFormat = (typeof binaryNumberFormats)[number];

/** Largest number of series that the settings name. */
const maxSeries = 64;
/** Largest number of parts of a key. */
const maxKeyParts = 16;
/** Largest number of parts of a time. */
const maxTimeParts = 4;

/**
 * Schema of a path to a value inside a document: "payload.celsius" or `{ path: ["payload", "celsius"] }`. The second form
 * also takes names that contain a dot. A list is refused; the error says what to write instead.
 */
function pathSchema(severalMeant: string) {
  return z.union([z.string(), z.strictObject({ path: z.array(z.string()) })], {
    error: ({ input }) =>
      Array.isArray(input)
        ? `a list is not a path: ${severalMeant}. For a nested value write outer.inner, or {path: [outer, inner]} if a name contains a dot`
        : undefined,
  });
}

/** Schema of a path, or of several of which the first with something at it is taken. */
function fieldPathSchema(severalMeant: string) {
  return z.union([z.string(), z.strictObject({ path: z.array(z.string()) }), firstOfSchema], {
    error: ({ input }) =>
      Array.isArray(input)
        ? `a list is not a path: ${severalMeant}. For a field with several names write {firstOf: [new, old]}, for a nested value outer.inner, or {path: [outer, inner]} if a name contains a dot`
        : undefined,
  });
}

const plainPath = pathSchema("a part has one path");
/** Largest number of paths of which the first is taken. */
const maxAlternatives = 16;
const firstOfSchema = z.strictObject({ firstOf: z.array(plainPath).min(2).max(maxAlternatives) });
const valuePath = fieldPathSchema(
  "a record has one value here. To forecast several, name them in decode.series",
);
const featurePath = fieldPathSchema("list each feature as one item");
const windowSchema = z.strictObject({ window: z.enum(["start", "end"]) });
const headerSchema = z.strictObject({ header: z.string().min(1) });

const keyPartSchema = z.union([
  z.string(),
  z.strictObject({ path: z.array(z.string()) }),
  firstOfSchema,
  z.strictObject({ const: z.string().min(1).max(256) }),
  headerSchema,
  z.strictObject({ labels: plainPath }),
  z.strictObject({ member: z.literal("name") }),
  z.strictObject({ record: z.literal("key"), path: plainPath.optional() }),
]);

const namedSeries = z.strictObject({
  name: z.string().min(1).max(256),
  value: valuePath,
  features: z.array(featurePath).max(maxFeatures).default([]),
});

const seriesSchema = z.union([
  z.string(),
  z.strictObject({ path: z.array(z.string()) }),
  z.array(namedSeries).min(1).max(maxSeries),
  z.record(z.string().min(1).max(256), fieldPathSchema("a series has one path")),
]);

/** Schema of a field and the values that choose a record. */
const choiceSchema = z.strictObject({
  field: plainPath,
  in: z
    .array(z.union([z.string(), z.number(), z.boolean()]))
    .min(1)
    .max(64),
});

export const timeFormatSchema = z.string().check(({ value, issues }) => {
  const message = timeFormatFault(value);
  if (message !== undefined) issues.push({ code: "custom", message, input: value });
});

export const timeZoneSchema = z
  .string()
  .refine(isTimeZone, { message: "expected an IANA time zone, such as Europe/Berlin" });

export const decodeSchema = z
  .strictObject({
    format: z
      .enum([
        ...["json", "connect-json", "number", "text", "json-schema", "avro", "protobuf", "module"],
        ...binaryNumberFormats,
      ] as const)
      .default("json")
      .describe(
        "Format of the record's value: a JSON document, the JSON with schema and payload of Kafka Connect's JsonConverter (connect-json: paths lead into the payload, decimals are numbers and times need no unit), the text of one number, one big-endian number (int32, int64, float32, float64) as the serializers of Kafka's Java clients write it, a line of text (see columns), or Confluent's wire format with JSON (json-schema), Avro or Protobuf, whose schemas are in schemaRegistry. Avro and Protobuf without a registry need schemaFile. module: whatever the function of module reads.",
      ),
    module: z
      .string()
      .min(1)
      .optional()
      .describe(
        "Path of a JavaScript module whose default export reads a value: (value, record) => readings. A reading is {key, time, value} and may have further fields, for the paths of this section. Requires format: module.",
      ),
    columns: z
      .union([
        z.array(z.string().min(1).max(256)).min(1).max(256),
        z.string().min(1),
        z.strictObject({ path: z.array(z.string()) }),
      ])
      .optional()
      .describe(
        "Names of the columns of a line, for format: text; paths are these names. Or names of the cells, where the items of each are lists: a list of names, or the path of such a list in the document. Default: the line is one text, at the empty path.",
      )
      .meta({ forms: "list of texts (1 to 256), or a path" }),
    delimiter: z
      .string()
      .min(1)
      .max(8)
      .default(",")
      .describe("Text between the columns of a line. Quotes have no meaning."),
    keyFormat: z
      .enum(["text", "json", "connect-json", "int32", "int64", "hex", "avro", "protobuf"])
      .default("text")
      .describe(
        "Format of the record's key: UTF-8 text, a JSON document, the payload of Kafka Connect's JSON with schema, a big-endian integer of 4 or 8 bytes (int32, int64) as Kafka's IntegerSerializer and LongSerializer write it, any bytes as hexadecimal digits (hex), or Avro or Protobuf in Confluent's wire format, whose schemas are in schemaRegistry. Avro and Protobuf without a registry need keySchemaFile. {record: key, path: id} in key names a field of it.",
      ),
    keyWindow: z
      .enum(["time", "session"])
      .optional()
      .describe(
        "Window behind the record's key, as Kafka Streams and ksqlDB write it: its start in 8 bytes (time), or its end and start in 16 (session). keyFormat reads the bytes before it. Default: none.",
      ),
    keySchemaFile: z
      .string()
      .min(1)
      .optional()
      .describe(
        "Path of the schema (.avsc or .proto) of Avro or Protobuf keys that are not in Confluent's wire format.",
      ),
    keyMessage: z
      .string()
      .min(1)
      .optional()
      .describe(
        "Full name of the Protobuf message in keySchemaFile, such as plant.Place. Default: its first message.",
      ),
    schemaFile: z
      .string()
      .min(1)
      .optional()
      .describe(
        "Path of the schema (.avsc or .proto) of Avro or Protobuf records that are not in Confluent's wire format. Files that a .proto imports are read from its folder.",
      ),
    message: z
      .string()
      .min(1)
      .optional()
      .describe(
        "Full name of the Protobuf message in schemaFile, such as plant.Reading. Default: its first message.",
      ),
    key: z
      .union([keyPartSchema, z.array(keyPartSchema).min(1).max(maxKeyParts)])
      .optional()
      .describe(
        "The series key: a path in the document, or a list of parts that are joined with a slash, in which ~ is written ~0 and / is written ~1. A part is a path, {firstOf: paths}, {const: text}, {header: name}, {record: key, path: of a field in it}, {labels: path} for all members of an object, or {member: name} with each: {members: path}. Default: the record's key as UTF-8 text.",
      )
      .meta({ forms: "a part, or a list of 1 to 16 parts" }),
    time: z
      .union([
        pathSchema("a time has one path"),
        firstOfSchema,
        headerSchema,
        windowSchema,
        z
          .array(z.union([plainPath, firstOfSchema]))
          .min(1)
          .max(maxTimeParts),
      ])
      .optional()
      .describe(
        "Path of the event time in the document, as a number in timeUnit, as text in timeFormat, or as ISO 8601; or {firstOf: paths}; or {header: name}; or {window: start} or {window: end} of the record's key (see keyWindow); or a list of paths, such as [date, time], whose texts are joined with a blank. Default: the record's timestamp.",
      )
      .meta({ forms: "a path, or {header: name}, or {window: start}, or a list of 1 to 4 paths" }),
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
        "Path of the value in the document. An empty path is the document itself; null is a missing value. {firstOf: [temperature, temp]} takes the first of several paths with something other than null at it, also in key, time, series and features.",
      )
      .meta({ forms: "text, or {path: list of texts}, or {firstOf: list of paths}" }),
    series: seriesSchema
      .optional()
      .describe(
        "Several series in one record, instead of value: a map of name to path, a list of {name, value, features}, or the path of an object whose members are all series. Each series' key is the record's key, a slash and the name.",
      )
      .meta({ forms: "{name: path, …}, or list of {name, value, features}, or a path" }),
    each: z
      .union([
        z.string(),
        z.strictObject({ path: z.array(z.string()) }),
        z.strictObject({ members: plainPath }),
        z.array(plainPath).min(2).max(maxSeries),
      ])
      .optional()
      .describe(
        "Path of an array: each item gives the readings of a record. Paths that begin with this one lead into the item, every other path into the whole document. Arrays on the way are walked too. {members: path} takes the members of an object in place of items; {member: name} in key is a member's name. A list of paths, such as [time, value], takes the items of several arrays together, the first of each, then the second.",
      )
      .meta({ forms: "a path, or {members: path}, or list of 2 to 64 paths" }),
    absent: z
      .enum(["reject", "missing", "skip"])
      .default("reject")
      .describe(
        "What to do if nothing is at the path of a value: reject the reading, take it as a missing value, or skip the series. A record in which skip would leave out every series is rejected. Null is always a missing value.",
      ),
    numbersInText: z
      .boolean()
      .default(false)
      .describe('Takes texts such as "41.2" as numbers, for values and features.'),
    jsonInText: z
      .array(plainPath)
      .max(16)
      .default([])
      .describe(
        "Paths of texts that are JSON documents themselves, such as message in the records of log shippers: paths lead through them. They are read in this order, through arrays too. The empty path is a document that is such a text. A text that is not JSON refuses the record; absent: skip skips it.",
      )
      .meta({ forms: "list of 0 to 16 paths" }),
    decimals: z
      .array(z.strictObject({ field: plainPath, scale: z.int().min(-1000).max(1000).optional() }))
      .max(maxSeries)
      .default([])
      .describe(
        "Fields that are decimals in base64 or bytes, as Debezium and Kafka Connect write them without a schema, with their scale: the digits after the point. Without scale a field is an object {scale, value}. The settings read numbers in their place. Paths lead through arrays.",
      )
      .meta({ forms: "list of {field: path, scale: whole number}" }),
    decimal: z
      .enum([".", ","])
      .default(".")
      .describe(
        'Decimal mark of numbers in texts. With a comma, texts such as "41,2" are numbers, and a point is refused.',
      ),
    valueUnit: z
      .array(z.string().min(1).max(32))
      .max(64)
      .default([])
      .describe(
        'Units that values and features may carry before or after the number, such as "%". With a unit, texts such as "12.5 %" and "12.5" are numbers.',
      ),
    words: z
      .record(z.string().min(1).max(256), z.number())
      .default({})
      .describe(
        "Numbers that words and booleans stand for, such as {true: 1, false: 0} or {open: 1, closed: 0}, for values and features. Upper and lower case are the same.",
      )
      .meta({ forms: "{word: number, …}" }),
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
        "Paths of further numbers in the document that help to forecast the next value, of every series. Null or an absent field is a missing value.",
      )
      .meta({ forms: "list of 0 to 32 paths" }),
    tombstones: z
      .enum(["reject", "skip"])
      .default("reject")
      .describe("What to do with a record without a value: reject it, or skip and count it."),
    skip: z
      .array(choiceSchema)
      .max(16)
      .default([])
      .describe(
        "Records to skip and count: those whose field has one of the listed values, such as {field: op, in: [d]} for the deletes of a change stream.",
      )
      .meta({ forms: "list of {field: path, in: list of values}" }),
    only: z
      .array(choiceSchema)
      .max(16)
      .default([])
      .describe(
        "Records to read, all others are skipped and counted: those whose field has one of the listed values, such as {field: type, in: [reading]} where a topic holds several kinds of records. Several fields must all have one.",
      )
      .meta({ forms: "list of {field: path, in: list of values}" }),
    maxReadings: z
      .int()
      .min(1)
      .max(100_000)
      .default(10_000)
      .describe("Largest number of readings of one record. A record with more goes to the dead letters."),
    maxValueBytes: z
      .int()
      .min(1)
      .default(1_048_576)
      .describe("Largest accepted record value, in bytes. Larger records go to the dead letters."),
  })
  .superRefine((decode, context) => {
    const issue = (message: string): void => context.addIssue({ code: "custom", message });
    const { format, time, timeUnit, timeFormat, timeZone, features, series, each, skip, only } = decode;
    const { schemaFile, message } = decode;
    if (schemaFile !== undefined && format !== "avro" && format !== "protobuf") {
      issue("schemaFile requires format: avro or protobuf");
    }
    if (message !== undefined && (format !== "protobuf" || schemaFile === undefined)) {
      issue("message requires format: protobuf and schemaFile");
    }
    const { keyFormat, keySchemaFile, keyMessage } = decode;
    if (keySchemaFile !== undefined && keyFormat !== "avro" && keyFormat !== "protobuf") {
      issue("keySchemaFile requires keyFormat: avro or protobuf");
    }
    if (keyMessage !== undefined && (keyFormat !== "protobuf" || keySchemaFile === undefined)) {
      issue("keyMessage requires keyFormat: protobuf and keySchemaFile");
    }
    if (decode.module !== undefined && format !== "module") issue("module requires format: module");
    if (format === "module" && each !== undefined) issue("each and format: module exclude each other");
    const { columns } = decode;
    if (format === "text" && columns !== undefined && !Array.isArray(columns)) {
      issue("columns is a list of names with format: text");
    }
    if (columns !== undefined && format !== "text" && !isPath(each)) {
      issue("columns requires format: text, or each with one path, whose items are lists");
    }
    if (Array.isArray(columns) && new Set(columns).size < columns.length) {
      issue("two columns have the same name");
    }
    const arrayFault = faultOfArrays(each);
    if (arrayFault !== undefined) issue(arrayFault);
    const isMembers = typeof each === "object" && "members" in each;
    if (!isMembers && keyParts(decode).some((part) => typeof part === "object" && "member" in part)) {
      issue("{member: name} in key requires each: {members: path}");
    }
    if (
      format === "text" &&
      decode.columns !== undefined &&
      decode.delimiter === "," &&
      decode.decimal === ","
    ) {
      issue("delimiter and decimal are both the comma");
    }
    const parts = keyParts(decode);
    if (
      ["text", "int32", "int64", "hex"].includes(keyFormat) &&
      parts.some((part) => typeof part === "object" && "record" in part && part.path !== undefined)
    ) {
      issue("a path in the record's key requires keyFormat: json, connect-json, avro or protobuf");
    }
    const window = typeof time === "object" && "window" in time ? time.window : undefined;
    if (window !== undefined && decode.keyWindow === undefined) {
      issue("time: {window} requires keyWindow, the window behind the record's key");
    }
    if (window === "end" && decode.keyWindow === "time") {
      issue(
        "time: {window: end} requires keyWindow: session: other keys have the start of their window alone",
      );
    }
    const isOfDocument = (part: KeyPart): boolean =>
      isFieldPath(part) || (typeof part === "object" && "labels" in part);
    const hasPath =
      keyParts(decode).some(isOfDocument) ||
      Array.isArray(time) ||
      isFieldPath(time) ||
      (each ?? series) !== undefined;
    if (isOneNumber(decode) && (hasPath || features.length + skip.length + only.length > 0)) {
      issue(
        "paths of key, time, each, series, skip, only and features require a format with fields, such as json; key may be {const}, {header} or {record: key}, time {header} or {window}",
      );
    }
    if (time === undefined && (timeUnit ?? timeFormat ?? timeZone) !== undefined) {
      issue("timeUnit, timeFormat and timeZone require time");
    }
    if (timeUnit !== undefined && timeFormat !== undefined) {
      issue("timeUnit and timeFormat exclude each other");
    }
    const wordFault = faultOfWords(decode);
    if (wordFault !== undefined) issue(wordFault);
    if (series !== undefined && decode.value !== "value") issue("value and series exclude each other");
    const named = namedSeriesOf(decode) ?? [];
    if (new Set(named.map(({ name }) => name)).size < named.length) {
      issue("two series have the same name; give each series a name of its own");
    }
    if (series !== undefined && named.length === 0 && !isPath(series)) issue("series names no series");
    if (named.length > maxSeries) issue(`series: at most ${maxSeries} are taken`);
    if (featureCountOf(decode) > maxFeatures) issue(`a series has at most ${maxFeatures} features`);
  });

/** Says which words cannot stand for numbers; undefined if all can. */
function faultOfWords({ words, missing }: DecodeWords): string | undefined {
  const known = new Map<string, number>();
  const without = new Set(missing.map((text) => text.trim().toLowerCase()));
  for (const [given, number] of Object.entries(words)) {
    const word = given.trim().toLowerCase();
    if (word === "" || Number.isFinite(Number(word))) return `words: ${JSON.stringify(given)} is no word`;
    if (without.has(word)) return `${JSON.stringify(given)} is in words and in missing`;
    if (known.has(word) && known.get(word) !== number) {
      return `words: ${JSON.stringify(given)} stands for ${number} and for ${known.get(word)!}: upper and lower case are the same`;
    }
    known.set(word, number);
  }
  return undefined;
}

/** Says which arrays of a list cannot be beside one another; undefined if all can. */
function faultOfArrays(each: unknown): string | undefined {
  if (!Array.isArray(each)) return undefined;
  const paths = (each as readonly Path[]).map(pathNames);
  const isWithin = (inner: readonly string[], outer: readonly string[]): boolean =>
    outer.every((name, depth) => inner[depth] === name);
  const isFault = paths.some((inner, i) => paths.some((outer, k) => i !== k && isWithin(inner, outer)));
  return isFault ? "each: an array of the list is the same as another one, or lies within it" : undefined;
}

interface DecodeWords {
  readonly words: Readonly<Record<string, number>>;
  readonly missing: readonly string[];
}

export type Path = z.output<typeof plainPath>;
export type FirstOf = z.output<typeof firstOfSchema>;
/** A path, or several of which the first with something at it is taken. */
export type FieldPath = Path | FirstOf;
export type KeyPart = z.output<typeof keyPartSchema>;
export type DecodeSettings = z.output<typeof decodeSchema> & {
  /** Whether events are only counted, whatever their values are. */
  readonly isCounted?: boolean;
};

/** One series of a record, by the settings. */
export type NamedSeries = z.output<typeof namedSeries>;

/** Returns the names of a path, outermost first; none for the document itself. */
export function pathNames(path: Path): readonly string[] {
  if (typeof path !== "string") return path.path;
  return path === "" ? [] : path.split(".");
}

/** The paths of which the first with something at it is taken. */
export function alternatives(path: FieldPath): readonly Path[] {
  return typeof path === "object" && "firstOf" in path ? path.firstOf : [path];
}

/** The path as messages and columns call it: the first of several. */
export function pathName(path: FieldPath): string {
  return pathNames(alternatives(path)[0]!).join(".");
}

/** Whether a setting is a path, of its two forms. */
export function isPath(setting: unknown): setting is Path {
  if (typeof setting === "string") return true;
  return (
    typeof setting === "object" &&
    setting !== null &&
    !("record" in setting) &&
    Array.isArray((setting as { path?: unknown }).path)
  );
}

/** Whether a setting is a path, or several of which one is taken. */
export function isFieldPath(setting: unknown): setting is FieldPath {
  return isPath(setting) || (typeof setting === "object" && setting !== null && "firstOf" in setting);
}

/** Whether a record's value is one number, without fields. */
export function isOneNumber({ format }: Pick<DecodeSettings, "format">): boolean {
  return format === "number" || (binaryNumberFormats as readonly string[]).includes(format);
}

/** The parts of the key; undefined for the record's key alone. */
export function keyParts({ key }: Pick<DecodeSettings, "key">): readonly KeyPart[] {
  if (key === undefined) return [{ record: "key" }];
  return Array.isArray(key) ? key : [key];
}

/** The series that the settings name, in order; undefined for one value, or an object whose members are series. */
export function namedSeriesOf({
  series,
}: Pick<DecodeSettings, "series">): readonly NamedSeries[] | undefined {
  if (series === undefined || isPath(series)) return undefined;
  if (Array.isArray(series)) return series;
  return Object.entries(series).map(([name, value]) => ({ name, value, features: [] }));
}

/** Number of features of each series: those of all, and the most that one has of its own. */
export function featureCountOf(decode: Pick<DecodeSettings, "series" | "features">): number {
  const own = (namedSeriesOf(decode) ?? []).map(({ features }) => features.length);
  return decode.features.length + Math.max(0, ...own);
}

/** A part of a key as it stands between slashes: escaped as in a JSON Pointer (RFC 6901). */
export function escapeKeyPart(part: string): string {
  return part.replaceAll("~", "~0").replaceAll("/", "~1");
}

/** Returns the settings for events that go into windows of a function: those that are counted need no value. */
export function decodeForWindows(decode: DecodeSettings, by: string): DecodeSettings {
  if (by !== "count") return decode;
  return { ...decode, isCounted: true, absent: decode.absent === "reject" ? "missing" : decode.absent };
}
