/** Responses to fetch requests, as brokers write them. */
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  readFetchResponse,
  type FetchedPartition,
} from "../../../../src/adapters/kafka/platformatic/fetch-response.js";

const int16 = (value: number): Buffer => {
  const bytes = Buffer.alloc(2);
  bytes.writeInt16BE(value);
  return bytes;
};
const int32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
};
const int64 = (value: bigint): Buffer => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(value);
  return bytes;
};

/** Fetch response, version 11: one topic for each partition, as a broker may answer. */
function encode(errorCode: number, partitions: readonly FetchedPartition[]): Buffer {
  return Buffer.concat([
    int32(7),
    int16(errorCode),
    int32(0),
    int32(partitions.length),
    ...partitions.flatMap((each) => [
      int16(Buffer.byteLength(each.topic)),
      Buffer.from(each.topic),
      int32(1),
      int32(each.partition),
      int16(each.errorCode),
      int64(BigInt(each.highWatermark)),
      int64(-1n),
      int64(0n),
      int32(each.aborted.length === 0 ? -1 : each.aborted.length),
      ...each.aborted.flatMap(({ producerId, firstOffset }) => [int64(producerId), int64(firstOffset)]),
      int32(each.preferredReplica),
      int32(each.batches.length === 0 ? -1 : each.batches.length),
      each.batches,
    ]),
  ]);
}

const int64Arbitrary = fc.bigInt({ min: 0n, max: 2n ** 52n });
const partitionArbitrary: fc.Arbitrary<FetchedPartition> = fc.record({
  topic: fc.string({ unit: "grapheme", minLength: 1, maxLength: 20 }),
  partition: fc.nat(),
  errorCode: fc.integer({ min: -1, max: 120 }),
  highWatermark: fc.nat(),
  aborted: fc.array(fc.record({ producerId: int64Arbitrary, firstOffset: int64Arbitrary }), { maxLength: 3 }),
  preferredReplica: fc.integer({ min: -1, max: 5 }),
  batches: fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
});

test("a response is read as it was written, and leaves nothing over", () => {
  fc.assert(
    fc.property(fc.array(partitionArbitrary, { maxLength: 5 }), fc.nat(100), (partitions, errorCode) => {
      expect(readFetchResponse(encode(errorCode, partitions))).toEqual({ errorCode, partitions });
    }),
  );
});

test("a response that is cut off is an error, and no smaller response", () => {
  const partition: FetchedPartition = {
    topic: "readings",
    partition: 3,
    errorCode: 0,
    highWatermark: 9,
    aborted: [{ producerId: 1n, firstOffset: 2n }],
    preferredReplica: -1,
    batches: Buffer.alloc(0),
  };
  const whole = encode(0, [partition]);
  for (let length = 0; length < whole.length; length++) {
    expect(() => readFetchResponse(whole.subarray(0, length))).toThrow(RangeError);
  }
});
