import type { KafkaMessage } from "kafkajs";
import { afterEach, expect, test } from "vitest";
import { broker, describeWithBroker } from "../../support/broker.js";
import { endChildren, startNode, type Child } from "../../support/child.js";

afterEach(endChildren);

const partitions = 2;
const perPartition = 400;

/** Steady readings in Fahrenheit with one outlier near their end, and a test rig's among them. */
function readings(partition: number): { key: string; value: string; timestamp: number }[] {
  return Array.from({ length: perPartition }, (_, i) => ({
    key: i % 8 === 7 ? `test-${partition}` : `pump-${partition}`,
    value: JSON.stringify({
      value: 70 + 0.3 * Math.sin(i / 3) + (i === perPartition - 20 ? 90 : 0),
      unit: "F",
    }),
    timestamp: 1_700_000_000_000 + 1000 * i,
  }));
}

interface Visible {
  readonly key: string;
  readonly document: Record<string, number>;
  readonly transaction: unknown;
}

/** What the client knows of the batch that a message came in, and does not declare. */
function visible(message: KafkaMessage): Visible {
  const { producerId, producerEpoch, inTransaction } = (
    message as KafkaMessage & { batchContext: Record<string, unknown> }
  ).batchContext;
  return {
    key: message.key!.toString(),
    document: JSON.parse(message.value!.toString()) as Record<string, number>,
    transaction: { producerId, producerEpoch, inTransaction },
  };
}

describeWithBroker("the example of alerts on a topic of their own", () => {
  test("commits alerts with the forecasts they were made from, or neither", async () => {
    const application = broker.name("pumps");
    const topic = (part: string): string => `${application}-${part}`;
    const read = async (part: string): Promise<Visible[]> =>
      (await broker.readCommitted(topic(part))).flat().map(visible);
    await broker.createTopic(topic("readings"), { partitions });
    await broker.createTopic(topic("forecasts"), { partitions });
    await broker.createTopic(topic("state"), { partitions, settings: { "cleanup.policy": "compact" } });
    for (let partition = 0; partition < partitions; partition++) {
      await broker.produce(topic("readings"), partition, readings(partition));
    }
    const start = (): Child =>
      startNode(["--import", "tsx", "examples/kafka-alerts.ts", application], {
        KAFKA_BROKER: broker.brokers[0],
      });

    // Without their topic the alerts cannot land: then nor do the forecasts that they belong to.
    const refused = start();
    expect(await refused.ended).toBe(1);
    expect(refused.err.join("\n")).toMatch(/the brokers have no topic .*-alerts/);
    expect(refused.out.join("\n")).toContain('"because":"failed"');
    expect((await read("forecasts")).filter(({ document }) => document["anomaly_score"]! > 1)).toEqual([]);

    await broker.createTopic(topic("alerts"));
    const service = start();
    const ends = Array.from({ length: partitions }, (_, partition) =>
      service.line(new RegExp(`"type":"committed".*"partition":${partition},"offset":${perPartition},`)),
    );
    await Promise.all(ends);
    expect(await service.end()).toBe(0);

    const forecasts = await read("forecasts");
    expect(forecasts.length).toBe((partitions * perPartition * 7) / 8);
    expect(forecasts.filter(({ key }) => key.startsWith("test-"))).toEqual([]);
    const anomalous = forecasts.filter(({ document }) => document["anomaly_score"]! > 1);
    const alerts = await read("alerts");
    expect(alerts.length).toBeGreaterThanOrEqual(partitions);
    const summary = ({ key, document, transaction }: Visible, value: string): unknown => [
      key,
      document[value],
      transaction,
    ];
    const inOrder = (rows: unknown[]): string[] => rows.map((row) => JSON.stringify(row)).sort();
    expect(inOrder(alerts.map((each) => summary(each, "celsius")))).toEqual(
      inOrder(anomalous.map((each) => summary(each, "value"))),
    );
    expect(alerts.map(({ transaction }) => transaction)).toContainEqual(
      expect.objectContaining({ inTransaction: true }),
    );
    // (160 - 32) / 1.8
    expect(alerts.some(({ document }) => Math.abs(document["celsius"]! - 71.1) < 0.5)).toBe(true);
  }, 120_000);
});
