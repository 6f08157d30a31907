// Test brokers keep every record: fixtures carry old timestamps, and a retention check would delete them mid-test.
import kafkajs from "kafkajs";
import { afterAll, describe, expect, test } from "vitest";
import { broker, describeWithBroker } from "../../support/broker.js";
import { createTestBroker, type TestBroker } from "../../support/broker-client.js";
import { javaAnswers, startJavaCluster, type JavaBroker } from "../../support/broker-java.js";
import { startSecureBroker } from "../../support/broker-secure.js";

/** Describes the retention of a new topic that has no settings of its own. */
async function retention(of: TestBroker): Promise<Record<string, string>> {
  const topic = of.name("kept");
  await of.createTopic(topic);
  const { resources } = await of.admin((admin) =>
    admin.describeConfigs({
      resources: [{ type: kafkajs.ConfigResourceTypes.TOPIC, name: topic, configNames: names }],
      includeSynonyms: false,
    }),
  );
  const entries = resources.flatMap(({ configEntries }) => configEntries);
  return Object.fromEntries(entries.map(({ configName, configValue }) => [configName, configValue]));
}
const names = ["retention.bytes", "retention.ms"];
const forEver = { "retention.bytes": "-1", "retention.ms": "-1" };

describeWithBroker("the broker of the test run", () => {
  test("keeps records for ever, unless a topic says otherwise", async () => {
    const hint = "Start a broker of your own with log.retention.ms=-1.";
    expect(await retention(broker), hint).toEqual(forEver);
  });
});

describe.skipIf(!(await javaAnswers()))("brokers that a test starts for itself", () => {
  const started: { stop(): Promise<void> }[] = [];
  afterAll(() => Promise.all(started.map((each) => each.stop())));

  test("keep records for ever where they are secured", async () => {
    const secure = await startSecureBroker({});
    started.push(secure);
    expect(await retention(secure.open)).toEqual(forEver);
  });

  test("keep records for ever where they form a cluster", async () => {
    const cluster: readonly JavaBroker[] = await startJavaCluster(2);
    started.push(...cluster);
    const addresses = cluster.flatMap(({ brokers }) => brokers);
    expect(await retention(createTestBroker(addresses))).toEqual(forEver);
  });
});
