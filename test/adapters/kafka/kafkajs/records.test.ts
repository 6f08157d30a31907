/** Headers as the client's own decoder hands them over, whatever a producer named them. */
import { createRequire } from "node:module";
import fc from "fast-check";
import type { KafkaMessage } from "kafkajs";
import { expect, test } from "vitest";
import { readBatch } from "../../../../src/adapters/kafka/kafkajs/batch-reader.js";
import { batchOf } from "../record-batches.js";
import { toInputRecord } from "../../../../src/adapters/kafka/kafkajs/records.js";
import type { RecordHeader } from "../../../../src/pipeline/ports.js";

// An inner file of the client, which has no public way from headers to bytes.
const encode = createRequire(import.meta.url)("kafkajs/src/protocol/recordBatch/record/v0/index.js") as (
  record: object,
) => { readonly buffer: Buffer };

/** The headers of a record that went over the wire. */
async function received(headers: ReadonlyMap<string, readonly Buffer[]>): Promise<readonly RecordHeader[]> {
  const named = Object.create(null) as Record<string, readonly Buffer[]>;
  for (const [name, values] of headers) named[name] = values;
  const { buffer } = encode({ offsetDelta: 0, key: null, value: null, headers: named });
  const { records } = await readBatch(batchOf({ body: buffer, count: 1 }), Infinity);
  return toInputRecord(records[0]!).headers;
}

/** In the order of their names: the order among different ones is lost in the client. */
const sorted = (headers: readonly RecordHeader[]): (readonly [string, string])[] =>
  headers
    .map(({ name, value }) => [name, Buffer.from(value).toString("hex")] as const)
    .toSorted(([a], [b]) => (a < b ? -1 : Number(a > b)));

test("headers come as they were sent, also where their names are those of what every object inherits", async () => {
  const names = fc.oneof(
    fc.constantFrom(...Object.getOwnPropertyNames(Object.prototype)),
    fc.string({ unit: "grapheme" }),
  );
  const values = fc.array(
    fc.uint8Array({ maxLength: 8 }).map((bytes) => Buffer.from(bytes)),
    { minLength: 1, maxLength: 3 },
  );
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(fc.tuple(names, values), { selector: ([name]) => name }),
      async (pairs) => {
        const headers = new Map(pairs);
        const sent = pairs.flatMap(([name, all]) => all.map((value) => ({ name, value })));
        expect(sorted(await received(headers))).toEqual(sorted(sent));
      },
    ),
  );
});

test("records have what the client's messages have: bytes as they are, offsets and times as numbers", () => {
  const headers = { text: "é", nothing: undefined, many: [Buffer.from("1"), "2"] };
  const usual = { timestamp: "-1", key: null, value: null, attributes: 0 };
  const message = (offset: string, rest: object): KafkaMessage =>
    Object.assign({} as KafkaMessage, { offset }, usual, rest);
  const [key, value] = [Buffer.from("k"), Buffer.from("v")];
  const [first, second, third] = [
    message("9007199254740991", { key, value, timestamp: "1700000000123", headers }),
    message("1", { headers: {} }),
    message("2", {}),
  ].map(toInputRecord);
  expect(first).toMatchObject({ offset: Number.MAX_SAFE_INTEGER, timestamp: 1_700_000_000_123 });
  expect(first!.key).toBe(key);
  expect(first!.value).toBe(value);
  const told = first!.headers.map(({ name, value: bytes }) => [name, Buffer.from(bytes).toString()]);
  expect(told).toEqual([
    ["text", "é"],
    ["nothing", ""],
    ["many", "1"],
    ["many", "2"],
  ]);
  expect(second).toEqual({ offset: 1, timestamp: -1, key: null, value: null, headers: [] });
  // Without headers there is one empty list for all: it costs nothing for each record.
  expect(third!.headers).toBe(second!.headers);
});
