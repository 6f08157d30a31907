// What writes for an input partition, with either client on a real broker: what becomes of a commit that fails, of a
// right that is taken away, and of the connections.
import { afterEach, describe, expect, it } from "vitest";
import type { KafkaOptions } from "../../../src/adapters/kafka/options.js";
import type { TopicWrite } from "../../../src/adapters/kafka/producer/split.js";
import { openWriter, type TransactionalWriter } from "../../../src/adapters/kafka/producer/writer.js";
import { broker, describeWithBroker } from "../../support/broker.js";
import { apiKeys, startBrokerProxy, type BrokerProxy, type SeenRequest } from "../../support/broker-proxy.js";
import { testedProducers } from "../../support/tested-client.js";
import { createTopics, never, record, rejection } from "./support.js";

const proxies: BrokerProxy[] = [];
const writers: TransactionalWriter[] = [];

afterEach(async () => {
  await Promise.all(writers.splice(0).map((writer) => writer.close()));
  await Promise.all(proxies.splice(0).map((proxy) => proxy.close()));
});

async function open(options: KafkaOptions): Promise<TransactionalWriter> {
  const writer = await openWriter(options, 0);
  writers.push(writer);
  return writer;
}

async function proxied(seen?: (request: SeenRequest) => void): Promise<BrokerProxy> {
  const proxy = await startBrokerProxy(broker.brokers[0]!, seen);
  proxies.push(proxy);
  return proxy;
}

/** A batch takes one of these and no two; and none of `tooLarge`. */
const maxBatchBytes = 1000;
const one = (value: string) => record("k", value.padEnd(700));
const tooLarge = record("k", "x".repeat(maxBatchBytes));

const held = { revoked: never };

function forecasts({ topics }: KafkaOptions, records: TopicWrite["records"]): TopicWrite {
  return { topic: topics.forecasts, partition: 0, records };
}

async function durable({ applicationId, topics }: KafkaOptions, atLeast = 0): Promise<[string[], number]> {
  const [records] = await broker.readCommitted(topics.forecasts, atLeast);
  const values = records!.map(({ value }) => value!.toString().trimEnd());
  return [values, await broker.committedOffset(applicationId, topics.input, 0)];
}

describeWithBroker("a writer", () => {
  describe.each(testedProducers)("of %s", (producer) => {
    it("is used up after a commit that failed, also where the brokers would take the next", async () => {
      const options = await createTopics(1, { producerClient: producer, maxBatchBytes });
      const writer = await open(options);
      const writes = [forecasts(options, [one("1")])];
      await writer.commit(writes, 1, held);
      expect(await rejection(writer.commit([forecasts(options, [tooLarge])], 2, held))).toBe(
        "RECORD_TOO_LARGE",
      );
      expect(await rejection(writer.commit(writes, 2, held))).toBe("COMMIT_UNCERTAIN");
      await (await open(options)).commit([forecasts(options, [one("2")])], 2, held);
      expect(await durable(options, 2)).toEqual([["1", "2"], 2]);
    });

    it("takes nothing once it is closed", async () => {
      const options = await createTopics(1, { producerClient: producer });
      const writer = await openWriter(options, 0);
      await writer.close();
      const writes = [forecasts(options, [record("k", "1")])];
      expect(await rejection(writer.commit(writes, 1, held))).toBe("COMMIT_UNCERTAIN");
      expect(await durable(options)).toEqual([[], -1]);
    });

    it("keeps no reader waiting for what it began and could not end", async () => {
      const options = await createTopics(1, { producerClient: producer, maxBatchBytes });
      const writer = await open(options);
      const writes = [forecasts(options, [one("never"), tooLarge])];
      expect(await rejection(writer.commit(writes, 1, held))).toBe("RECORD_TOO_LARGE");
      await broker.produce(options.topics.forecasts, 0, [{ key: "k", value: "somebody else's" }]);
      expect(await durable(options, 1)).toEqual([["somebody else's"], -1]);
    }, 20_000);

    it("writes nothing for whom the right has been taken away already", async () => {
      const options = await createTopics(1, { producerClient: producer });
      const writer = await open(options);
      const writes = [forecasts(options, [record("k", "1")])];
      const right = { revoked: AbortSignal.abort() };
      expect(await rejection(writer.commit(writes, 1, right))).toBe("FENCED");
      expect(await durable(options)).toEqual([[], -1]);
    });

    it("sends no more when the right is taken away between two requests, and nothing lands", async () => {
      const right = new AbortController();
      const values = ["first", "second", "third", "fourth"];
      const sent = new Set<string>();
      const proxy = await proxied(({ key, frame }) => {
        if (key !== apiKeys.produce) return;
        values.filter((value) => frame.includes(value)).forEach((value) => sent.add(value));
        if (sent.has("second")) right.abort();
      });
      const options = await createTopics(1, {
        producerClient: producer,
        maxBatchBytes,
        bootstrapServers: [proxy.address],
      });
      const writer = await open(options);
      const writes = [forecasts(options, values.map(one))];
      expect(await rejection(writer.commit(writes, 4, { revoked: right.signal }))).toBe("FENCED");
      expect([...sent]).toEqual(["first", "second"]);
      expect(await durable(options)).toEqual([[], -1]);
    });

    it("lands nothing when the right is taken away after the last request", async () => {
      const right = new AbortController();
      const proxy = await proxied(({ key }) => {
        if (key === apiKeys.txnOffsetCommit) right.abort();
      });
      const options = await createTopics(1, { producerClient: producer, bootstrapServers: [proxy.address] });
      const writer = await open(options);
      const writes = [forecasts(options, [record("k", "1")])];
      expect(await rejection(writer.commit(writes, 1, { revoked: right.signal }))).toBe("FENCED");
      expect(await durable(options)).toEqual([[], -1]);
    });

    it("says which setting is wrong where transactions may not take so long", async () => {
      const options = await createTopics(1, { producerClient: producer, transactionTimeoutMs: 86_400_000 });
      await expect(openWriter(options, 0)).rejects.toMatchObject({
        code: "SETTING_INVALID",
        message: expect.stringContaining("kafka.transactionTimeoutMs") as string,
        cause: expect.any(Error) as Error,
      });
    });

    it("leaves no connection behind, whether it was opened or refused", async () => {
      const proxy = await proxied();
      const options = await createTopics(1, { producerClient: producer, bootstrapServers: [proxy.address] });
      const writer = await openWriter(options, 0);
      await writer.commit([forecasts(options, [record("k", "1")])], 1, held);
      expect(proxy.connections).toBeGreaterThan(0);
      await writer.close();
      await expect.poll(() => proxy.connections, { timeout: 10_000 }).toBe(0);
      await rejection(openWriter({ ...options, transactionTimeoutMs: 86_400_000 }, 0));
      await expect.poll(() => proxy.connections, { timeout: 10_000 }).toBe(0);
    });

    it("sends what it was told to compress in a fraction of the bytes", async () => {
      let bytes = 0;
      const proxy = await proxied(({ key, frame }) => {
        if (key === apiKeys.produce) bytes += frame.length;
      });
      const text = "the same again ".repeat(1000);
      const plain = await createTopics(1, { producerClient: producer, bootstrapServers: [proxy.address] });
      await (await open(plain)).commit([forecasts(plain, [record("k", text)])], 1, held);
      expect(bytes).toBeGreaterThan(text.length);
      bytes = 0;
      const options = { ...plain, compressionType: "gzip" } as const;
      await (await open(options)).commit([forecasts(options, [record("k", text)])], 2, held);
      // A request may be sent more than once.
      expect(bytes).toBeLessThan(text.length / 2);
    });

    it("asks to add partitions as a client does, not as the brokers do among each other", async () => {
      const versions = new Set<number>();
      const proxy = await proxied(({ key, version }) => {
        if (key === apiKeys.addPartitionsToTxn) versions.add(version);
      });
      const options = await createTopics(1, { producerClient: producer, bootstrapServers: [proxy.address] });
      await (await open(options)).commit([forecasts(options, [record("k", "1")])], 1, held);
      expect(versions.size).toBe(1);
      expect(Math.max(...versions)).toBeLessThan(4);
    });
  });
});
