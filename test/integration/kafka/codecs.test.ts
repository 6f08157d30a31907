import * as zlib from "node:zlib";
import { afterEach, expect, it } from "vitest";
import { compressions } from "../../../src/adapters/kafka/options.js";
import { broker, describeWithBroker } from "../../support/broker.js";
import { testedProducers } from "../../support/tested-client.js";
import { commitOf, createTopics, leaveAll, rejection, startInstance } from "./support.js";

afterEach(leaveAll);

/** Enough that the broker's own codecs write frames of several blocks, without their sizes. */
const messages = Array.from({ length: 600 }, (_, i) => ({
  key: Buffer.from([i & 0xff, 0, 0xff]),
  value: Buffer.from(JSON.stringify({ value: Math.sin(i), text: "the same again ".repeat(15) })),
  headers: { bytes: Buffer.from([0, 1, 0xfe]) },
  timestamp: String(1_700_000_000_000 + i),
}));

async function visible(topic: string): Promise<unknown> {
  const [read] = await broker.readCommitted(topic, messages.length);
  return read!.map(({ key, value, headers, timestamp }) => ({ key, value, headers, timestamp }));
}

describeWithBroker("codecs of the Kafka client", () => {
  // A topic with a codec of its own makes the broker take each batch apart and compress it anew.
  it.each(compressions)("write %s that the broker can read", async (compression) => {
    const topic = broker.name("codec");
    const other = compression === "gzip" ? "uncompressed" : "gzip";
    await broker.createTopic(topic, { settings: { "compression.type": other } });
    const sent = messages.map((message) => ({ ...message, timestamp: Number(message.timestamp) }));
    await broker.produce(topic, 0, sent, compression);
    expect(await visible(topic)).toEqual(messages);
  });

  it.each(compressions)("read %s of the broker's", async (compression) => {
    const topic = broker.name("codec");
    const own = compression === "none" ? "uncompressed" : compression;
    await broker.createTopic(topic, { settings: { "compression.type": own } });
    const sent = messages.map((message) => ({ ...message, timestamp: Number(message.timestamp) }));
    await broker.produce(topic, 0, sent, compression === "none" ? "gzip" : "none");
    expect(await visible(topic)).toEqual(messages);
  });

  const all = testedProducers.flatMap((producerClient) =>
    compressions.map((compressionType) => ({ producerClient, compressionType })),
  );
  it.each(all)(
    "carry a commit, and the state restored from it, in $compressionType by $producerClient",
    async (how) => {
      const options = await createTopics(1, how);
      const instance = startInstance(options);
      const assignment = await instance.next();
      if (
        how.producerClient === "platformatic" &&
        how.compressionType === "zstd" &&
        !("zstdCompressSync" in zlib)
      ) {
        expect(await rejection(assignment.takeOver())).toBe("SETTING_INVALID");
        return;
      }
      await assignment.takeOver();
      const records = messages.map(({ value }, i) => ({ key: `key:${i}`, value }));
      const forecasts = messages.map(({ key, value, timestamp, headers }) => ({
        key,
        value,
        headers: Object.entries(headers).map(([name, each]) => ({ name, value: each })),
        timestamp: Number(timestamp),
      }));
      const snapshot = { offset: 1, records };
      await instance.committer.commit(assignment, commitOf({ offset: 1, forecasts, snapshot }));
      const named = { "undercurrent-application": Buffer.from(options.applicationId) };
      expect(await visible(options.topics.forecasts)).toEqual(
        messages.map((message) => ({ ...message, headers: { ...message.headers, ...named } })),
      );
      const { state } = await assignment.takeOver();
      const restored = new Map(state.map(({ key, value }) => [key, Buffer.from(value)]));
      expect(restored).toEqual(new Map(records.map(({ key, value }) => [key, value])));
    },
  );
});
