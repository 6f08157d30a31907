import { expect, it } from "vitest";
import { compressions } from "../../../src/adapters/kafka/options.js";
import { broker, describeWithBroker } from "../../support/broker.js";

describeWithBroker("codecs of the Kafka client", () => {
  it.each(compressions)("writes %s that it reads back byte for byte", async (compression) => {
    const topic = broker.name("codec");
    await broker.createTopic(topic);
    const messages = Array.from({ length: 500 }, (_, i) => ({
      key: Buffer.from([i & 0xff, 0, 0xff]),
      value: Buffer.from(JSON.stringify({ value: Math.sin(i), text: "the same again ".repeat(20) })),
      headers: { bytes: Buffer.from([0, 1, 0xfe]) },
      timestamp: 1_700_000_000_000 + i,
    }));
    await broker.produce(topic, 0, messages, compression);
    const [read] = await broker.readCommitted(topic);
    expect(read).toHaveLength(messages.length);
    for (const [i, { key, value, headers, timestamp }] of read!.entries()) {
      expect(key).toEqual(messages[i]!.key);
      expect(value).toEqual(messages[i]!.value);
      expect(headers?.["bytes"]).toEqual(messages[i]!.headers.bytes);
      expect(Number(timestamp)).toBe(messages[i]!.timestamp);
    }
  });
});
