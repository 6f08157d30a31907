/** The command `inspect`: looks at records of a topic, says what they hold, and prints a configuration to begin with. */
import { Command } from "commander";
import { stringify } from "yaml";
import { LineSplitter } from "../../adapters/files/lines.js";
import { checkReadable, openText } from "../../adapters/files/open.js";
import { sampleInput } from "../../adapters/kafka/offline/sample.js";
import { SchemaRegistry } from "../../adapters/schemas/registry.js";
import { withoutReferences } from "../../config/interpolate.js";
import { loadConfig, parseConfig } from "../../config/load.js";
import type { Config } from "../../config/schema.js";
import { UndercurrentError } from "../../errors/errors.js";
import { patience, wirePrefix } from "../../pipeline/decode/format.js";
import { connectPayload, isEnvelope } from "../../pipeline/decode/formats/connect-json.js";
import { InputSample } from "../../pipeline/input-sample.js";
import { encodingOption } from "../backtest/form-options.js";
import { formatOf, registryOf } from "../shared/decode/format.js";
import { withSource, type InputConfig } from "../shared/inputs.js";
import { reachedBrokers } from "../shared/kafka-options.js";
import { addTimeoutOption, type TimeoutFlag } from "../shared/options.js";
import { lineShapeOf } from "./line-shapes.js";
import { plainText } from "../shared/text.js";
import { rateText, recordsPerSecond, type Placed } from "./rates.js";
import { suggestForDocuments, suggestForLines, suggestForNumbers, type Suggestion } from "./suggest.js";
import type { Document } from "./shapes.js";
import { excerpt, formatIn, isJsonInJson, parsed, type SeenFormat } from "./values.js";

interface InspectFlags extends TimeoutFlag {
  readonly config?: string;
  readonly brokers?: string;
  readonly file?: string;
  readonly encoding?: string;
  readonly json?: true;
}

const notes = `
Prints YAML: what was seen as comments, and below them the sections of a configuration. Look through it, then:

  undercurrent inspect readings --brokers kafka:9092 > config.yaml
  undercurrent topics create -c config.yaml
  undercurrent lint -c config.yaml

The sample is the newest 200 records of each partition, of at most 64 partitions, or the first 10,000 lines of --file, each
the value of a record. Nothing is written, and no group is joined. -c gives the connection and the schema registry; its
other sections have no effect.`;

export function inspectCommand(): Command {
  return addTimeoutOption(new Command("inspect"))
    .description("look at records of a topic and print a configuration to begin with")
    .argument("[topic]", "topic to look at (default: topics.input of the configuration)")
    .option("-c, --config <file>", "configuration with the connection to brokers and schema registry")
    .option(
      "--brokers <addresses>",
      "addresses of brokers, comma-separated, instead of those of the configuration",
    )
    .option("--file <file>", 'file of record values, one a line, instead of a topic; "-" is standard input')
    .addOption(encodingOption())
    .option("--json", "print the findings and the configuration as JSON")
    .addHelpText("after", notes)
    .action(inspect);
}

async function inspect(topic: string | undefined, flags: InspectFlags): Promise<void> {
  if (flags.encoding !== undefined && flags.file === undefined) {
    throw new UndercurrentError("SETTING_INVALID", "--encoding is of --file: records of a topic are UTF-8");
  }
  const { settings } = loadConfig(flags.config, process.env);
  const { kafka, topics } = settings;
  const input = topic ?? withSource(settings, {}).topics.input;
  const bootstrapServers = flags.brokers?.split(",") ?? kafka.bootstrapServers;
  const asked = { ...settings, kafka: { ...kafka, bootstrapServers }, topics: { ...topics, input } };
  const placed =
    flags.file === undefined ? await sampleOf(asked, flags) : await linesOf(flags.file, flags.encoding);
  if (placed.length === 0) {
    throw new UndercurrentError("INPUT_UNUSABLE", `${flags.file ?? input} has no record to look at`, {
      action:
        flags.file === undefined
          ? "Send a record to the topic, or name another topic."
          : "Give a file with one record's value a line.",
    });
  }
  const { decode: read, aggregate, notes: found } = await suggestionFor(placed, asked);
  const largest = Math.max(...placed.map(([, { value }]) => value?.length ?? 0));
  const isLarge = largest > settings.decode.maxValueBytes;
  // Room for twice the largest one, as a power of two.
  const decode: Suggestion["decode"] = {
    ...read,
    ...(isLarge && { maxValueBytes: 2 ** Math.ceil(Math.log2(2 * largest)) }),
  };
  const sectionsWith = (further: object): object => ({
    ...(flags.brokers !== undefined && { kafka: { bootstrapServers } }),
    topics: { input, ...further },
    ...(settings.schemaRegistry.url !== undefined && {
      schemaRegistry: { url: settings.schemaRegistry.url },
    }),
    decode,
    ...(aggregate !== undefined && { aggregate }),
  });
  const sample = await sampleWith(placed, configurationText(sectionsWith({})), asked);
  // One record has one key, so that an array of readings cannot be placed by it.
  const isSpread = sample.sharedKeys >= spreadKeys && decode["each"] === undefined;
  const configuration = configurationText(sectionsWith(isSpread ? { repartition: true } : {}));
  const source = flags.file === undefined ? `topic ${input}` : `file ${flags.file}`;
  const said = [
    summaryOf(placed, source),
    ...found,
    ...(isLarge
      ? [`The largest value has ${largest.toLocaleString("en")} bytes: see decode.maxValueBytes.`]
      : []),
    ...sample.findings(isSpread).map(({ message }) => `With this configuration: ${message}.`),
    ...(isSpread ? [placedNote(sample.sharedKeys)] : []),
    ...(flags.config === undefined ? [] : [`Keep the other sections of ${flags.config}, such as kafka.`]),
  ].map((line) => plainText(line, longestLine));
  if (flags.json === true) {
    process.stdout.write(
      `${JSON.stringify({ source, records: placed.length, notes: said, configuration })}\n`,
    );
    return;
  }
  process.stdout.write(`${said.map(comment).join("")}${configuration}`);
}

/** Share of keys in several partitions from which on the configuration repartitions the records. */
const spreadKeys = 0.25;

function placedNote(share: number): string {
  return (
    `${Math.round(100 * share)} % of the sampled keys arrive in several partitions. topics.repartition puts each key into one, ` +
    'by a topic between: see docs/topics.md, "Records without a key, and models that topics share".'
  );
}

/** Returns settings as the text of a configuration that loads as these settings, whatever the names in the records are. */
export function configurationText(settings: object): string {
  return stringify(withoutReferences(settings), { flowCollectionPadding: false });
}

/** Returns the newest records of the topic. */
async function sampleOf(settings: InputConfig, flags: TimeoutFlag): Promise<readonly Placed[]> {
  const options = await reachedBrokers(settings, flags);
  const placed: Placed[] = [];
  await sampleInput(options, (partition, record) => placed.push([partition, record]));
  // Partitions arrive as they can: what is printed must not depend on it.
  return placed.sort(([a, first], [b, second]) => a - b || first.offset - second.offset);
}

const longestLine = 2000;

/** Most lines of a file that are read. */
const mostLines = 10_000;

async function linesOf(file: string, encoding: string | undefined): Promise<readonly Placed[]> {
  await checkReadable([file]);
  const placed: Placed[] = [];
  const splitter = new LineSplitter();
  const take = (lines: Iterable<{ readonly text: string | undefined }>): void => {
    for (const { text = "" } of lines) {
      if (placed.length === mostLines || text.trim() === "") continue;
      const value = Buffer.from(text);
      placed.push([0, { offset: placed.length, timestamp: -1, key: null, value, headers: [] }]);
    }
  };
  for await (const piece of openText(file, { encoding })) {
    take(splitter.push(piece));
    if (placed.length === mostLines) return placed;
  }
  take(splitter.end());
  return placed;
}

/** Throws INPUT_UNUSABLE for values that no setting reads. */
async function suggestionFor(placed: readonly Placed[], settings: Config): Promise<Suggestion> {
  const records = placed.map(([, record]) => record);
  const seen = formatIn(records);
  const others = seen.of - seen.count;
  const share = others === 0 ? "" : ` (${others} of ${seen.of} values look otherwise)`;
  const told = ({ decode, aggregate, notes: lines }: Suggestion, title: string): Suggestion => ({
    decode,
    ...(aggregate !== undefined && { aggregate }),
    notes: [`Format: ${title}${share}.`, ...lines],
  });
  switch (seen.look) {
    case "number":
      return told(suggestForNumbers(placed, "number"), "the text of one number");
    case "java-number":
      return told(
        suggestForNumbers(placed, seen.binary!),
        `one number in binary (${seen.binary!}), as a serializer of Kafka's Java clients writes it`,
      );
    case "json": {
      const documents = documentsOf(placed, 0);
      if (documents.some(({ document }) => Object.hasOwn(document as object, "resourceMetrics"))) {
        throw new UndercurrentError(
          "INPUT_UNUSABLE",
          "the values are OpenTelemetry's metrics, which a function reads: see examples/topics/opentelemetry.yaml",
          { action: copied("opentelemetry") },
        );
      }
      const payloads = payloadsOf(documents);
      if (2 * payloads.length <= documents.length)
        return told(suggestForDocuments(placed, documents), "JSON");
      const { decode, ...rest } = suggestForPayloads(placed, payloads);
      return told(
        { decode: { format: "connect-json", ...decode }, ...rest },
        "JSON with schema and payload, as Kafka Connect writes it",
      );
    }
    case "json-schema": {
      const { decode, ...rest } = suggestForDocuments(placed, documentsOf(placed, wirePrefix));
      return told(
        { decode: { format: "json-schema", ...decode }, ...rest },
        "JSON in Confluent's wire format",
      );
    }
    case "wire": {
      const format = await registeredFormat(seen, settings);
      const documents = await formattedDocuments(placed, format, settings);
      const { decode, ...rest } = suggestForDocuments(placed, documents);
      return told({ decode: { format, ...decode }, ...rest }, `${format} in Confluent's wire format`);
    }
    case "text":
    case "binary": {
      if (seen.look === "text" && isJsonInJson(records)) {
        return told(
          suggestForDocuments(placed, textDocumentsOf(placed)),
          "JSON texts that hold JSON, as after a producer that serialises twice",
        );
      }
      const shape = lineShapeOf(records);
      if (shape !== undefined) {
        throw new UndercurrentError(
          "INPUT_UNUSABLE",
          `the values are ${shape.title}, which a function reads (decode.module): see examples/topics/${shape.example}.yaml`,
          { action: copied(shape.example) },
        );
      }
      const pairs = records.filter(({ value }) => value !== null && isTagged(value));
      if (seen.look === "text" && 2 * pairs.length > records.length) {
        throw new UndercurrentError(
          "INPUT_UNUSABLE",
          "the values are tags with values, as FIX writes them, which a function reads (decode.module)",
          {
            action: `Write a function such as ${tagReader}, and name the tags in decode: {key: "55", value: "270", numbersInText: true}.`,
          },
        );
      }
      const lines = seen.look === "text" ? suggestForLines(placed) : undefined;
      if (lines !== undefined)
        return told(lines, "lines of text with columns, whose names are yours to choose");
      const [example] = records.flatMap(({ value }) => (value === null ? [] : [value]));
      throw new UndercurrentError(
        "INPUT_UNUSABLE",
        `the values are neither JSON nor numbers nor Confluent's wire format, such as ${excerpt(example!)}; ` +
          "Avro and Protobuf without a registry need decode.format and decode.schemaFile, and anything else a function (decode.module: ./decode.mjs) such as " +
          "export default (value, record) => ({ key, time, value }): docs/topics.md has examples",
        {
          action:
            "Write a function that reads a value, and set decode.format: module and decode.module to its file.",
        },
      );
    }
  }
}

function documentsOf(placed: readonly Placed[], from: number): readonly Document[] {
  return placed.flatMap(([, record]) => {
    const document = record.value === null ? undefined : parsed(record.value.subarray(from));
    return typeof document === "object" && document !== null ? [{ record, document }] : [];
  });
}

function textDocumentsOf(placed: readonly Placed[]): readonly Document[] {
  return placed.flatMap(([, record]) => {
    const document = record.value === null ? undefined : parsed(record.value);
    return typeof document === "string" ? [{ record, document }] : [];
  });
}

/** Returns the payloads of documents that are envelopes of Kafka Connect. */
function payloadsOf(documents: readonly Document[]): readonly Document[] {
  return documents.flatMap(({ record, document }) => {
    try {
      return isEnvelope(document) ? [{ record, document: connectPayload(document) }] : [];
    } catch (error) {
      if (error instanceof UndercurrentError) return [];
      throw error;
    }
  });
}

/** Returns settings for payloads with fields, or for payloads that are one number. */
function suggestForPayloads(placed: readonly Placed[], payloads: readonly Document[]): Suggestion {
  const withFields = payloads.filter(({ document }) => typeof document === "object" && document !== null);
  if (withFields.length > 0) return suggestForDocuments(placed, withFields);
  const { decode, ...rest } = suggestForNumbers(placed, "connect-json");
  return { decode: { ...decode, value: "" }, ...rest };
}

const tagReader =
  'export default (value) => Object.fromEntries(Buffer.from(value).toString().split(/[|\\u0001]/).map((pair) => pair.split("=")))';

/** Whether bytes are numbers of tags and their values, between bars or bytes 1. */
function isTagged(value: Uint8Array): boolean {
  const text = Buffer.from(value.subarray(0, 2000)).toString("latin1").replaceAll("\u0001", "|");
  return /^(?:\d{1,5}=[^|]{0,999}\|){2,}/.test(text);
}

/** The next action where an example reads the values. */
function copied(example: string): string {
  return `Copy examples/topics/${example}.yaml and its function ${example}.mjs, and change the names in them.`;
}

/** Asks the registry for the format of the most frequent schema. */
async function registeredFormat({ schemaIds }: SeenFormat, settings: Config): Promise<"avro" | "protobuf"> {
  const registry = registryOf(settings);
  const ids = schemaIds.slice(0, 5).join(", ");
  if (registry === undefined) {
    throw new UndercurrentError(
      "INPUT_UNUSABLE",
      `the values look like Confluent's wire format, schema ids ${ids}: give schemaRegistry.url in a configuration (-c)`,
      { action: "Write schemaRegistry: {url: …} to a file, and give it with -c." },
    );
  }
  const schema = await new SchemaRegistry(registry).schema(schemaIds[0]!);
  if (schema === undefined) {
    throw new UndercurrentError(
      "INPUT_UNUSABLE",
      `the schema registry does not have schema ${schemaIds[0]}`,
      {
        action: "Compare schemaRegistry.url with the registry that the producers of the topic use.",
      },
    );
  }
  return schema.schemaType === "PROTOBUF" ? "protobuf" : "avro";
}

async function formattedDocuments(
  placed: readonly Placed[],
  name: "avro" | "protobuf",
  settings: Config,
): Promise<readonly Document[]> {
  const format = (await formatOf({ ...settings, decode: { ...settings.decode, format: name } }))!;
  const records = placed.map(([, record]) => record);
  await format.prepare(records, patience());
  return records.flatMap((record) => {
    if (record.value === null) return [];
    try {
      return [{ record, document: format.parse(record.value) }];
    } catch (error) {
      if (error instanceof UndercurrentError) return [];
      throw error;
    }
  });
}

function summaryOf(placed: readonly Placed[], source: string): string {
  const partitions = new Set(placed.map(([partition]) => partition)).size;
  const rate = recordsPerSecond(placed);
  const often = Number.isNaN(rate) ? "" : `, about ${rateText(rate)}`;
  const spread = partitions === 1 ? "" : ` from ${partitions} partitions`;
  return `${placed.length.toLocaleString("en")} records${spread} of ${source}${often}.`;
}

/** Reads the sample with a configuration. The readings are the same whether the records are repartitioned or not. */
async function sampleWith(
  placed: readonly Placed[],
  configuration: string,
  given: Config,
): Promise<InputSample> {
  const { settings } = parseConfig(configuration, {});
  const format = await formatOf({ decode: settings.decode, schemaRegistry: given.schemaRegistry });
  // Lines of a file have no time.
  const now = Date.now();
  const records = placed.map(([partition, record]): Placed => {
    return [partition, record.timestamp === -1 ? { ...record, timestamp: now } : record];
  });
  const sample = new InputSample(settings, now, format);
  await sample.prepare(records.map(([, record]) => record));
  for (const [partition, record] of records) sample.add(partition, record);
  return sample;
}

function comment(line: string): string {
  const words = line.split(" ");
  let text = "#";
  let width = 1;
  for (const word of words) {
    if (width + word.length > 118) {
      text += "\n#  ";
      width = 3;
    }
    text += ` ${word}`;
    width += word.length + 1;
  }
  return `${text}\n`;
}
