/** The command `lint`: checks a configuration against its schema, then against the brokers. */
import { Command } from "commander";
import { withAdmin } from "../adapters/kafka/admin/admin.js";
import { eachInput, type EachInput } from "../adapters/kafka/admin/each-input.js";
import { planIntermediate, type PlannedIntermediate } from "../adapters/kafka/admin/intermediate-topic.js";
import {
  clusterFacts,
  lintCluster,
  lintForecasts,
  lintMembers,
  type Finding,
} from "../adapters/kafka/admin/lint.js";
import { forecastApplications } from "../adapters/kafka/offline/forecast-writers.js";
import { outlineStates, type OutlineStanding } from "../adapters/kafka/offline/states.js";
import type { KafkaOptions } from "../adapters/kafka/options.js";
import { loadConfig } from "../config/load.js";
import type { Config } from "../config/schema.js";
import { errors, UndercurrentError } from "../errors/errors.js";
import { sampleInput } from "../adapters/kafka/offline/sample.js";
import { incidentEncoding } from "../pipeline/encode-settings.js";
import type { InputRecord } from "../pipeline/ports.js";
import { InputSample } from "../pipeline/input-sample.js";
import { formatOf } from "./shared/decode/format.js";
import { checkOutputSchemas } from "./shared/output-schema.js";
import { configuredModels } from "./shared/pipeline.js";
import { byOf, forecasting, hasSeveral } from "./shared/inputs.js";
import { kafkaOptions, reachedBrokers } from "./shared/kafka-options.js";
import { addTimeoutOption, type TimeoutFlag } from "./shared/options.js";
import { checkModelRecord } from "./service/record-sizes.js";
import { previewStarts } from "./state/start-preview.js";

interface LintFlags extends TimeoutFlag {
  readonly config?: string;
  readonly json?: true;
  readonly offline?: true;
}

const notes = `
Prints one line per finding: ok, warning or error, the subject, and what was found. An error carries the code with which
the service would end. The exit code is 0, or that of the first error. Missing read permissions are warnings.

The sample is the newest 200 records of each partition, of at most 64 partitions. lint reports the share of rejected
records, implausible times, values that never change, and keys in several partitions. It is an error if every sampled
record is rejected.

The subject start says what a start would do with the saved state. If the recovery settings decide, lint names the
outcome of each value.`;

export function lintCommand(): Command {
  return addTimeoutOption(new Command("lint"))
    .description("check a configuration, the topics and a sample of the input")
    .option("-c, --config <file>", "YAML file with the configuration")
    .option("--offline", "check the configuration only, without brokers")
    .option("--json", "print the findings as JSON")
    .addHelpText("after", notes)
    .action(lint);
}

async function lint({ config, json, offline, timeout }: LintFlags): Promise<void> {
  const findings: Finding[] = [];
  try {
    const { settings } = loadConfig(config, process.env);
    // Building the options reads certificates and keys.
    kafkaOptions(settings);
    checkOutputSchemas(settings);
    // Reads the files of schemas and functions.
    await formatOf(settings);
    findings.push({ level: "ok", subject: "configuration", message: "valid" });
    checkModelRecord(settings);
    findings.push({ level: "ok", subject: "model", message: "the state record fits kafka.maxBatchBytes" });
    const { encode, topics } = settings;
    const { format } = incidentEncoding(encode);
    if (encode.format !== format && topics.incidents !== undefined) {
      const message = `${topics.forecasts} has the format ${encode.format}, ${topics.incidents} the format ${format}`;
      findings.push({ level: "ok", subject: "output", message });
    }
    if (topics.incidents !== undefined && topics.feedback === undefined && format !== "json") {
      const message = `${topics.incidents} has the format ${format}, and feedback and commands in it are plain JSON, on which sinks fail: name topics.feedback`;
      findings.push({ level: "warning", subject: "output", message });
    }
    if (offline !== true) findings.push(...(await lintBrokers(settings, { timeout })));
  } catch (error) {
    if (!(error instanceof UndercurrentError)) throw error;
    const subject = ["configuration", "model"][findings.length] ?? "brokers";
    findings.push({ level: "error", code: error.code, subject, message: error.message });
  }
  process.stdout.write(json === true ? `${JSON.stringify({ findings })}\n` : findings.map(line).join(""));
  const code = findings.find(({ level }) => level === "error")?.code;
  if (code !== undefined) process.exitCode = errors[code].exit;
}

async function lintBrokers(settings: Config, flags: TimeoutFlag): Promise<readonly Finding[]> {
  const inputs = await eachInput(await reachedBrokers(forecasting(settings), flags));
  const planned = await plannedBefore(settings, flags);
  const findings: Finding[] = [];
  for (const options of inputs) findings.push(...(await lintInput(settings, options, inputs)));
  if (planned !== undefined) return withIntermediate(findings, planned);
  return inputs.length === 1 ? findings : distinct(findings);
}

/** The intermediate topic of a repartition; undefined without one. Throws what its start would end with. */
async function plannedBefore(settings: Config, flags: TimeoutFlag): Promise<PlannedIntermediate | undefined> {
  const { repartition, repartitionPartitions: partitions } = settings.topics;
  if (repartition === false) return undefined;
  return planIntermediate(await reachedBrokers(settings, flags), { by: byOf(repartition), partitions });
}

/** Findings with the topics before a repartition. An intermediate topic that a start creates is no error. */
function withIntermediate(
  findings: readonly Finding[],
  { topic, partitions, exists, inputs }: PlannedIntermediate,
): readonly Finding[] {
  const sources = inputs.map((name): Finding => {
    return { level: "ok", subject: `topic ${name}`, message: `exists, and is read into ${topic}` };
  });
  const subject = `topic ${topic}`;
  const message = `does not exist yet: a start creates it with ${partitions} partitions`;
  const others = exists ? findings : findings.filter((finding) => finding.subject !== subject);
  return [...sources, ...(exists ? [] : [{ level: "ok", subject, message } as const]), ...others];
}

/** Findings on topics that several inputs have in common are told once. */
function distinct(findings: readonly Finding[]): readonly Finding[] {
  return [...new Map(findings.map((finding) => [JSON.stringify(finding), finding])).values()];
}

async function lintInput(
  settings: Config,
  options: KafkaOptions,
  inputs: EachInput,
): Promise<readonly Finding[]> {
  const facts = await withAdmin(options, (admin) => clusterFacts(admin, options));
  const { maxBatchBytes, transactionTimeoutMs } = settings.kafka;
  const findings = lintCluster(facts, {
    topics: options.topics,
    maxBatchBytes,
    transactionTimeoutMs,
    snapshotMs: settings.snapshot.everyMs,
  });
  const sample = facts.topics.has(options.topics.input) ? await lintSample(options, settings) : [];
  if (findings.some(({ code }) => code === "TOPIC_MISSING" || code === "TOPIC_MISMATCH")) {
    return [...findings, ...sample];
  }
  const others = await lintOthers(options, inputs);
  return [...findings, ...sample, ...others, ...(await lintStart(settings, options))];
}

/** Checks the newest records of the input. */
async function lintSample(options: KafkaOptions, settings: Config): Promise<readonly Finding[]> {
  const subject = `records of ${options.topics.input}`;
  try {
    const sample = new InputSample(settings, Date.now(), await formatOf(settings));
    const records: (readonly [number, InputRecord])[] = [];
    const whole = await sampleInput(options, (partition, record) => records.push([partition, record]));
    await sample.prepare(records.map(([, record]) => record));
    for (const [partition, record] of records) sample.add(partition, record);
    const findings = sample.findings().map((finding) => ({ ...finding, subject }));
    if (whole) return findings;
    const message = "the sample is incomplete: not every partition was read (limits: 64 partitions, 10 s)";
    return [...findings, { level: "ok", subject, message }];
  } catch (error) {
    if (!(error instanceof UndercurrentError)) throw error;
    return [
      { level: "warning", subject, message: `the sample cannot be read: ${error.message} (${error.code})` },
    ];
  }
}

async function lintOthers(options: KafkaOptions, inputs: EachInput): Promise<readonly Finding[]> {
  const { applicationId, topics } = options;
  return [
    ...(await whereAllowed(`group ${applicationId}`, () =>
      withAdmin(options, (admin) => lintMembers(admin, inputs)),
    )),
    ...(await whereAllowed(`topic ${topics.forecasts}`, async () =>
      lintForecasts(options, await forecastApplications(options)),
    )),
  ];
}

async function lintStart(settings: Config, options: KafkaOptions): Promise<readonly Finding[]> {
  const subject = hasSeveral(settings) ? `start of ${options.topics.input}` : "start";
  return whereAllowed(subject, async () => {
    const standings: OutlineStanding[] = [];
    for await (const standing of outlineStates(options)) standings.push(standing);
    const starts = previewStarts(standings, {
      models: configuredModels(settings),
      recovery: settings.recovery,
    });
    return hasSeveral(settings) ? starts.map((finding) => ({ ...finding, subject })) : starts;
  });
}

/**
 * Turns a missing right into a warning: the service itself needs neither the right to read its outputs nor a group to read them
 * with.
 */
async function whereAllowed(
  subject: string,
  look: () => Promise<readonly Finding[]>,
): Promise<readonly Finding[]> {
  try {
    return await look();
  } catch (error) {
    if (!(error instanceof UndercurrentError) || !notToldCodes.has(error.code)) throw error;
    return [{ level: "warning", subject, message: `is not checked: ${error.message}` }];
  }
}
const notToldCodes: ReadonlySet<string> = new Set(["ACCESS_DENIED", "RESTORE_STALLED"]);

function line({ level, code, subject, message }: Finding): string {
  return `${level.padEnd(7)}  ${subject}: ${message}${code === undefined ? "" : ` (${code})`}\n`;
}
