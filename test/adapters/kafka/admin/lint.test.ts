import { expect, test } from "vitest";
import { lintCluster, type ClusterFacts, type Finding } from "../../../../src/adapters/kafka/admin/lint.js";

const expected = {
  topics: { input: "readings", forecasts: "forecasts", deadLetters: "dead", state: "state" },
  maxBatchBytes: 900_000,
  transactionTimeoutMs: 60_000,
  snapshotMs: 300_000,
};

const settings = (changes: Record<string, string> = {}): Map<string, string> =>
  new Map(
    Object.entries({
      "cleanup.policy": "delete",
      "max.message.bytes": "1048588",
      "retention.ms": "604800000",
      "retention.bytes": "-1",
      ...changes,
    }),
  );

const shape = { partitions: 6, replicationFactor: 3 };
const fitting: ClusterFacts = {
  brokers: 3,
  topics: new Map([
    ["readings", { ...shape, settings: settings() }],
    ["forecasts", { ...shape, settings: settings() }],
    ["dead", { ...shape, partitions: 1, settings: settings() }],
    ["state", { ...shape, settings: settings({ "cleanup.policy": "compact" }) }],
  ]),
  broker: new Map([
    ["transaction.max.timeout.ms", "900000"],
    ["transaction.state.log.replication.factor", "3"],
  ]),
};

const withTopic = (name: string, changes: Record<string, string> | string): ClusterFacts => ({
  ...fitting,
  topics: new Map([
    ...fitting.topics,
    [name, { ...shape, settings: typeof changes === "string" ? changes : settings(changes) }],
  ]),
});

const complaints = (facts: ClusterFacts, changes = {}): Finding[] =>
  lintCluster(facts, { ...expected, ...changes }).filter(({ level }) => level !== "ok");

test("finds nothing wrong where everything fits, and names every topic", () => {
  const findings = lintCluster(fitting, expected);
  expect(findings.filter(({ level }) => level !== "ok")).toEqual([]);
  for (const topic of Object.values(expected.topics)) {
    expect(findings.map(({ subject }) => subject)).toContain(`topic ${topic}`);
  }
});

test("checks every output that has a name", () => {
  const topics = { ...expected.topics, incidents: "incidents", candidate: "other" };
  const facts = withTopic("incidents", {});
  expect(complaints(facts, { topics })).toMatchObject([
    { level: "error", code: "TOPIC_MISSING", subject: "topic other" },
  ]);
  const few = new Map([...facts.topics, ["other", { ...shape, partitions: 5, settings: settings() }]]);
  expect(complaints({ ...facts, topics: few }, { topics })).toMatchObject([
    { level: "error", code: "TOPIC_MISMATCH", subject: "topic other" },
  ]);
});

test.each<[string, Record<string, string>, object]>([
  ["readings", { "retention.ms": "300000" }, { level: "error", code: "STATE_GAP" }],
  ["readings", { "retention.bytes": "1000000" }, { level: "warning" }],
  ["readings", { "cleanup.policy": "compact" }, { level: "warning" }],
  ["state", { "cleanup.policy": "compact,delete" }, { level: "error", code: "TOPIC_MISMATCH" }],
  ["state", {}, { level: "error", code: "TOPIC_MISMATCH" }],
  ["forecasts", { "max.message.bytes": "899999" }, { level: "error", code: "RECORD_TOO_LARGE" }],
])("complains of the topic %s with %o", (topic, changes, finding) => {
  const own = complaints(withTopic(topic, changes)).filter(({ subject }) => subject === `topic ${topic}`);
  expect(own).toMatchObject([{ subject: `topic ${topic}`, ...finding }]);
});

test.each([{ "retention.ms": "604800001" }, { "retention.ms": "-1" }, { "cleanup.policy": "compact" }])(
  "warns of topics that lose what was made from old records of an input with %o",
  (changes) => {
    const warnings = complaints(withTopic("readings", changes)).filter(({ message }) =>
      message.includes("timestamps"),
    );
    expect(warnings).toMatchObject([
      { level: "warning", subject: "topic forecasts" },
      { level: "warning", subject: "topic dead" },
    ]);
  },
);

test("does not complain of topics that are kept for ever", () => {
  const kept = settings({ "retention.ms": "-1" });
  const topics = ["readings", "forecasts", "dead"].map(
    (name) => [name, { ...shape, settings: kept }] as const,
  );
  expect(complaints({ ...fitting, topics: new Map([...fitting.topics, ...topics]) })).toEqual([]);
});

test("warns of what it may not read, and fails for nothing that it does not know", () => {
  const withheld = "its settings cannot be read (TOPIC_AUTHORIZATION_FAILED)";
  expect(complaints(withTopic("state", withheld))).toMatchObject([
    { level: "warning", subject: "topic state", message: expect.stringContaining(withheld) as unknown },
  ]);
  expect(complaints({ ...fitting, broker: withheld })).toMatchObject([
    { level: "warning", subject: "transactions" },
  ]);
});

test("complains of transactions that the brokers do not let take so long", () => {
  expect(complaints(fitting, { transactionTimeoutMs: 900_001 })).toMatchObject([
    { level: "error", code: "SETTING_INVALID", subject: "transactions" },
  ]);
  expect(complaints({ ...fitting, brokers: 2 })).toMatchObject([
    { level: "warning", subject: "transactions" },
  ]);
});
