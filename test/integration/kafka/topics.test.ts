// Topics as the commands make them, and what `lint` and a start find where they do not fit.
import { afterEach, expect, test } from "vitest";
import { broker, describeWithBroker } from "../../support/broker.js";
import { endChildren, type Child } from "../../support/child.js";
import { startCommand, startService, type Settings } from "../../support/service.js";
import { testedClient } from "../../support/tested-client.js";
import { committed, produce, type Deployment } from "./deployment.js";
import { createTopics, rejection, startInstance, topicNames } from "./support.js";

afterEach(endChildren);

/** Names of topics that do not exist. */
function unmade(settings: Settings = {}): Deployment {
  const application = broker.name("app");
  const topics = topicNames(application);
  const kafka = {
    ...testedClient,
    bootstrapServers: broker.brokers.slice(),
    fetchMaxWaitMs: 50,
    sessionTimeoutMs: 10_000,
  };
  return { applicationId: application, kafka, log: { level: "debug" }, ...settings, topics } as Deployment;
}

const all = ({ input, forecasts, incidents, deadLetters, state }: Deployment["topics"]): string[] => [
  input,
  forecasts,
  incidents,
  deadLetters,
  state,
];

const existing = async ({ topics }: Deployment): Promise<string[]> => {
  const names = await broker.admin((admin) => admin.listTopics());
  return all(topics).filter((name) => names.includes(name));
};

interface Findings {
  readonly findings: readonly { readonly level: string; readonly code?: string; readonly subject: string }[];
}
const findingsOf = ({ out }: Child): Findings["findings"] => (JSON.parse(out[0]!) as Findings).findings;

describeWithBroker("topics create", () => {
  test("makes what is missing with the input's partitions, fit for a start, and nothing a second time", async () => {
    const settings = unmade();
    await broker.createTopic(settings.topics.input, { partitions: 3 });
    const first = startCommand(["topics", "create"], settings);
    expect(await first.ended).toBe(0);
    const lines = (words: readonly string[]): string[] =>
      all(settings.topics).map((name, index) => `${words[index]}  ${name}, 3 partitions`);
    expect(first.out).toEqual(lines(["exists ", "created", "created", "created", "created"]));
    const second = startCommand(["topics", "create"], settings);
    expect(await second.ended).toBe(0);
    expect(second.out).toEqual(lines(["exists ", "exists ", "exists ", "exists ", "exists "]));

    const lint = startCommand(["lint", "--json"], settings);
    expect(await lint.ended).toBe(0);
    expect(findingsOf(lint).filter(({ level }) => level === "error")).toEqual([]);
    await produce(settings, 2, 10);
    const service = startService(settings);
    await committed(service, 2, 10);
    expect(await service.end()).toBe(0);
  }, 60_000);

  test("makes the input only where it is asked to", async () => {
    const settings = unmade();
    const without = startCommand(["topics", "create"], settings);
    expect(await without.ended).toBe(2);
    expect(without.err.join("\n")).toMatch(/error TOPIC_MISSING: .*--partitions/);
    expect(await existing(settings)).toEqual([]);
    const asked = ["topics", "create", "--partitions", "2", "--replication-factor", "1"];
    const together = startCommand(asked, settings);
    expect(await together.ended).toBe(0);
    expect(together.out.every((line) => line.startsWith("created"))).toBe(true);
    expect(await existing(settings)).toEqual(all(settings.topics));
  }, 60_000);

  test.each([
    [
      "another number of partitions",
      "forecasts",
      { partitions: 3 },
      /has 3 partitions where the input has 2/,
    ],
    ["a state that is not compacted", "state", { partitions: 2 }, /cleanup.policy=delete/],
  ] as const)("makes nothing beside a topic with %s", async (_, part, layout, message) => {
    const settings = unmade();
    await broker.createTopic(settings.topics.input, { partitions: 2 });
    await broker.createTopic(settings.topics[part], layout);
    const before = await existing(settings);
    const refused = startCommand(["topics", "create"], settings);
    expect(await refused.ended).toBe(2);
    expect(refused.err.join("\n")).toMatch(/error TOPIC_MISMATCH/);
    expect(refused.err.join("\n")).toMatch(message);
    expect(await existing(settings)).toEqual(before);
  });
});

describeWithBroker("topics that the brokers refuse to make", () => {
  test("are named with the reason", async () => {
    const settings = unmade();
    const copies = ["--partitions", "1", "--replication-factor", "100"];
    const refused = startCommand(["topics", "create", ...copies], settings);
    expect(await refused.ended).not.toBe(0);
    // The clients' own words differ.
    expect(refused.err[0]).toMatch(new RegExp(`${settings.topics.state}: Replication.factor is `));
    expect(await existing(settings)).toEqual([]);
  });
});

describeWithBroker("a start", () => {
  test("is refused where the brokers let no transaction take so long", async () => {
    const instance = startInstance(await createTopics(1, { transactionTimeoutMs: 2_000_000_000 }));
    const assignment = await instance.next();
    expect(await rejection(assignment.takeOver())).toBe("SETTING_INVALID");
    await instance.leave();
  });

  test.each(["delete", "compact,delete"])(
    "is refused where the state topic's policy is %s",
    async (policy) => {
      const options = await createTopics();
      const state = `${options.topics.state}-other`;
      await broker.createTopic(state, { settings: { "cleanup.policy": policy } });
      const instance = startInstance({ ...options, topics: { ...options.topics, state } });
      expect(await rejection(instance.next())).toBe("TOPIC_MISMATCH");
      await instance.leave();
    },
  );
});

describeWithBroker("lint", () => {
  test("names everything that would not work, each with the code of the failure to come", async () => {
    const settings = unmade({ snapshot: { everyMs: 3_600_000 }, kafka: {} });
    const { input, forecasts, state } = settings.topics;
    await broker.createTopic(input, { partitions: 2, settings: { "retention.ms": "60000" } });
    await broker.createTopic(forecasts, { partitions: 3, settings: { "max.message.bytes": "1000" } });
    await broker.createTopic(state, { partitions: 2 });
    const kafka = {
      ...testedClient,
      bootstrapServers: broker.brokers.slice(),
      transactionTimeoutMs: 900_000,
    };
    const lint = startCommand(["lint", "--json"], { ...settings, kafka });
    expect(await lint.ended).toBe(5);
    const errors = findingsOf(lint).filter(({ level }) => level === "error");
    expect(errors.map(({ subject, code }) => [subject, code])).toEqual([
      [`topic ${input}`, "STATE_GAP"],
      [`topic ${forecasts}`, "TOPIC_MISMATCH"],
      [`topic ${forecasts}`, "RECORD_TOO_LARGE"],
      [`topic ${settings.topics.incidents}`, "TOPIC_MISSING"],
      [`topic ${settings.topics.deadLetters}`, "TOPIC_MISSING"],
      [`topic ${state}`, "TOPIC_MISMATCH"],
    ]);
  });

  test("accepts an input that keeps its records for longer than a snapshot is old", async () => {
    const settings = unmade({ snapshot: { everyMs: 60_000 } });
    const { input } = settings.topics;
    await broker.createTopic(input, { settings: { "retention.ms": "60001" } });
    const lint = startCommand(["lint", "--json"], settings);
    await lint.ended;
    const found = findingsOf(lint).filter(({ subject }) => subject === `topic ${input}`);
    expect(found.map(({ level, code }) => code ?? level)).toEqual(["ok", "ok"]);
  });

  test("begins with the schema, and ends there where it does not fit", async () => {
    const lint = startCommand(["lint"], "topics: {inputs: a}");
    expect(await lint.ended).toBe(2);
    expect(lint.out.join("\n")).toMatch(/^error .*configuration: .*did you mean topics.input/s);
  });

  test("says that the brokers are not reached, and nothing about them offline", async () => {
    const settings: Settings = { kafka: { bootstrapServers: ["127.0.0.1:1"] } };
    const offline = startCommand(["lint", "--offline"], settings);
    expect(await offline.ended).toBe(0);
    expect(offline.out).toEqual([
      "ok       configuration: valid",
      "ok       model: the state record fits kafka.maxBatchBytes",
    ]);
    const binary = startCommand(["lint", "--offline"], {
      encode: { format: "avro", incidents: { format: "json" } },
      schemaRegistry: { url: "http://127.0.0.1:1" },
      topics: { incidents: "incidents" },
    });
    expect(await binary.ended).toBe(0);
    expect(binary.out.at(-1)).toBe(
      "ok       output: forecasts has the format avro, incidents the format json",
    );
    const lint = startCommand(["lint"], settings);
    expect(await lint.ended).toBe(6);
    expect(lint.out.at(-1)).toMatch(/^error .*BROKER_UNREACHABLE/);
  }, 60_000);
});
