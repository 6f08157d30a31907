// Every configuration of examples/topics reads its records as a real broker gives them: keys, headers, tombstones, binary values.
import { expect, test } from "vitest";
import { sampleInput } from "../../../src/adapters/kafka/offline/sample.js";
import type { InputRecord } from "../../../src/pipeline/ports.js";
import { cases, expectRead } from "../../examples/topic-records.js";
import { broker, describeWithBroker } from "../../support/broker.js";
import { createTopics } from "./support.js";

const buffer = (bytes: Uint8Array | null): Buffer | null => (bytes === null ? null : Buffer.from(bytes));

describeWithBroker("the examples of topics", () => {
  test("read their records from a broker, each example a partition of one topic", async () => {
    const examples = Object.entries(cases);
    const options = await createTopics(examples.length);
    for (const [partition, [, records]] of examples.entries()) {
      const messages = records.map(([{ key, value, headers, timestamp }]) => ({
        key: buffer(key),
        value: buffer(value),
        headers: Object.fromEntries(headers.map((header) => [header.name, Buffer.from(header.value)])),
        timestamp,
      }));
      await broker.produce(options.topics.input, partition, messages);
    }
    const read = examples.map((): InputRecord[] => []);
    expect(await sampleInput(options, (partition, record) => read[partition]!.push(record))).toBe(true);
    for (const [partition, [name, records]] of examples.entries()) {
      expect(read[partition]!.length, name).toBe(records.length);
      await expectRead(
        name,
        records.map(([, expected], i) => [read[partition]![i]!, expected] as const),
      );
    }
  }, 60_000);
});
