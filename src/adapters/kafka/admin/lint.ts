/** Checks brokers and topics against a configuration: gathers the facts first, then judges them. */
import type { AdminClient } from "../admin-client.js";
import type { ErrorCode } from "../../../errors/errors.js";
import { brokerSettings, topicSettings, type ClusterSettings } from "./cluster-settings.js";
import { optionalNames } from "../inputs.js";
import type { KafkaOptions, KafkaTopics } from "../options.js";
import { describeWriters, foreignMembers, stateWriters } from "./groups.js";
import { statePolicy, topicShapes, type TopicShape } from "./topics.js";

export type FindingLevel = "ok" | "warning" | "error";

export interface Finding {
  readonly level: FindingLevel;
  /** Code of the error with which a start or a commit would end; undefined if it would not. */
  readonly code?: ErrorCode;
  /** Subject of the finding: "topic readings". */
  readonly subject: string;
  readonly message: string;
}

/** A topic with its settings, or the reason why they cannot be read. */
export interface TopicFacts extends TopicShape {
  readonly settings: ClusterSettings | string;
}

export interface ClusterFacts {
  readonly brokers: number;
  /** Existing topics by name. */
  readonly topics: ReadonlyMap<string, TopicFacts>;
  /** Settings of one broker (all should have the same), or the reason why they cannot be read. */
  readonly broker: ClusterSettings | string;
}

/** Expectations of the brokers, from the configuration. */
export interface Expectations {
  readonly topics: KafkaTopics;
  readonly maxBatchBytes: number;
  readonly transactionTimeoutMs: number;
  /** Longest time between two snapshots, in ms. */
  readonly snapshotMs: number;
}

const topicNames = ["cleanup.policy", "max.message.bytes", "retention.ms", "retention.bytes"];
const brokerNames = ["transaction.max.timeout.ms", "transaction.state.log.replication.factor"];

/** Queries the brokers. Throws the client's error if they do not answer. */
export async function clusterFacts(admin: AdminClient, { topics }: KafkaOptions): Promise<ClusterFacts> {
  const { brokers } = await admin.describeCluster();
  const shapes = await topicShapes(admin, Object.values(topics) as string[]);
  const described = new Map<string, TopicFacts>();
  for (const [name, shape] of shapes) {
    described.set(name, { ...shape, settings: await topicSettings(admin, name, topicNames) });
  }
  const broker = await brokerSettings(admin, brokers[0]?.nodeId ?? 0, brokerNames);
  return { brokers: brokers.length, topics: described, broker };
}

/** Returns one finding per check, in a fixed order. */
export function lintCluster(facts: ClusterFacts, expected: Expectations): readonly Finding[] {
  const { input, forecasts, feedback, deadLetters, state } = expected.topics;
  const optional = [...optionalNames(expected.topics), ...(deadLetters ? [deadLetters] : [])];
  const findings = [ok("brokers", `${facts.brokers} reachable`)];
  const inputFacts = facts.topics.get(input);
  for (const name of [input, forecasts, ...optional, state]) {
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
      findings.push(warning(subject, `settings are not checked: ${topic.settings}`));
      continue;
    }
    if (name === state) findings.push(lintPolicy(subject, topic.settings));
    if (name === input) findings.push(...lintRetention(subject, topic.settings, expected));
    else findings.push(lintSize(subject, topic.settings, expected));
    // Feedback has its time of writing.
    if (name === forecasts || (optional.includes(name) && name !== feedback)) {
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
  const message = `has ${partitions} partitions, expected ${inputFacts.partitions} as in the input topic ${input}`;
  return wrong(subject, "TOPIC_MISMATCH", message);
}

function lintPolicy(subject: string, settings: ClusterSettings): Finding {
  const policy = settings.get("cleanup.policy");
  if (policy === statePolicy) return ok(subject, "is compacted");
  return wrong(subject, "TOPIC_MISMATCH", `has cleanup.policy=${policy}, expected ${statePolicy}`);
}

/** maxBatchBytes counts before compression, the broker's limit after compression. */
function lintSize(subject: string, settings: ClusterSettings, { maxBatchBytes }: Expectations): Finding {
  const limit = Number(settings.get("max.message.bytes"));
  if (!(limit < maxBatchBytes)) return ok(subject, `accepts batches of ${maxBatchBytes} bytes`);
  const message = `has max.message.bytes=${limit}, expected at least kafka.maxBatchBytes (${maxBatchBytes})`;
  return wrong(subject, "RECORD_TOO_LARGE", message);
}

/** A restart replays the input since the last snapshot, so retention must exceed the age of a snapshot. */
function lintRetention(subject: string, settings: ClusterSettings, { snapshotMs }: Expectations): Finding[] {
  const policy = settings.get("cleanup.policy") ?? "";
  const findings: Finding[] = [];
  if (policy.includes("compact")) {
    const message = `has cleanup.policy=${policy}: compaction deletes records that a replay needs`;
    findings.push(warning(subject, message));
  }
  if (!policy.includes("delete")) return findings;
  const bytes = Number(settings.get("retention.bytes"));
  if (bytes >= 0) {
    const message = `has retention.bytes=${bytes}: a limit in bytes does not guarantee how long a record is kept`;
    findings.push(warning(subject, message));
  }
  const time = Number(settings.get("retention.ms"));
  if (time >= 0 && time <= snapshotMs) {
    const message = `has retention.ms=${time}, expected more than snapshot.everyMs (${snapshotMs} ms)`;
    findings.push(wrong(subject, "STATE_GAP", message));
  } else if (time >= 0 && bytes < 0) {
    findings.push(ok(subject, `keeps records for ${time} ms: the service may stop for that long`));
  }
  return findings;
}

/** Forecasts, incidents and dead letters carry the timestamp of their input record, so brokers delete them by that time. */
function lintKept(subject: string, settings: ClusterSettings, input: TopicFacts["settings"] = ""): Finding[] {
  if (typeof input === "string") return [];
  const [own, inputs] = [keptFor(settings), keptFor(input)];
  if (own >= inputs) return [];
  const message =
    `has retention.ms=${own}, less than the input topic: its records carry the input's timestamps, ` +
    "so records made from older input are deleted early";
  return [warning(subject, message)];
}

/** Returns how long a topic keeps a record, in ms. */
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
    return [warning(subject, `the broker settings are not checked: ${broker}`)];
  }
  const longest = Number(broker.get("transaction.max.timeout.ms"));
  const copies = Number(broker.get("transaction.state.log.replication.factor"));
  const findings: Finding[] = [];
  if (longest < transactionTimeoutMs) {
    const message = `the brokers have transaction.max.timeout.ms=${longest}, expected at least kafka.transactionTimeoutMs (${transactionTimeoutMs})`;
    findings.push(wrong(subject, "SETTING_INVALID", message));
  }
  if (copies > brokers) {
    const message = `transaction.state.log.replication.factor=${copies} exceeds the number of reachable brokers, ${brokers}`;
    findings.push(warning(subject, message));
  }
  return findings.length > 0 ? findings : [ok(subject, `may last ${transactionTimeoutMs} ms`)];
}

const ok = (subject: string, message: string): Finding => ({ level: "ok", subject, message });
const warning = (subject: string, message: string): Finding => ({ level: "warning", subject, message });
const wrong = (subject: string, code: ErrorCode, message: string): Finding => ({
  level: "error",
  code,
  subject,
  message,
});

/**
 * Findings on the group and the state topics, as their members describe themselves.
 *
 * @param inputs Options of each input topic.
 */
export async function lintMembers(
  admin: AdminClient,
  inputs: readonly [KafkaOptions, ...KafkaOptions[]],
): Promise<readonly Finding[]> {
  const [{ applicationId }] = inputs;
  const group = `group ${applicationId}`;
  const findings: Finding[] = [];
  const own = inputs.flatMap(({ topics }) => [topics.input, topics.state]);
  const foreign = await foreignMembers(admin, applicationId, own);
  if (foreign === undefined) {
    findings.push({ level: "ok", subject: group, message: "has no members with other topics" });
  } else {
    findings.push({ level: "error", code: foreign.code, subject: group, message: foreign.message });
  }
  for (const { topics } of inputs) {
    for (const writers of await stateWriters(admin, topics.state, applicationId)) {
      const message = `is written by ${describeWriters(writers)}`;
      findings.push({ level: "error", code: "STATE_FOREIGN", subject: `topic ${topics.state}`, message });
    }
  }
  return findings;
}

/** Findings on a forecasts topic whose last records name these applications. */
export function lintForecasts(
  { applicationId, topics }: KafkaOptions,
  applications: readonly string[],
): readonly Finding[] {
  const others = applications.filter((name) => name !== applicationId);
  if (others.length === 0) return [];
  const message = `application ${others.join(", ")} writes forecasts to this topic too: only the header undercurrent-application tells them apart`;
  return [{ level: "warning", subject: `topic ${topics.forecasts}`, message }];
}
