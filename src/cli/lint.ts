/** The command `lint`: a configuration against its schema, then against the brokers. */
import { Command } from "commander";
import { withAdmin } from "../adapters/kafka/admin/admin.js";
import { clusterFacts, lintCluster, type Finding } from "../adapters/kafka/admin/lint.js";
import { loadConfig } from "../config/load.js";
import type { Config } from "../config/schema.js";
import { errors, UndercurrentError } from "../errors/errors.js";
import { kafkaOptions } from "./kafka-options.js";
import { checkModelRecord } from "./service/record-sizes.js";

interface LintFlags {
  readonly config?: string;
  readonly json?: true;
  readonly offline?: true;
}

const notes = `
One line for each finding: ok, warning or error, what it is about, and what was found; an error with the code that a
start or a commit would end with. The exit code is 0 without errors, and that of the first error otherwise. What this
user may not read is a warning.`;

export function lintCommand(): Command {
  return new Command("lint")
    .description("check a configuration against its schema and the brokers")
    .option("-c, --config <file>", "configuration, a YAML file")
    .option("--offline", "leave out the brokers")
    .option("--json", "print the findings as JSON")
    .addHelpText("after", notes)
    .action(lint);
}

async function lint({ config, json, offline }: LintFlags): Promise<void> {
  const findings: Finding[] = [];
  try {
    const { settings } = loadConfig(config, process.env);
    // Building the options reads certificates and keys.
    kafkaOptions(settings);
    findings.push({ level: "ok", subject: "configuration", message: "fits its schema" });
    checkModelRecord(settings);
    findings.push({ level: "ok", subject: "model", message: "its state fits a batch" });
    if (offline !== true) findings.push(...(await lintBrokers(settings)));
  } catch (error) {
    if (!(error instanceof UndercurrentError)) throw error;
    const subject = ["configuration", "model"][findings.length] ?? "brokers";
    findings.push({ level: "error", code: error.code, subject, message: error.message });
  }
  process.stdout.write(json === true ? `${JSON.stringify({ findings })}\n` : findings.map(line).join(""));
  const code = findings.find(({ level }) => level === "error")?.code;
  if (code !== undefined) process.exitCode = errors[code].exit;
}

async function lintBrokers(settings: Config): Promise<readonly Finding[]> {
  const options = kafkaOptions(settings);
  const facts = await withAdmin(options, (admin) => clusterFacts(admin, options));
  const { maxBatchBytes, transactionTimeoutMs } = settings.kafka;
  const snapshotMs = 1000 * settings.snapshot.everySeconds;
  return lintCluster(facts, { topics: options.topics, maxBatchBytes, transactionTimeoutMs, snapshotMs });
}

function line({ level, code, subject, message }: Finding): string {
  return `${level.padEnd(7)}  ${subject}: ${message}${code === undefined ? "" : ` (${code})`}\n`;
}
