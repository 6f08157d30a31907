// Record batches as a writer may make them, byte by byte.
import { crc32c } from "../../../src/adapters/kafka/kafkajs/batch-layout.js";
import { compressionTypes } from "../../../src/adapters/kafka/kafkajs/codecs.js";
import type { Compression } from "../../../src/adapters/kafka/options.js";

export interface BatchParts {
  /** The records' bytes, compressed already. */
  readonly body: Buffer;
  readonly count: number;
  readonly compression?: Compression;
  readonly firstOffset?: number;
  readonly lastOffsetDelta?: number;
  readonly firstTimestamp?: bigint;
}

const headBytes = 61;

/** A batch with the right checksum, whatever is in it. */
export function batchOf({
  body,
  count,
  compression = "none",
  firstOffset = 0,
  lastOffsetDelta = count - 1,
  firstTimestamp = 0n,
}: BatchParts): Buffer {
  const batch = Buffer.concat([Buffer.alloc(headBytes), body]);
  batch.writeBigInt64BE(BigInt(firstOffset), 0);
  batch.writeInt32BE(batch.length - 12, 8);
  batch.writeInt8(2, 16);
  batch.writeInt16BE(compressionTypes[compression], 21);
  batch.writeInt32BE(lastOffsetDelta, 23);
  batch.writeBigInt64BE(firstTimestamp, 27);
  batch.writeBigInt64BE(firstTimestamp, 35);
  batch.writeBigInt64BE(-1n, 43);
  batch.writeInt16BE(-1, 51);
  batch.writeInt32BE(-1, 53);
  batch.writeInt32BE(count, 57);
  return signed(batch);
}

/** The batch with its checksum made right. */
export function signed(batch: Buffer): Buffer {
  batch.writeInt32BE(crc32c(batch, 21), 17);
  return batch;
}

/** A number as the format writes it, of up to 53 bits. */
export function varint(value: number): Buffer {
  const bytes: number[] = [];
  let left = value < 0 ? -2 * value - 1 : 2 * value;
  for (; left >= 0x80; left = Math.floor(left / 0x80)) bytes.push((left % 0x80) | 0x80);
  return Buffer.from([...bytes, left]);
}

/** A record with a key, a value and no headers. */
export function recordOf(value: Buffer, offsetDelta = 0, headers: Buffer = varint(0)): Buffer {
  const key = Buffer.from("k");
  const parts = [
    Buffer.from([0]),
    varint(0),
    varint(offsetDelta),
    varint(key.length),
    key,
    varint(value.length),
    value,
    headers,
  ];
  const body = Buffer.concat(parts);
  return Buffer.concat([varint(body.length), body]);
}
