/** Where a partition begins and ends, and what is committed of it, asked of a client that has its weaknesses. */
import type { Admin } from "kafkajs";
import { expect, test } from "vitest";
import { committedPositions, partitionWatermarks } from "../../../../src/adapters/kafka/admin/topics.js";

type Asked = Pick<Admin, "fetchOffsets" | "fetchTopicOffsets" | "listTopics" | "fetchTopicMetadata">;
const answer = [{ partition: 0, offset: "7", low: "3", high: "7" }];
const admin = (parts: Partial<Asked>): Admin => parts as unknown as Admin;

test("is asked again where the client lost what it knew of the topic", async () => {
  let asked = 0;
  const forgetful = admin({
    fetchTopicOffsets: () =>
      asked++ === 0 ? Promise.reject(new TypeError("Cannot destructure property")) : Promise.resolve(answer),
    listTopics: () => Promise.resolve(["readings"]),
  });
  expect(await partitionWatermarks(forgetful, "readings")).toEqual([{ partition: 0, low: 3, high: 7 }]);
});

test("is TOPIC_MISSING where the client goes on asking for a topic that is not there", async () => {
  const patient = admin({
    fetchTopicOffsets: () => new Promise(() => undefined),
    listTopics: () => Promise.resolve(["another"]),
    fetchTopicMetadata: () => Promise.resolve({ topics: [] }),
  });
  await expect(partitionWatermarks(patient, "readings")).rejects.toMatchObject({ code: "TOPIC_MISSING" });
});

test("committed offsets are asked for again where the client lost what it knew of the topic, and are not none", async () => {
  const partitions = [
    { partition: 0, offset: "7", metadata: '{"inputId":"abc"}' },
    { partition: 1, offset: "-1", metadata: null },
  ];
  let asked = 0;
  const forgetful = admin({
    fetchOffsets: () => Promise.resolve([{ topic: "readings", partitions: asked++ === 0 ? [] : partitions }]),
  });
  expect(await committedPositions(forgetful, "pumps", "readings")).toEqual(
    new Map([[0, { offset: 7, inputId: "abc" }]]),
  );
  const lost = admin({ fetchOffsets: () => Promise.resolve([{ topic: "readings", partitions: [] }]) });
  await expect(committedPositions(lost, "pumps", "readings", 1)).rejects.toMatchObject({
    code: "BROKER_UNREACHABLE",
  });
});
