/** Produce requests are those of the client, byte for byte, and our own reader reads them. */
import { createRequire } from "node:module";
import fc from "fast-check";
import type { Message } from "kafkajs";
import { expect, test } from "vitest";
import { readBatch } from "../../../../../src/adapters/kafka/kafkajs/batch-reader.js";
import { writeBatch } from "../../../../../src/adapters/kafka/kafkajs/batch-writer.js";
import { registerCodecs } from "../../../../../src/adapters/kafka/kafkajs/codecs.js";
import { encodeProduce } from "../../../../../src/adapters/kafka/kafkajs/patches/produce-requests.js";

registerCodecs();
// The client's own, whether or not the patch was applied before.
const require = createRequire(import.meta.url);
const path = require.resolve("kafkajs/src/protocol/requests/produce/v3/request.js");
Reflect.deleteProperty(require.cache, path);
const clientRequest = require(path) as (data: object) => {
  readonly encode: () => Promise<{ readonly buffer: Buffer }>;
};

const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 40 }).map((some) => Buffer.from(some)),
  fc.integer({ min: 100, max: 20_000 }).map((size) => Buffer.alloc(size, 7)),
);
const field = fc.oneof(bytes, fc.constant(null), fc.string({ unit: "grapheme", maxLength: 70 }));
const headers = fc.dictionary(
  fc.string({ unit: "grapheme", maxLength: 10 }),
  fc.oneof(bytes, fc.string(), fc.array(bytes, { maxLength: 3 })),
  { noNullPrototype: false },
);
/** The client sorts timestamps as texts: of one length, and the first one the least. */
const times = fc
  .array(fc.oneof(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 0, max: 8e12 })), {
    minLength: 1,
    maxLength: 40,
  })
  .map((deltas) => deltas.map((delta, i) => String(1_700_000_000_000 + (i === 0 ? 0 : delta))));
const messages = times.chain((all) =>
  fc
    .tuple(
      ...all.map((timestamp) =>
        fc.record({ key: field, value: field, headers, timestamp: fc.constant(timestamp) }),
      ),
    )
    .map((some) =>
      some.map(({ headers: named, ...rest }, i): Message =>
        i % 3 === 0 ? rest : { ...rest, headers: named },
      ),
    ),
);
const requests = fc.record({
  acks: fc.constantFrom(-1, 1),
  timeout: fc.nat(),
  transactionalId: fc.option(fc.string({ minLength: 1 })),
  producerId: fc.bigInt({ min: -1n, max: 2n ** 62n }).map(String),
  producerEpoch: fc.integer({ min: 0, max: 32_767 }),
  compression: fc.constantFrom(0, 1, 3),
  topicData: fc.array(
    fc.record({
      topic: fc.string({ minLength: 1, maxLength: 20 }),
      partitions: fc.array(
        fc.record({ partition: fc.nat(100), firstSequence: fc.integer({ min: 0 }), messages }),
        { maxLength: 2 },
      ),
    }),
    { maxLength: 2 },
  ),
});

test("are the client's own, byte for byte", async () => {
  await fc.assert(
    fc.asyncProperty(requests, async (data) => {
      const [own, theirs] = await Promise.all([encodeProduce(data), clientRequest(data).encode()]);
      expect((own as unknown as { readonly buffer: Buffer }).buffer.equals(theirs.buffer)).toBe(true);
    }),
    { numRuns: 150 },
  );
});

test("have batches that readers take, also with timestamps that fall or are not given", async () => {
  const some: Message[] = [
    { key: null, value: Buffer.from("a"), timestamp: "1700000000000" },
    { key: Buffer.from("k"), value: null, timestamp: "5" },
    { value: "é", timestamp: "9007199254740000" },
    { value: "", headers: { h: ["1", Buffer.from("2")], none: undefined } },
  ];
  const origin = { producerId: 7n, producerEpoch: 3, firstSequence: 9, isTransactional: true };
  const batch = await writeBatch(some, { type: 0 }, origin, 1_700_000_000_500);
  const { records, ...context } = await readBatch(batch, Infinity);
  expect(context).toMatchObject({ producerId: "7", inTransaction: true, lastOffsetDelta: 3 });
  expect(context).toMatchObject({ firstTimestamp: "1700000000000", maxTimestamp: "9007199254740000" });
  expect(records.map(({ timestamp }) => timestamp)).toEqual([
    ...["1700000000000", "5", "9007199254740000", "1700000000500"],
  ]);
  expect(records.map(({ key, value }) => [key?.toString(), value?.toString()])).toEqual([
    [undefined, "a"],
    ["k", undefined],
    [undefined, "é"],
    [undefined, ""],
  ]);
  expect(Object.entries(records[3]!.headers)).toHaveLength(2);
});
