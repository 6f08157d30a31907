// A healthy service has nothing to warn of: whoever watches the log for warnings may trust each.
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, it } from "vitest";
import { broker, describeWithBroker } from "../../support/broker.js";
import { endChildren, type Child } from "../../support/child.js";
import { logged, startService, type Settings } from "../../support/service.js";
import { testedClient, testedProducers } from "../../support/tested-client.js";
import { createTopics } from "./support.js";

afterEach(endChildren);

/** The lines that warn or are worse. */
const alarms = (service: Child): readonly string[] =>
  service.err.filter((line) => /"level":"(warn|error|fatal)"/.test(line));

const partitions = 50;

describeWithBroker.each(testedProducers)("the log of a healthy service that writes by %s", (producer) => {
  it("has no warning over a start, work, a rebalance and a stop", async () => {
    const { applicationId, topics } = await createTopics(partitions, { producerClient: producer });
    const settings: Settings = {
      applicationId,
      topics,
      kafka: {
        ...testedClient,
        bootstrapServers: [...broker.brokers],
        producerClient: producer,
        sessionTimeoutMs: 10_000,
      },
      model: { hidden: 4 },
    };
    const produce = async (): Promise<void> => {
      for (let partition = 0; partition < partitions; partition++)
        await broker.produce(topics.input, partition, [{ key: `k${partition}`, value: '{"value":1}' }]);
    };
    const until = async (what: () => boolean): Promise<void> => {
      while (!what()) await sleep(100);
    };
    const first = startService(settings);
    await until(() => logged(first, "live").length >= partitions);
    for (let turn = 0; turn < 4; turn++) await produce();
    const second = startService(settings);
    await until(() => logged(second, "live").length >= partitions / 2);
    await produce();
    expect(await second.end()).toBe(0);
    await until(() => logged(first, "live").length >= 1.5 * partitions);
    await produce();
    expect(await first.end()).toBe(0);
    expect([...alarms(first), ...alarms(second)]).toEqual([]);
  }, 240_000);
});
