/** An offset that a follower does not have: the leader is asked before the offset counts as gone. */
import { createRequire } from "node:module";
import { expect, test } from "vitest";
import {
  patchFollowerOffsets,
  type ConsumerGroup,
} from "../../../../../src/adapters/kafka/kafkajs/patches/follower-offsets.js";

patchFollowerOffsets();
const require = createRequire(import.meta.url);
const { prototype } = require("kafkajs/src/consumer/consumerGroup") as { readonly prototype: ConsumerGroup };

test("a fetch that a follower refuses goes to the leader, and only the leader's refusal resets the offset", async () => {
  const resets: unknown[] = [];
  const replicas: Record<number, unknown> = { 3: { nodeId: 2, expireAt: 0 }, 4: { nodeId: 2, expireAt: 0 } };
  const group = Object.assign(Object.create(prototype) as ConsumerGroup, {
    preferredReadReplicasPerTopicPartition: { input: replicas },
    logger: { error: () => undefined, info: () => undefined },
    offsetManager: { setDefaultOffset: (where: unknown) => resets.push(where) },
  });
  const refused = { topic: "input", partition: 3 };
  await group.recoverFromOffsetOutOfRange(refused);
  expect([replicas, resets]).toEqual([{ 4: { nodeId: 2, expireAt: 0 } }, []]);
  await group.recoverFromOffsetOutOfRange(refused);
  await group.recoverFromOffsetOutOfRange({ topic: "other", partition: 0 });
  expect(resets).toEqual([refused, { topic: "other", partition: 0 }]);
});
