// Requests that the client repeats while partitions come to other brokers: its own code, with brokers of which one fails.
import { createRequire } from "node:module";
import fc from "fast-check";
import kafkajs, { type ICustomPartitioner, type Message } from "kafkajs";
import { describe, expect, test } from "vitest";
import { Placement } from "../../../src/adapters/kafka/placement.js";

interface TopicData {
  readonly topic: string;
  readonly partitions: readonly { readonly partition: number; readonly messages: readonly Message[] }[];
}
interface ProduceRequest {
  readonly topicData: readonly TopicData[];
}
type Send = (request: { topicMessages: { topic: string; messages: Message[] }[] }) => Promise<unknown>;

const require = createRequire(import.meta.url);
const sendMessages = require("kafkajs/src/producer/sendMessages") as (parts: object) => Send;
const createRetry = require("kafkajs/src/retry") as (options: object) => unknown;
const { prototype: clusterMethods } = require("kafkajs/src/cluster") as {
  prototype: { findLeaderForPartitions: (...given: unknown[]) => unknown };
};

/** The leader of each partition at each attempt; at the first, the brokers in `failing` do not answer. */
interface Script {
  readonly leaders: readonly (readonly number[])[];
  readonly failing: readonly number[];
}

/** What the brokers have appended, by partition, once the client has said that all is sent; or its refusal. */
async function appended(
  createPartitioner: ICustomPartitioner,
  { leaders, failing }: Script,
  messages: readonly Message[],
): Promise<Record<number, string[]> | "refused"> {
  const log: Record<number, string[]> = {};
  let attempt = 0;
  const metadata = (): object[] =>
    leaders[Math.min(attempt, leaders.length - 1)]!.map((leader, partitionId) => ({ partitionId, leader }));
  let current = metadata();
  const brokerOf = (nodeId: number): object => ({
    nodeId,
    produce: async ({ topicData }: ProduceRequest) => {
      await Promise.resolve();
      if (attempt === 0 && failing.includes(nodeId)) throw new kafkajs.KafkaJSConnectionError("away");
      for (const { partition, messages: given } of topicData.flatMap(({ partitions }) => partitions)) {
        (log[partition] ??= []).push(...given.map(({ value }) => String(value)));
      }
      return { topics: [] };
    },
  });
  const brokers = [0, 1, 2].map(brokerOf);
  const nothing = (): Promise<void> => Promise.resolve();
  const send = sendMessages({
    logger: { error: () => undefined, debug: () => undefined },
    partitioner: createPartitioner(),
    retrier: createRetry({ retries: 3, initialRetryTime: 1 }),
    cluster: {
      ...{ addMultipleTargetTopics: nothing, refreshMetadataIfNecessary: nothing, isConnected: () => true },
      findTopicPartitionMetadata: () => current,
      findLeaderForPartitions: clusterMethods.findLeaderForPartitions,
      findBroker: ({ nodeId }: { nodeId: `${number}` }) => Promise.resolve(brokers[nodeId]),
      refreshMetadata: () => {
        attempt++;
        current = metadata();
        return Promise.resolve();
      },
    },
    eosManager: {
      ...{ acquireBrokerLock: nothing, releaseBrokerLock: nothing, isTransactional: () => false },
      ...{ getSequence: () => 0, updateSequence: nothing, getProducerId: () => 0, getProducerEpoch: () => 0 },
    },
  });
  try {
    await send({ topicMessages: [{ topic: "t", messages: messages.map((message) => ({ ...message })) }] });
    return log;
  } catch {
    return "refused";
  }
}

const at = (...partitions: number[]): Message[] =>
  partitions.map((partition) => ({ partition, key: "k", value: `of ${partition}` }));
const byDefault = kafkajs.Partitioners.DefaultPartitioner;
const placed = (input = 0): ICustomPartitioner => new Placement(input).createPartitioner;

describe("a request of which one broker takes its part and another does not", () => {
  const failover = {
    leaders: [
      [0, 1],
      [0, 0],
    ],
    failing: [1],
  };
  const exchange = {
    leaders: [
      [0, 1],
      [1, 1],
    ],
    failing: [1],
  };

  test("fails where the broker that took its part leads the rest then, which the client takes for sent", async () => {
    expect(await appended(byDefault, failover, at(0, 1))).toEqual({ 0: ["of 0"] });
    expect(await appended(placed(), failover, at(0, 1))).toBe("refused");
  });

  test("fails where the other broker leads what was taken then, which the client sends again", async () => {
    expect(await appended(byDefault, exchange, at(0, 1))).toEqual({ 0: ["of 0", "of 0"], 1: ["of 1"] });
    expect(await appended(placed(), exchange, at(0, 1))).toBe("refused");
  });

  test("has every record once or fails, whatever leaders do and whether records have keys", async () => {
    const node = fc.constantFrom(0, 1, 2);
    const leaders = fc.array(fc.tuple(node, node, node), { minLength: 1, maxLength: 4 });
    const scripts = fc.record({ leaders, failing: fc.uniqueArray(node, { maxLength: 2 }) });
    const messages = fc.array(
      fc.record({
        key: fc.option(fc.constantFrom("a", "b", "c")),
        partition: fc.option(fc.constantFrom(0, 1, 2), { nil: undefined }),
      }),
      { minLength: 1, maxLength: 8 },
    );
    let refusals = 0;
    await fc.assert(
      fc.asyncProperty(scripts, messages, fc.nat(5), async (script, some, input) => {
        const numbered = some.map(({ key, partition }, i) => ({
          key,
          value: String(i),
          ...(partition !== undefined && { partition }),
        }));
        const log = await appended(placed(input), script, numbered);
        if (log === "refused") refusals++;
        else expect(Object.values(log).flat().sort()).toEqual(numbered.map(({ value }) => value).sort());
      }),
      { numRuns: 300 },
    );
    expect(refusals).toBeGreaterThan(0);
    expect(refusals).toBeLessThan(300);
  });

  test("is repeated where it was, and once, where leaders stay", async () => {
    const leaders = [[0, 1, 2]];
    const keyless = ["x", "y", "z"].map((value) => ({ key: null, value }));
    expect(await appended(placed(4), { leaders, failing: [1] }, [...keyless, ...at(0)])).toEqual({
      0: ["of 0"],
      1: ["x", "y", "z"],
    });
  });

  test("fails where there is no such partition, of which the client says nothing", async () => {
    const script = { leaders: [[0]], failing: [] };
    expect(await appended(byDefault, script, at(0, 5))).toEqual({ 0: ["of 0"] });
    expect(await appended(placed(), script, at(0, 5))).toBe("refused");
  });
});
