/** The layout of a record batch (KIP-98, version 2 of the format) and its checksum, for those who read and write it. */
import { crc32c as ofProcessor } from "@node-rs/crc32";
import { checksumOf } from "../../../forecast/encoding/checksum.js";

/** Positions in a batch, in bytes. */
export const batchAt = {
  length: 8,
  magic: 16,
  crc: 17,
  attributes: 21,
  lastOffsetDelta: 23,
  firstTimestamp: 27,
  maxTimestamp: 35,
  producerId: 43,
  producerEpoch: 51,
  firstSequence: 53,
  count: 57,
  records: 61,
} as const;
/** Bytes of the offset and the length, which the length field does not count. */
export const lengthEnd = 12;
/** The version that record batches have in their byte `magic`. */
export const recordBatchMagic = 2;
/** Bits of a batch's attributes. */
export const attributeBits = { codec: 0x07, appendTime: 0x08, transactional: 0x10, control: 0x20 } as const;

const inJavaScript = checksumOf(0x82f63b78);
/** Bytes from which on the processor's own instruction is worth the call. */
const longBatch = 400;

/** Returns CRC-32C (RFC 3720, appendix B.4) of the bytes from `start` on, as a signed 32-bit integer. */
export function crc32c(bytes: Uint8Array, start = 0): number {
  return bytes.length < longBatch ? inJavaScript(bytes, start) : ofProcessor(bytes.subarray(start)) | 0;
}
