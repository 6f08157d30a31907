// One record that a broker takes can neither stop a partition nor throw its member out of the group.
import { Producer } from "@platformatic/kafka";
import type { IHeaders } from "kafkajs";
import { afterEach, expect, it } from "vitest";
import { producerKinds } from "../../../src/adapters/kafka/options.js";
import { broker, describeWithBroker } from "../../support/broker.js";
import type { TestMessage } from "../../support/broker-client.js";
import { createTopics, leaveAll, runTo } from "./support.js";

afterEach(leaveAll);

const reading = (rest: Partial<TestMessage> = {}): TestMessage => ({
  key: "k",
  value: '{"value":1}',
  ...rest,
});
const emptyHeaders = (count: number, nameOf: (index: number) => string): IHeaders => {
  const headers = Object.create(null) as Record<string, Buffer[]>;
  for (let i = 0; i < count; i++) (headers[nameOf(i)] ??= []).push(Buffer.alloc(0));
  return headers;
};

describeWithBroker.each(producerKinds)("a record of a hostile sender, written on by %s", (producer) => {
  it.each([
    ["200,000 headers of few names", reading({ headers: emptyHeaders(200_000, (i) => String(i % 10)) }), 1],
    [
      "100,000 headers of different names",
      reading({ headers: emptyHeaders(100_000, (i) => i.toString(36)) }),
      1,
    ],
    ["80,000 headers named __proto__", reading({ headers: emptyHeaders(80_000, () => "__proto__") }), 1],
    ["a key of 900 KB", reading({ key: "x".repeat(900_000) }), 0],
    ["a value of 900 KB", reading({ value: `{"value":${"[".repeat(900_000)}` }), 0],
  ])(
    "with %s is committed, and so is what follows",
    async (_, hostile, forecast) => {
      const options = await createTopics(1, { producerClient: producer, sessionTimeoutMs: 6000 });
      const { input, forecasts, deadLetters } = options.topics;
      await broker.produce(input, 0, [reading(), hostile, reading()]);
      await runTo(options, 3, { forecaster: { hidden: 4 } });
      const [written] = await broker.readCommitted(forecasts, 2 + forecast);
      expect(written).toHaveLength(2 + forecast);
      const [letters] = await broker.readCommitted(deadLetters!, 1 - forecast);
      expect(letters).toHaveLength(1 - forecast);
    },
    60_000,
  );

  it("in a compressed batch of 150,000 is committed with all others", async () => {
    const options = await createTopics(1, { producerClient: producer });
    const { input, deadLetters } = options.topics;
    // Not kafkajs: that groups the records of a request in quadratic time.
    const sender = new Producer({
      clientId: "sender",
      bootstrapBrokers: [...options.bootstrapServers],
      compression: "gzip",
    });
    const value = Buffer.alloc(0);
    await sender.send({
      messages: Array.from({ length: 150_000 }, () => ({ topic: input, partition: 0, value })),
    });
    await sender.close();
    await runTo(options, 150_000, { forecaster: { hidden: 4 } });
    expect(await broker.committedOffset(options.applicationId, input, 0)).toBe(150_000);
    const [end] = await broker.admin((admin) => admin.fetchTopicOffsets(deadLetters!));
    expect(Number(end!.high)).toBeGreaterThanOrEqual(150_000);
  }, 180_000);
});
