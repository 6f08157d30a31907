/** What of the brokers and topics does not fit a configuration: the facts are gathered first, then judged. */
import type { Admin } from "kafkajs";
import type { ErrorCode } from "../../../errors/errors.js";
import { brokerSettings, topicSettings, type ClusterSettings } from "./cluster-settings.js";
import type { KafkaOptions, KafkaTopics } from "../options.js";
import { statePolicy, topicShapes, type TopicShape } from "./topics.js";

export type FindingLevel = "ok" | "warning" | "error";

export interface Finding {
  readonly level: FindingLevel;
  /** The code of the error that a start or a commit would end with; undefined where none would. */
  readonly code?: ErrorCode;
  /** What was looked at: "topic readings". */
  readonly subject: string;
  readonly message: string;
}

/** A topic, and its settings or why they cannot be read. */
export interface TopicFacts extends TopicShape {
  readonly settings: ClusterSettings | string;
}

export interface ClusterFacts {
  readonly brokers: number;
  /** By name; topics that do not exist are left out. */
  readonly topics: ReadonlyMap<string, TopicFacts>;
  /** Settings of one broker, as all should have them, or why they cannot be read. */
  readonly broker: ClusterSettings | string;
}

/** What is expected of the brokers. */
export interface Expectations {
  readonly topics: KafkaTopics;
  readonly maxBatchBytes: number;
  readonly transactionTimeoutMs: number;
  /** Longest time between two snapshots, in ms. */
  readonly snapshotMs: number;
}

const topicNames = ["cleanup.policy", "max.message.bytes", "retention.ms", "retention.bytes"];
const brokerNames = ["transaction.max.timeout.ms", "transaction.state.log.replication.factor"];

/** Asks the brokers. Throws whatever the client throws where they do not answer. */
export async function clusterFacts(admin: Admin, { topics }: KafkaOptions): Promise<ClusterFacts> {
  const { brokers } = await admin.describeCluster();
  const shapes = await topicShapes(admin, Object.values(topics) as string[]);
  const described = new Map<string, TopicFacts>();
  for (const [name, shape] of shapes) {
    described.set(name, { ...shape, settings: await topicSettings(admin, name, topicNames) });
  }
  const broker = await brokerSettings(admin, brokers[0]?.nodeId ?? 0, brokerNames);
  return { brokers: brokers.length, topics: described, broker };
}

/** Judges the facts: a finding for everything that was looked at, in a fixed order. */
export function lintCluster(facts: ClusterFacts, expected: Expectations): readonly Finding[] {
  const { input, forecasts, deadLetters, state } = expected.topics;
  const findings = [ok("brokers", `${facts.brokers} answer`)];
  const inputFacts = facts.topics.get(input);
  for (const name of [input, forecasts, ...(deadLetters === undefined ? [] : [deadLetters]), state]) {
    const subject = `topic ${name}`;
    const topic = facts.topics.get(name);
    if (topic === undefined) {
      findings.push(wrong(subject, "TOPIC_MISSING", "does not exist"));
      continue;
    }
    findings.push(
      name === deadLetters ? ok(subject, "exists") : lintPartitions(subject, topic, input, inputFacts),
    );
    if (typeof topic.settings === "string") {
      findings.push(warning(subject, `${topic.settings}, so that they are not checked`));
      continue;
    }
    if (name === state) findings.push(lintPolicy(subject, topic.settings));
    if (name === input) findings.push(...lintRetention(subject, topic.settings, expected));
    else findings.push(lintSize(subject, topic.settings, expected));
    if (name === forecasts || name === deadLetters) {
      findings.push(...lintKept(subject, topic.settings, inputFacts?.settings));
    }
  }
  return [...findings, ...lintTransactions(facts, expected)];
}

function lintPartitions(
  subject: string,
  { partitions }: TopicFacts,
  input: string,
  inputFacts: TopicFacts | undefined,
): Finding {
  if (inputFacts === undefined || partitions === inputFacts.partitions) {
    return ok(subject, `exists, with ${partitions} partitions`);
  }
  const message = `has ${partitions} partitions where the input topic ${input} has ${inputFacts.partitions}`;
  return wrong(subject, "TOPIC_MISMATCH", message);
}

function lintPolicy(subject: string, settings: ClusterSettings): Finding {
  const policy = settings.get("cleanup.policy");
  if (policy === statePolicy) return ok(subject, "is compacted");
  return wrong(subject, "TOPIC_MISMATCH", `has cleanup.policy=${policy}, where it has to be ${statePolicy}`);
}

/** The batch is measured before compression, and the broker's limit counts it after. */
function lintSize(subject: string, settings: ClusterSettings, { maxBatchBytes }: Expectations): Finding {
  const limit = Number(settings.get("max.message.bytes"));
  if (!(limit < maxBatchBytes)) return ok(subject, `takes batches of ${maxBatchBytes} bytes`);
  const message = `has max.message.bytes=${limit}, less than kafka.maxBatchBytes (${maxBatchBytes})`;
  return wrong(subject, "RECORD_TOO_LARGE", message);
}

/** A restart replays the input from the last snapshot on: the input has to hold it for longer than that is old. */
function lintRetention(subject: string, settings: ClusterSettings, { snapshotMs }: Expectations): Finding[] {
  const policy = settings.get("cleanup.policy") ?? "";
  const findings: Finding[] = [];
  if (policy.includes("compact")) {
    const message = `has cleanup.policy=${policy}: a replay may miss records that were read before they were compacted`;
    findings.push(warning(subject, message));
  }
  if (!policy.includes("delete")) return findings;
  const bytes = Number(settings.get("retention.bytes"));
  if (bytes >= 0) {
    const message = `has retention.bytes=${bytes}: for how long it holds a record cannot be told from that`;
    findings.push(warning(subject, message));
  }
  const time = Number(settings.get("retention.ms"));
  if (time >= 0 && time <= snapshotMs) {
    const message = `has retention.ms=${time}, no longer than snapshot.everyMs (${snapshotMs} ms)`;
    findings.push(wrong(subject, "STATE_GAP", message));
  } else if (time >= 0 && bytes < 0) {
    findings.push(ok(subject, `holds records for ${time} ms: a service may be stopped for that long`));
  }
  return findings;
}

/** What is made from a record carries its timestamp: to the broker, a forecast is as old as its observation. */
function lintKept(subject: string, settings: ClusterSettings, input: TopicFacts["settings"] = ""): Finding[] {
  if (typeof input === "string") return [];
  const [own, inputs] = [keptFor(settings), keptFor(input)];
  if (own >= inputs) return [];
  const message =
    `has retention.ms=${own}, less than the input: its records carry the timestamps of the input's, ` +
    "so that those of older input are soon deleted";
  return [warning(subject, message)];
}

/** For how long a topic holds a record, in ms. */
function keptFor(settings: ClusterSettings): number {
  const time = Number(settings.get("retention.ms"));
  return settings.get("cleanup.policy")?.includes("delete") === true && time >= 0 ? time : Infinity;
}

function lintTransactions(
  { broker, brokers }: ClusterFacts,
  { transactionTimeoutMs }: Expectations,
): Finding[] {
  const subject = "transactions";
  if (typeof broker === "string") {
    return [warning(subject, `of a broker, ${broker}, so that they are not checked`)];
  }
  const longest = Number(broker.get("transaction.max.timeout.ms"));
  const copies = Number(broker.get("transaction.state.log.replication.factor"));
  const findings: Finding[] = [];
  if (longest < transactionTimeoutMs) {
    const message = `transaction.max.timeout.ms=${longest} of the brokers is less than kafka.transactionTimeoutMs (${transactionTimeoutMs})`;
    findings.push(wrong(subject, "SETTING_INVALID", message));
  }
  if (copies > brokers) {
    const message = `transaction.state.log.replication.factor=${copies} is more than the ${brokers} brokers that answer`;
    findings.push(warning(subject, message));
  }
  return findings.length > 0 ? findings : [ok(subject, `may take ${transactionTimeoutMs} ms`)];
}

const ok = (subject: string, message: string): Finding => ({ level: "ok", subject, message });
const warning = (subject: string, message: string): Finding => ({ level: "warning", subject, message });
const wrong = (subject: string, code: ErrorCode, message: string): Finding => ({
  level: "error",
  code,
  subject,
  message,
});
