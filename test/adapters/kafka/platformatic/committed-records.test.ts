/** Committed records of fetched batches, against kafkajs' reader and the filter of aborted transactions that is tested there. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readBatches } from "../../../../src/adapters/kafka/kafkajs/patches/strict-batches.js";
import { markAborted } from "../../../../src/adapters/kafka/kafkajs/patches/aborted-transactions.js";
import { toInputRecord } from "../../../../src/adapters/kafka/kafkajs/records.js";
import type { BatchMessage } from "../../../../src/adapters/kafka/kafkajs/batch-reader.js";
import { committedRecords } from "../../../../src/adapters/kafka/platformatic/committed-records.js";
import { batchOf, recordOf, signed, varint } from "../record-batches.js";

const limit = 1_000_000;

/** A batch of a producer: data within a transaction or without one, or the marker that ends a transaction. */
interface Written {
  readonly producer: number;
  readonly kind: "plain" | "transactional" | "commit" | "abort";
  readonly records: number;
}

const writtenArbitrary: fc.Arbitrary<Written> = fc.record({
  producer: fc.integer({ min: 1, max: 3 }),
  kind: fc.constantFrom("plain", "transactional", "transactional", "commit", "abort"),
  records: fc.integer({ min: 1, max: 4 }),
});

const [transactional, control] = [0x10, 0x20];

/** A record with a key, a value and these headers. */
function fullRecord(
  offsetDelta: number,
  key: Buffer,
  value: Buffer,
  headers: readonly [string, Buffer][],
): Buffer {
  const field = (bytes: Buffer): Buffer => Buffer.concat([varint(bytes.length), bytes]);
  const body = Buffer.concat([
    Buffer.from([0]),
    varint(0),
    varint(offsetDelta),
    field(key),
    field(value),
    varint(headers.length),
    ...headers.flatMap(([name, bytes]) => [field(Buffer.from(name)), field(bytes)]),
  ]);
  return Buffer.concat([varint(body.length), body]);
}

/** The log of what was written, and the list of aborted transactions that brokers send with it. */
function logOf(all: readonly Written[]): {
  readonly bytes: Buffer;
  readonly aborted: readonly { readonly producerId: bigint; readonly firstOffset: bigint }[];
} {
  const batches: Buffer[] = [];
  const open = new Map<number, bigint>();
  const aborted: { producerId: bigint; firstOffset: bigint }[] = [];
  let offset = 0;
  for (const { producer, kind, records } of all) {
    const isMarker = kind === "commit" || kind === "abort";
    const count = isMarker ? 1 : records;
    const body = isMarker
      ? fullRecord(0, Buffer.from([0, 0, 0, kind === "abort" ? 0 : 1]), Buffer.alloc(6), [])
      : Buffer.concat(
          Array.from({ length: count }, (_, i) =>
            fullRecord(i, Buffer.from(`k${i}`), Buffer.from(`${offset + i}`), [["h", Buffer.from("1")]]),
          ),
        );
    const batch = batchOf({ body, count, firstOffset: offset });
    const attributes = (kind === "plain" ? 0 : transactional) | (isMarker ? control : 0);
    batch.writeInt16BE(attributes, 21);
    batch.writeBigInt64BE(BigInt(producer), 43);
    batches.push(signed(batch));
    if (kind === "transactional" && !open.has(producer)) open.set(producer, BigInt(offset));
    if (isMarker) {
      const firstOffset = open.get(producer);
      if (kind === "abort" && firstOffset !== undefined) {
        aborted.push({ producerId: BigInt(producer), firstOffset });
      }
      open.delete(producer);
    }
    offset += count;
  }
  return { bytes: Buffer.concat(batches), aborted };
}

describe("committed records", () => {
  test("are those of kafkajs' reader, wherever transactions overlap and end", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(writtenArbitrary, { maxLength: 20 }), async (written) => {
        const { bytes, aborted } = logOf(written);
        const expected = (await readBatches(bytes, limit)) as BatchMessage[];
        const told = aborted.map(({ producerId, firstOffset }) => ({
          producerId: String(producerId),
          firstOffset: String(firstOffset),
        }));
        markAborted(expected, told);
        const { records, nextOffset } = await committedRecords(bytes, aborted, limit);
        expect(records).toEqual(
          expected.filter(({ isControlRecord }) => !isControlRecord).map((each) => toInputRecord(each)),
        );
        const last = expected.at(-1);
        expect(nextOffset).toBe(last === undefined ? undefined : Number(last.offset) + 1);
      }),
    );
  });

  test("keep headers in the order in which they were written, repeated names and empty values too", async () => {
    const headers: [string, Buffer][] = [
      ["b", Buffer.from("1")],
      ["a", Buffer.alloc(0)],
      ["b", Buffer.from("2")],
      ["__proto__", Buffer.from("3")],
    ];
    const body = fullRecord(0, Buffer.from("k"), Buffer.from("v"), headers);
    const { records } = await committedRecords(batchOf({ body, count: 1 }), [], limit);
    expect(records[0]!.headers.map(({ name, value }) => [name, Buffer.from(value)])).toEqual(headers);
  });

  test("leave out a batch that is cut off, and stop where the limit of unpacked bytes is reached", async () => {
    const batch = batchOf({ body: recordOf(Buffer.from("v")), count: 1, firstOffset: 7 });
    const cut = Buffer.concat([batch, batch.subarray(0, batch.length - 1)]);
    expect(await committedRecords(cut, [], limit)).toMatchObject({ nextOffset: 8 });
    expect(await committedRecords(batch.subarray(0, 10), [], limit)).toEqual({
      records: [],
      nextOffset: undefined,
    });
  });

  test("are one unreadable record for a batch that cannot be read, and an error for a damaged one", async () => {
    const unreadable = batchOf({ body: Buffer.from([1, 2, 3]), count: 5, firstOffset: 10 });
    const { records, nextOffset } = await committedRecords(unreadable, [], limit);
    expect(records).toMatchObject([{ offset: 14, key: null, value: null }]);
    expect(records[0]!.unreadable).toMatch(/5 records at offsets 10 to 14/);
    expect(nextOffset).toBe(15);
    const damaged = Buffer.from(unreadable);
    damaged[damaged.length - 1]! ^= 1;
    await expect(committedRecords(damaged, [], limit)).rejects.toMatchObject({ code: "BATCH_DAMAGED" });
  });

  test("are refused in a format before record batches, with the client that reads it", async () => {
    const old = batchOf({ body: recordOf(Buffer.from("v")), count: 1 });
    old.writeInt8(1, 16);
    await expect(committedRecords(old, [], limit)).rejects.toMatchObject({
      code: "BATCH_DAMAGED",
      message: expect.stringContaining("kafkajs") as string,
    });
  });
});
