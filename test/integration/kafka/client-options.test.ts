// Raw options of the Kafka clients, seen in the requests that reach a real broker.
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, it } from "vitest";
import type { KafkaOptions } from "../../../src/adapters/kafka/index.js";
import { broker, describeWithBroker } from "../../support/broker.js";
import { startBrokerProxy, type BrokerProxy, type SeenRequest } from "../../support/broker-proxy.js";
import { commitOf, createTopics, leaveAll, readRecords, record, startInstance } from "./support.js";

const fetchKey = 1;
const metadataKey = 3;
/** The client whose options most of these are. */
const kafkajs = { client: "kafkajs", groupProtocol: "classic" } as const;

let proxy: BrokerProxy | undefined;

afterEach(async () => {
  await leaveAll();
  await proxy?.close();
});

/** Requests that reach the broker while an instance takes a partition over, reads and commits a record, and stands still. */
async function requestsOf(options: Partial<KafkaOptions>, stillMs = 0): Promise<readonly SeenRequest[]> {
  const requests: SeenRequest[] = [];
  proxy = await startBrokerProxy(broker.brokers[0]!, (request) => requests.push(request));
  const all = await createTopics(1, {
    client: "kafkajs",
    groupProtocol: "classic",
    ...options,
    bootstrapServers: [proxy.address],
  });
  await broker.produce(all.topics.input, 0, [{ key: "k", value: "v" }]);
  const instance = startInstance(all);
  const assignment = await instance.next();
  await assignment.takeOver();
  await readRecords(assignment, 0, 1);
  await instance.committer.commit(assignment, commitOf({ offset: 1, forecasts: [record("k", "v")] }));
  await sleep(stillMs);
  await instance.leave();
  await proxy.close();
  return requests;
}

describeWithBroker("raw options", () => {
  it("of the consumer are in each fetch", { timeout: 60_000 }, async () => {
    const clientOptions = { consumer: { rackId: "eu-west-1a", minBytes: 7, maxBytes: 3_000_017 } };
    const fetches = (await requestsOf({ clientOptions })).filter(({ key }) => key === fetchKey);
    expect(fetches.length).toBeGreaterThan(0);
    for (const { frame } of fetches) {
      // Header with the client's id, replica id, longest wait; then minBytes, maxBytes, and the isolation: committed.
      const at = 14 + frame.readInt16BE(12) + 8;
      expect(frame.readInt32BE(at)).toBe(7);
      expect(frame.readInt32BE(at + 4)).toBe(3_000_017);
      expect(frame.readInt8(at + 8)).toBe(1);
      expect(frame.subarray(-10).toString()).toBe("eu-west-1a");
    }
  });

  it("of the consumer set how often the metadata is asked for", { timeout: 60_000 }, async () => {
    const count = async (clientOptions: KafkaOptions["clientOptions"] = {}): Promise<number> =>
      (await requestsOf({ clientOptions }, 3000)).filter(({ key }) => key === metadataKey).length;
    expect(await count({ consumer: { metadataMaxAge: 100 } })).toBeGreaterThan((await count()) + 5);
  });

  it("of the client end a request that has no answer in time", { timeout: 120_000 }, async () => {
    const options = await createTopics(1, kafkajs);
    proxy = await startBrokerProxy(broker.brokers[0]!);
    // Above the limit that is given, and far below the client's own.
    proxy.delay(1200);
    const retry = { retries: 0 };
    const raw = { consumer: { retry }, admin: { retry } };
    const limited = { ...raw, client: { requestTimeout: 1000 } };
    const start = (clientOptions: KafkaOptions["clientOptions"]): Promise<unknown> =>
      startInstance({ ...options, bootstrapServers: [proxy!.address], clientOptions: clientOptions! })
        .next()
        .catch((reason: unknown) => reason);
    expect(await start(limited)).toMatchObject({ code: "BROKER_UNREACHABLE" });
    expect(await start(raw)).toMatchObject({ partition: 0 });
  });

  it("of the platformatic producer reach it, and it commits", { timeout: 60_000 }, async () => {
    const platformaticProducer = { metadataMaxAge: 60_000, connectTimeout: 9000, strict: true };
    const options = { producerClient: "platformatic", clientOptions: { platformaticProducer } } as const;
    const requests = await requestsOf(options);
    expect(requests.some(({ key }) => key === 26)).toBe(true);
  });
});
