// Requests that kafkajs repeats: its own code, before brokers that are slow, fail, or lead other partitions by then.
import { createRequire } from "node:module";
import { setTimeout as sleep } from "node:timers/promises";
import fc from "fast-check";
import kafkajs, { type Message, type TopicMessages } from "kafkajs";
import { describe, expect, test } from "vitest";
import {
  messagesOf,
  onlyKnownPartitions,
  sendEach,
} from "../../../../src/adapters/kafka/producer/producer-kafkajs.js";
import type { RequestPart } from "../../../../src/adapters/kafka/producer/split.js";

interface ProduceRequest {
  readonly topicData: readonly {
    readonly partitions: readonly {
      readonly partition: number;
      readonly firstSequence: number;
      readonly messages: readonly Message[];
    }[];
  }[];
}
type Send = (topicMessages: TopicMessages[]) => Promise<unknown>;
interface Lock {
  acquire(): Promise<void>;
  release(): Promise<void>;
}

const require = createRequire(import.meta.url);
const sendMessages = require("kafkajs/src/producer/sendMessages") as (
  parts: object,
) => (request: { topicMessages: TopicMessages[] }) => Promise<unknown>;
const createRetry = require("kafkajs/src/retry") as (options: object) => unknown;
const LockOf = require("kafkajs/src/utils/lock") as new (options: object) => Lock;
const { prototype: cluster } = require("kafkajs/src/cluster") as {
  prototype: { findLeaderForPartitions: (...given: unknown[]) => unknown };
};

/**
 * What a broker does with a request: takes it, at once or late (when the client comes again, or its patience ends), or
 * its connection breaks off before or after that.
 */
type Outcome = "taken" | "late" | "broken before" | "broken after";

interface Script {
  /** The leader of each partition at first, and after each time that the client asks. */
  readonly leaders: readonly (readonly number[])[];
  /** By broker, request after request; then it takes all. */
  readonly outcomes: Readonly<Record<number, readonly Outcome[]>>;
  /** How long a late request waits for the client to come again, in ms. Default: 10. */
  readonly patience?: number;
}

/** The client's own sending, and the log of each partition, which drops what it has by the numbers of records. */
function scripted({ leaders, outcomes, patience = 10 }: Script): { send: Send; log: Map<number, string[]> } {
  const log = new Map<number, string[]>();
  const sequences = new Map<number, number>();
  let asked = 0;
  const metadata = (): object[] =>
    leaders[Math.min(asked, leaders.length - 1)]!.map((leader, partitionId) => ({ partitionId, leader }));
  let current = metadata();
  const left = new Map(Object.entries(outcomes).map(([node, some]) => [node, [...some]]));
  const comings = new Map<string, () => void>();
  const comesAgain = (nodeId: string): Promise<void> =>
    new Promise((resolve) => comings.set(nodeId, resolve));
  const brokers = ["0", "1", "2"].map((nodeId) => ({
    nodeId,
    lock: new LockOf({ timeout: 10_000 }),
    async produce({ topicData }: ProduceRequest): Promise<object> {
      const outcome = left.get(nodeId)?.shift() ?? "taken";
      await (outcome === "late" ? Promise.race([comesAgain(nodeId), sleep(patience)]) : sleep(0));
      if (outcome === "broken before") throw new kafkajs.KafkaJSConnectionError("broken");
      for (const { partition, firstSequence, messages } of topicData.flatMap(
        ({ partitions }) => partitions,
      )) {
        const own = log.get(partition) ?? [];
        if (firstSequence > own.length) throw new Error("out of order");
        if (firstSequence === own.length)
          log.set(partition, [...own, ...messages.map(({ value }) => String(value))]);
      }
      if (outcome === "broken after") throw new kafkajs.KafkaJSConnectionError("broken");
      return { topics: [] };
    },
  }));
  const nothing = (): Promise<void> => Promise.resolve();
  const parts = {
    logger: { error: () => undefined, debug: () => undefined },
    partitioner: onlyKnownPartitions(),
    retrier: createRetry({ retries: 5, initialRetryTime: 1, maxRetryTime: 1 }),
    cluster: {
      addMultipleTargetTopics: nothing,
      refreshMetadataIfNecessary: nothing,
      isConnected: () => true,
      findTopicPartitionMetadata: () => current,
      findLeaderForPartitions: cluster.findLeaderForPartitions,
      findBroker: ({ nodeId }: { nodeId: string }) => Promise.resolve(brokers[Number(nodeId)]),
      refreshMetadata: () => {
        asked++;
        current = metadata();
        return nothing();
      },
    },
    eosManager: {
      acquireBrokerLock: ({ nodeId, lock }: { nodeId: string; lock: Lock }) => {
        comings.get(nodeId)?.();
        return lock.acquire();
      },
      releaseBrokerLock: ({ lock }: { lock: Lock }) => lock.release(),
      isTransactional: () => false,
      getProducerId: () => 0,
      getProducerEpoch: () => 0,
      getSequence: (_: string, partition: number) => sequences.get(partition) ?? 0,
      updateSequence: (_: string, partition: number, by: number) =>
        sequences.set(partition, (sequences.get(partition) ?? 0) + by),
    },
  };
  return { send: (topicMessages) => sendMessages(parts)({ topicMessages }), log };
}

const part = (partition: number, ...values: string[]): RequestPart => ({
  topic: "t",
  partition,
  records: values.map((value) => ({ key: null, value: Buffer.from(value), headers: [], timestamp: 0 })),
});
const request = [part(0, "a", "b"), part(1, "c")];
const whole = new Map([
  [0, ["a", "b"]],
  [1, ["c"]],
]);
/** All in one call, as the client would have it. */
const together = (parts: readonly RequestPart[], send: Send): Promise<unknown> =>
  send([{ topic: "t", messages: parts.flatMap(messagesOf) }]);

describe("a request to two brokers of which one fails", () => {
  const slow: Script = { leaders: [[0, 1]], outcomes: { 0: ["late"], 1: ["broken before"] } };
  const failover: Script = {
    leaders: [
      [0, 1],
      [0, 0],
    ],
    outcomes: { 1: ["broken before"] },
  };

  test("has what the other was still taking once, which in one call comes twice", async () => {
    const alone = scripted({ ...slow, patience: 10_000 });
    await together(request, alone.send);
    expect(alone.log.get(0)).toEqual(["a", "b", "a", "b"]);
    const ours = scripted(slow);
    await sendEach(request, ours.send);
    expect(ours.log).toEqual(whole);
  });

  test("has what comes to the other then, which in one call is left out", async () => {
    const alone = scripted(failover);
    await together(request, alone.send);
    expect(alone.log).toEqual(new Map([[0, ["a", "b"]]]));
    const ours = scripted(failover);
    await sendEach(request, ours.send);
    expect(ours.log).toEqual(whole);
  });
});

test("every record comes once, in order, or the request fails, whatever brokers and leaders do", async () => {
  const node = fc.constantFrom(0, 1, 2);
  const leaders = fc.array(fc.tuple(node, node, node), { minLength: 1, maxLength: 4 });
  const outcome = fc.constantFrom<Outcome>("taken", "late", "broken before", "broken after");
  const some = fc.array(outcome, { maxLength: 4 });
  const outcomes = fc.record({ 0: some, 1: some, 2: some });
  let whole = 0;
  await fc.assert(
    fc.asyncProperty(fc.record({ leaders, outcomes }), async (script) => {
      const { send, log } = scripted(script);
      const parts = [part(0, "a", "b"), part(1, "c"), part(2, "d", "e", "f")];
      if (
        !(await sendEach(parts, send).then(
          () => true,
          () => false,
        ))
      )
        return;
      whole++;
      expect(log).toEqual(
        new Map(parts.map((p) => [p.partition, p.records.map(({ value }) => String(value))])),
      );
    }),
    { numRuns: 100 },
  );
  expect(whole).toBeGreaterThan(50);
});

test("a part for a partition that its topic does not have fails, of which the client says nothing", async () => {
  const { send } = scripted({ leaders: [[0]], outcomes: {} });
  await expect(sendEach([part(0, "a"), part(5, "b")], send)).rejects.toMatchObject({
    code: "TOPIC_MISMATCH",
  });
});
