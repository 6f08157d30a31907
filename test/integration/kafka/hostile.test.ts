// One record that a broker takes can neither stop a partition nor throw its member out of the group.
import { connect } from "node:net";
import { gzipSync } from "node:zlib";
import { Zstd } from "@hpcc-js/wasm-zstd";
import { Producer } from "@platformatic/kafka";
import type { IHeaders } from "kafkajs";
import { compressFrameSync } from "lz4-napi";
import { afterEach, expect, it } from "vitest";
import { batchOf, recordOf } from "../../adapters/kafka/record-batches.js";
import { broker, describeWithBroker } from "../../support/broker.js";
import type { TestMessage } from "../../support/broker-client.js";
import { testedProducers } from "../../support/tested-client.js";
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

/** Sends one batch as it is; the test's client would make one of its own. */
async function sendBatch(topic: string, batch: Buffer): Promise<void> {
  const socket = connect(Number(broker.brokers[0]!.split(":")[1]), "127.0.0.1");
  const text = (name: string): Buffer => Buffer.concat([Buffer.from([0, name.length]), Buffer.from(name)]);
  const int = (value: number): Buffer => Buffer.from(Int32Array.of(value).buffer).swap32();
  // A produce request of version 7, the first that takes ZSTD: one topic, its partition 0, for all replicas, within 60 s.
  const body = Buffer.concat([
    Buffer.from([0, 0, 0, 7]),
    int(1),
    text("test"),
    Buffer.from([0xff, 0xff, 0xff, 0xff]),
    int(60_000),
    int(1),
    text(topic),
    int(1),
    int(0),
    int(batch.length),
    batch,
  ]);
  socket.write(Buffer.concat([int(body.length), body]));
  const answer: Buffer[] = [];
  // Size, correlation, topics, name, partitions, partition, and the error.
  const errorAt = 4 + 4 + 4 + 2 + topic.length + 4 + 4;
  for await (const part of socket) {
    answer.push(part as Buffer);
    if (Buffer.concat(answer).length >= errorAt + 2) break;
  }
  socket.destroy();
  expect(Buffer.concat(answer).readInt16BE(errorAt)).toBe(0);
}

/** A batch below a megabyte of so many records, which unpack to 128 MiB and more. */
async function bomb(compression: "gzip" | "lz4" | "zstd", records: number): Promise<Buffer> {
  const body = Buffer.concat(
    Array.from({ length: records }, (_, i) =>
      recordOf(Buffer.alloc((compression === "lz4" ? 2 ** 27 : 2 ** 28) / records), i),
    ),
  );
  const packed = {
    gzip: () => gzipSync(body),
    lz4: () => compressFrameSync(body),
    zstd: async () => Buffer.from((await Zstd.load()).compress(body)),
  }[compression]();
  return batchOf({ body: await packed, count: records, compression });
}

describeWithBroker("a batch that unpacks to more than the limit", () => {
  it.each(["gzip", "zstd", "lz4"] as const)(
    "in %s becomes one dead letter, also to a successor, and what follows is forecast",
    async (compression) => {
      const options = await createTopics(1, { maxUnpackedBatchBytes: 2 ** 20 });
      const { input, forecasts, deadLetters } = options.topics;
      await broker.produce(input, 0, [reading()]);
      const batch = await bomb(compression, compression === "lz4" ? 1 : 4);
      expect(batch.length).toBeLessThan(1_048_576);
      await sendBatch(input, batch);
      await broker.produce(input, 0, [reading({ value: '{"value":2}' })]);
      const [end] = await broker.admin((admin) => admin.fetchTopicOffsets(input));
      const high = Number(end!.high);
      await runTo(options, high, { forecaster: { hidden: 4 } });
      await broker.produce(input, 0, [reading({ value: '{"value":3}' })]);
      await runTo(options, high + 1, { forecaster: { hidden: 4 } });
      const [written] = await broker.readCommitted(forecasts, 3);
      expect(written!.map(({ value }) => (JSON.parse(String(value)) as { value: number }).value)).toEqual([
        1, 2, 3,
      ]);
      const [letters] = await broker.readCommitted(deadLetters!, 1);
      expect(letters).toHaveLength(1);
      const told = Object.entries(letters![0]!.headers!).map(([name, value]) => [name, String(value)]);
      expect(Object.fromEntries(told)).toMatchObject({
        "undercurrent-code": "BATCH_UNREADABLE",
        "undercurrent-offset": String(high - 2),
        "undercurrent-reason": expect.stringContaining(`at offsets 1 to ${high - 2}`) as string,
      });
    },
    120_000,
  );
});

describeWithBroker.each(testedProducers)("a record of a hostile sender, written on by %s", (producer) => {
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
