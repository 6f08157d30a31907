// The state topic is deleted while the service runs: it stops with an error, and never goes on with less than it had.
import { afterEach, expect, test } from "vitest";
import { broker, describeWithBroker } from "../../support/broker.js";
import { endChildren, type Child } from "../../support/child.js";
import { startService, type Settings } from "../../support/service.js";
import { quick } from "../../support/streams.js";
import { testedProducers } from "../../support/tested-client.js";
import { committed, deployment, produce, type Deployment } from "./deployment.js";

afterEach(endChildren);

const settings: Settings = {
  model: quick,
  snapshot: { everyEvents: 40 },
  commit: { maxEvents: 10 },
  server: { enabled: false },
};

const deleteState = ({ topics }: Deployment): Promise<void> => broker.deleteTopic(topics.state);

const makeState = ({ topics }: Deployment): Promise<void> =>
  broker.createTopic(topics.state, { partitions: 2, settings: { "cleanup.policy": "compact" } });

/** A service that has committed 100 records of each partition, with snapshots. */
async function started(producer: (typeof testedProducers)[number]): Promise<[Deployment, Child]> {
  const plain = await deployment(2, settings);
  const where = { ...plain, kafka: { ...plain.kafka, producerClient: producer } };
  for (const partition of [0, 1]) await produce(where, partition, 100);
  const service = startService(where);
  for (const partition of [0, 1]) await committed(service, partition, 100);
  return [where, service];
}

const offsets = ({ applicationId, topics }: Deployment): Promise<number[]> =>
  Promise.all([0, 1].map((partition) => broker.committedOffset(applicationId, topics.input, partition)));

async function forecastCount({ topics }: Deployment): Promise<number> {
  return (await broker.readCommitted(topics.forecasts)).flat().length;
}

describeWithBroker("a service whose state topic is deleted while it runs", () => {
  test.each(testedProducers)(
    "stops at the next snapshot, and does not begin afresh in an empty topic (%s)",
    async (producer) => {
      const [where, service] = await started(producer);
      await deleteState(where);
      for (const partition of [0, 1]) await produce(where, partition, 100, 100);
      expect(await service.ended).toBe(2);
      expect(service.err.join("\n")).toMatch(/error TOPIC_MISSING: .*-state/);
      await makeState(where);
      const again = startService(where);
      expect(await again.ended).toBe(5);
      expect(again.err.join("\n")).toMatch(/error STATE_GAP/);
      const total = (await offsets(where)).reduce((a, b) => a + b);
      expect(await forecastCount(where)).toBe(total);
    },
    120_000,
  );

  test.each(testedProducers)(
    "stops too where it was made again before anyone looked (%s)",
    async (producer) => {
      const [where, service] = await started(producer);
      await deleteState(where);
      await makeState(where);
      for (const partition of [0, 1]) await produce(where, partition, 100, 100);
      expect(await service.ended).toBe(5);
      expect(service.err.join("\n")).toMatch(/error STATE_GAP: .*-state/);
      const [first] = await broker.readCommitted(where.topics.state);
      expect(first).toEqual([]);
      const total = (await offsets(where)).reduce((a, b) => a + b);
      expect(await forecastCount(where)).toBe(total);
    },
    120_000,
  );

  test("stops without input too, when it has to join its group anew", async () => {
    const [where, service] = await started(testedProducers[0]!);
    const other = startService(where);
    await other.line(/"event":"live"/);
    await deleteState(where);
    await other.end();
    expect(await service.ended).toBe(2);
    expect(service.err.join("\n")).toMatch(/error TOPIC_MISSING: .*-state/);
  }, 60_000);
});
