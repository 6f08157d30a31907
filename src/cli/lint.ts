/** The command `lint`: a configuration against its schema, then against the brokers. */
import { Command } from "commander";
import { withAdmin } from "../adapters/kafka/admin/admin.js";
import { clusterFacts, lintCluster, type Finding } from "../adapters/kafka/admin/lint.js";
import type { KafkaOptions } from "../adapters/kafka/options.js";
import { sampleInput } from "../adapters/kafka/offline/sample.js";
import { loadConfig } from "../config/load.js";
import type { Config } from "../config/schema.js";
import { errors, UndercurrentError } from "../errors/errors.js";
import { InputSample } from "../pipeline/input-sample.js";
import { kafkaOptions, reachedBrokers } from "./kafka-options.js";
import { addTimeoutOption, type TimeoutFlag } from "./options.js";
import { checkModelRecord } from "./service/record-sizes.js";

interface LintFlags extends TimeoutFlag {
  readonly config?: string;
  readonly json?: true;
  readonly offline?: true;
}

const notes = `
One line for each finding: ok, warning or error, what it is about, and what was found; an error with the code that a
start or a commit would end with. The newest 200 records of each partition, of 64 partitions at most, are judged: the share
that would be rejected, implausible times, values that never change, and keys that come in several partitions; an error
where none could be forecast from. The exit code is 0 without errors, and that of the first error otherwise. What this
user may not read is a warning.`;

export function lintCommand(): Command {
  return addTimeoutOption(new Command("lint"))
    .description("check a configuration against its schema and the brokers")
    .option("-c, --config <file>", "configuration, a YAML file")
    .option("--offline", "leave out the brokers")
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
    findings.push({ level: "ok", subject: "configuration", message: "fits its schema" });
    checkModelRecord(settings);
    findings.push({ level: "ok", subject: "model", message: "its state fits a batch" });
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
  const options = await reachedBrokers(settings, flags);
  const facts = await withAdmin(options, (admin) => clusterFacts(admin, options));
  const { maxBatchBytes, transactionTimeoutMs } = settings.kafka;
  const snapshotMs = 1000 * settings.snapshot.everyMs;
  const findings = lintCluster(facts, {
    topics: options.topics,
    maxBatchBytes,
    transactionTimeoutMs,
    snapshotMs,
  });
  return facts.topics.has(options.topics.input)
    ? [...findings, ...(await lintSample(options, settings))]
    : findings;
}

/** Judges the newest records of the input. */
async function lintSample(options: KafkaOptions, { decode }: Config): Promise<readonly Finding[]> {
  const subject = `records of ${options.topics.input}`;
  const sample = new InputSample(decode, Date.now());
  try {
    const whole = await sampleInput(options, (partition, record) => sample.add(partition, record));
    const findings = sample.findings().map((finding) => ({ ...finding, subject }));
    if (whole) return findings;
    const message = "not every partition was read: the sample is bounded in partitions and time";
    return [...findings, { level: "ok", subject, message }];
  } catch (error) {
    if (!(error instanceof UndercurrentError)) throw error;
    return [
      { level: "warning", subject, message: `no sample can be read: ${error.message} (${error.code})` },
    ];
  }
}

function line({ level, code, subject, message }: Finding): string {
  return `${level.padEnd(7)}  ${subject}: ${message}${code === undefined ? "" : ` (${code})`}\n`;
}
