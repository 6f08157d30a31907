// The reader of record batches: the client's own results, and hostile batches that the client's reader would not bear.
import { createRequire } from "node:module";
import { gzipSync } from "node:zlib";
import { Zstd } from "@hpcc-js/wasm-zstd";
import fc from "fast-check";
import type { RecordBatchEntry } from "kafkajs";
import { compressFrameSync } from "lz4-napi";
import snappy from "snappyjs";
import { beforeAll, expect, test } from "vitest";
import { readBatch, wholeBatch } from "../../../../../src/adapters/kafka/kafkajs/batch-reader.js";
import { registerCodecs } from "../../../../../src/adapters/kafka/kafkajs/codecs.js";
import { checksumOf } from "../../../../../src/forecast/encoding/checksum.js";
import { crc32c } from "../../../../../src/adapters/kafka/kafkajs/batch-layout.js";
import { lz4UnpackedBytes } from "../../../../../src/adapters/kafka/kafkajs/lz4-frame.js";
import { readBatches } from "../../../../../src/adapters/kafka/kafkajs/patches/strict-batches.js";
import { compressions, type Compression } from "../../../../../src/adapters/kafka/options.js";
import { toInputRecord } from "../../../../../src/adapters/kafka/kafkajs/records.js";
import { codeOf } from "../../../../support/code-of.js";
import { batchOf, recordOf, signed, varint } from "../../record-batches.js";

const load = createRequire(import.meta.url);
interface Bytes {
  readonly buffer: Buffer;
}
const encodeRecord = load("kafkajs/src/protocol/recordBatch/record/v0/index.js") as (parts: object) => Bytes;
const decodeByClient = load("kafkajs/src/protocol/recordBatch/v0/decoder.js") as (
  bytes: Bytes,
) => Promise<{ readonly records: readonly object[] }>;
const Decoder = load("kafkajs/src/protocol/decoder.js") as new (buffer: Buffer) => Bytes;

registerCodecs();
let zstd: Zstd;
beforeAll(async () => void (zstd = await Zstd.load()));

const compressed = compressions.filter((each) => each !== "none");
/** As the Java client writes them: without the size of what is in it. */
function zstdStream(bytes: Buffer): Buffer<ArrayBuffer> {
  zstd.reset();
  const parts: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += 65_536)
    parts.push(zstd.compressChunk(bytes.subarray(at, at + 65_536)));
  return Buffer.concat([...parts, zstd.compressEnd()]);
}
function xerial(bytes: Buffer): Buffer<ArrayBuffer> {
  const parts: Uint8Array[] = [Buffer.from("82534e41505059000000000100000001", "hex")];
  for (let at = 0; at < bytes.length; at += 32_768) {
    const block = snappy.compress(bytes.subarray(at, at + 32_768));
    const size = Buffer.alloc(4);
    size.writeInt32BE(block.length);
    parts.push(size, block);
  }
  return Buffer.concat(parts);
}
const pack: Readonly<Record<Compression, (bytes: Buffer) => Buffer>> = {
  none: (bytes) => bytes,
  gzip: (bytes) => gzipSync(bytes),
  snappy: xerial,
  lz4: (bytes) => compressFrameSync(bytes),
  zstd: zstdStream,
};

const limit = 1_048_576;
type Message = RecordBatchEntry & { readonly isControlRecord: boolean; readonly unreadable?: string };
const read = (batch: Buffer): ReturnType<typeof readBatch> => readBatch(batch, limit);
const few = fc.uint8Array({ maxLength: 20 }).map((some) => Buffer.from(some));

test("the checksum is the one of RFC 3720", () => {
  expect(crc32c(Buffer.from("123456789")) >>> 0).toBe(0xe3069283);
  expect(crc32c(Buffer.alloc(32)) >>> 0).toBe(0x8a9136aa);
  expect(crc32c(Buffer.alloc(32, 0xff)) >>> 0).toBe(0x62a8ab43);
});

test("the checksum of long batches is that of short ones", () => {
  const inJavaScript = checksumOf(0x82f63b78);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 1000, size: "max" }), fc.nat(30), (bytes, start) => {
      expect(crc32c(bytes, start)).toBe(inJavaScript(bytes, start));
    }),
  );
});

test("a batch is read as the client reads it, in every codec", async () => {
  const record = fc.record({
    timestampDelta: fc.integer({ min: -(2 ** 40), max: 2 ** 40 }),
    key: fc.option(few),
    value: fc.option(few),
    headers: fc.dictionary(
      fc.string().filter((name) => !(name in {})),
      fc.array(few, { minLength: 1, maxLength: 4 }),
    ),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(record, { minLength: 1, maxLength: 5 }),
      fc.constantFrom(...compressions),
      fc.bigInt({ min: -1n, max: 2n ** 50n }),
      fc.nat(),
      async (sent, compression, firstTimestamp, firstOffset) => {
        const body: Buffer<ArrayBuffer> = Buffer.concat(
          sent.map((each, offsetDelta) => encodeRecord({ ...each, offsetDelta }).buffer),
        );
        const packed = pack[compression](body);
        const batch = batchOf({ body: packed, count: sent.length, compression, firstTimestamp, firstOffset });
        const { records } = await decodeByClient(new Decoder(batch));
        const seen = ({
          offset,
          timestamp,
          key,
          value,
          headers,
          isControlRecord,
        }: Record<string, unknown>) => ({
          offset,
          timestamp,
          key,
          value,
          headers,
          isControlRecord,
        });
        const ours = (await read(batch)).records as unknown as Record<string, unknown>[];
        expect(ours.map(seen)).toEqual((records as Record<string, unknown>[]).map(seen));
      },
    ),
  );
});

test("the extremes of a timestamp are those of 64 bits, and wrap as in the Java client", async () => {
  const extreme = async (firstTimestamp: bigint, delta: Buffer): Promise<string> => {
    const inner = Buffer.concat([Buffer.from([0]), delta, ...[0, -1, -1, 0].map(varint)]);
    const body = Buffer.concat([varint(inner.length), inner]);
    return (await read(batchOf({ body, count: 1, firstTimestamp }))).records[0]!.timestamp;
  };
  const lowest = Buffer.from([...new Array<number>(9).fill(0xff), 1]);
  expect(await extreme(0n, lowest)).toBe(String(-(2n ** 63n)));
  expect(await extreme(2n ** 63n - 1n, varint(0))).toBe(String(2n ** 63n - 1n));
  expect(await extreme(2n ** 63n - 1n, varint(1))).toBe(String(-(2n ** 63n)));
});

test.each(compressed)("a good batch in %s may be as large as the limit", async (compression) => {
  const body = Buffer.concat(Array.from({ length: 10 }, (_, i) => recordOf(Buffer.alloc(104_000, 97), i)));
  const { records, unpackedBytes } = await read(
    batchOf({ body: pack[compression](body), count: 10, compression }),
  );
  expect(records.map(({ value }) => value?.length)).toEqual(new Array(10).fill(104_000));
  expect(unpackedBytes).toBe(body.length + 640);
});

test("a good batch in ZSTD may unpack to any number of times its size", async () => {
  const body = recordOf(Buffer.alloc(15_000_000));
  const packed = zstdStream(body);
  expect(body.length / packed.length).toBeGreaterThan(1000);
  const { records } = await readBatch(batchOf({ body: packed, count: 1, compression: "zstd" }), 16_777_216);
  expect(records[0]!.value).toHaveLength(15_000_000);
});

test.each(compressed)(
  "a batch in %s that unpacks to more than the limit is one message",
  async (compression) => {
    const body = recordOf(Buffer.alloc(40 * limit));
    const batch = batchOf({ body: pack[compression](body), count: 3, compression, firstOffset: 40 });
    const { records } = await read(batch);
    const reason =
      /^the batch of 3 records at offsets 40 to 42 cannot be read: it unpacks to more than 1048576 bytes \(kafka.maxUnpackedBatchBytes\)$/;
    expect(records).toMatchObject([{ offset: "42", key: null, value: null }]);
    expect(records[0]!.unreadable).toMatch(reason);
    expect(toInputRecord(records[0]!).unreadable).toMatch(reason);
  },
);

test("raw Snappy, and a ZSTD frame that says its size, have the limit too", async () => {
  const body = recordOf(Buffer.alloc(4 * limit));
  for (const [compression, packed] of [
    ["snappy", snappy.compress(body)],
    ["zstd", Buffer.from(zstd.compress(body))],
  ] as const) {
    const { records } = await read(batchOf({ body: packed, count: 1, compression }));
    expect(records[0]!.unreadable).toMatch(/unpacks to more/);
  }
});

test("sizes that a frame only claims set nothing aside", async () => {
  // 2^32 - 1 bytes of Snappy; 2^56 of ZSTD.
  const claims = [
    ["snappy", Buffer.from("ffffffff0f00", "hex")],
    ["zstd", Buffer.from("28b52ffde000000000000000010100000000", "hex")],
  ] as const;
  for (const [compression, body] of claims) {
    const { records } = await read(batchOf({ body, count: 1, compression }));
    expect(records[0]!.unreadable).toBeDefined();
  }
});

test("many small records and many empty headers count as the memory that they take", async () => {
  const records = Buffer.concat(Array.from({ length: 20_000 }, (_, i) => recordOf(Buffer.alloc(0), i)));
  const headers = Buffer.concat([varint(40_000), Buffer.alloc(80_000)]);
  for (const [body, count] of [
    [records, 20_000],
    [recordOf(Buffer.alloc(0), 0, headers), 1],
  ] as const) {
    expect(body.length).toBeLessThan(limit / 4);
    const { records: read1 } = await read(batchOf({ body: gzipSync(body), count, compression: "gzip" }));
    expect(read1).toHaveLength(1);
    expect(read1[0]!.unreadable).toMatch(/unpacks to more/);
    // Uncompressed, the limits of the brokers and the fetch hold.
    expect((await read(batchOf({ body, count }))).records[0]!.unreadable).toBeUndefined();
  }
});

test("the exact size of LZ4 frames is known before they are unpacked", () => {
  const part = fc.oneof(
    fc.uint8Array({ maxLength: 400 }).map((bytes) => Buffer.from(bytes)),
    fc.nat(100_000).map((length) => Buffer.alloc(length, 7)),
  );
  fc.assert(
    fc.property(fc.array(part), fc.boolean(), fc.boolean(), (parts, contentChecksum, blockChecksums) => {
      const bytes = Buffer.concat(parts);
      const frame = compressFrameSync(bytes, { contentChecksum, blockChecksums });
      expect(lz4UnpackedBytes(frame, Infinity)).toBe(bytes.length);
    }),
  );
});

const good = Buffer.concat(Array.from({ length: 5 }, (_, i) => recordOf(Buffer.from(`{"value":${i}}`), i)));
const head = 61;

test.each<[string, Buffer, number]>([
  ["fewer records than it claims", good, 6],
  ["more records than it claims", good, 4],
  ["two thousand million records", good, 2 ** 31 - 1],
  ["a negative number of records", good, -1],
  ["no bytes", Buffer.alloc(0), 1],
  ["a negative length", Buffer.concat([varint(-5), good]), 5],
  ["a length that does not end", Buffer.alloc(100_000, 0xff), 5],
  ["a length beyond its end", Buffer.concat([varint(1000), good]), 1],
  ["two thousand million headers", recordOf(Buffer.alloc(1), 0, varint(2 ** 31 - 1)), 1],
  ["a negative number of headers", recordOf(Buffer.alloc(1), 0, varint(-1)), 1],
  ["offsets beyond its last", recordOf(Buffer.alloc(1), 1), 1],
  ["offsets before its first", recordOf(Buffer.alloc(1), -1), 1],
  ["an offset twice", Buffer.concat([recordOf(Buffer.alloc(1)), recordOf(Buffer.alloc(1))]), 2],
])("a batch with %s is one message", async (_, body, count) => {
  for (const compression of compressions) {
    const batch = batchOf({ body: pack[compression](body), count, compression, lastOffsetDelta: 0 });
    const { records } = await read(batch);
    expect(records).toMatchObject([
      { offset: "0", unreadable: expect.stringContaining("cannot be read") as string },
    ]);
  }
});

test("whatever a writer changes of a batch, all or none of its records are read, and the next batch is", async () => {
  const next = batchOf({ body: recordOf(Buffer.from("next")), count: 1, firstOffset: 5 });
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...compressions),
      fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 }),
      async (compression, changes) => {
        const batch = batchOf({ body: pack[compression](good), count: 5, compression });
        for (const [at, byte] of changes) batch[head + (at % (batch.length - head))] = byte;
        const records = (await readBatches(
          Buffer.concat([signed(batch), next]),
          limit,
        )) as unknown as Message[];
        const seen = records.filter(({ isControlRecord }) => !isControlRecord);
        expect(String(seen.at(-1)!.value)).toBe("next");
        expect([2, 6]).toContain(seen.length);
        if (seen.length === 2)
          expect(seen[0]).toMatchObject({ offset: "4", unreadable: expect.any(String) as string });
      },
    ),
    { numRuns: 500 },
  );
});

test("a batch whose checksum is wrong ends the reading: another fetch may bring the right bytes", async () => {
  const batch = batchOf({ body: good, count: 5, firstOffset: 7 });
  batch[batch.length - 1]! ^= 1;
  const error: unknown = await read(batch).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({
    code: "BATCH_DAMAGED",
    message: expect.stringContaining("offset 7") as string,
    retriable: false,
  });
  batch.writeInt32BE(0, 8);
  expect(codeOf(() => wholeBatch(batch, 0))).toBe("BATCH_DAMAGED");
});

test("the compressed batches of one fetch are read until they take the memory of one", async () => {
  const bomb = batchOf({ body: gzipSync(recordOf(Buffer.alloc(700_000))), count: 1, compression: "gzip" });
  const tooMuch = batchOf({
    body: gzipSync(recordOf(Buffer.alloc(7_000_000))),
    count: 1,
    compression: "gzip",
  });
  const plain = batchOf({ body: good, count: 5 });
  const count = async (...batches: readonly Buffer[]): Promise<number> =>
    (await readBatches(Buffer.concat(batches), limit)).length;
  expect(await count(bomb, bomb, bomb, bomb)).toBe(2);
  // Nothing of these is kept.
  expect(await count(...new Array<Buffer>(20).fill(tooMuch), plain)).toBe(25);
  expect(await count(plain, plain, plain.subarray(0, -1))).toBe(10);
});
