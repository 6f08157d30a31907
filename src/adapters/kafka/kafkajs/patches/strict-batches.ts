/**
 * Replaces the client's reader of fetched batches. The client's own
 *
 * - unpacks compressed batches of any size: a batch of 1 MiB can exhaust the memory;
 * - fails the whole fetch where a batch cannot be read, and asks for the same again, for ever;
 * - copies the object of all headers so far for each header: 20,000 headers of one record took two minutes;
 * - hands all records of a batch to one call as arguments, which ends it from about 120,000 records on;
 * - checks no checksum.
 */
import { readBatch, wholeBatch, type Unpack } from "../batch-reader.js";
import { unpackedLimit } from "../unpacking.js";
import type { FetchedRecord } from "./aborted-transactions.js";
import { withLastOffset } from "./emptied-batches.js";
import { replaceExport } from "./patch-module.js";

interface Bytes {
  readonly buffer: Buffer;
  readonly offset: number;
  readInt32(): number;
  canReadBytes(count: number): boolean;
  readBytes(count: number): Buffer;
}

type DecodeMessages = (bytes: Bytes) => Promise<unknown[]>;
type FindCodec = (
  attributes: number,
) => { readonly decompress: (packed: Buffer) => Promise<Buffer> } | null | undefined;

/** The place of the format's version in a batch, and the version that record batches have. */
const magicOffset = 16;
const recordBatchMagic = 2;

/**
 * Reads the whole batches of a fetch's answer for one partition. The last may be cut off by the fetch's limit of bytes.
 * Compressed ones are read until they take as much memory as one may; the next fetch brings what is left out.
 */
export async function readBatches(bytes: Buffer, unpack: Unpack): Promise<FetchedRecord[]> {
  const records: FetchedRecord[] = [];
  const limit = unpackedLimit();
  let unpackedBytes = 0;
  for (let at = 0; unpackedBytes < limit;) {
    const size = wholeBatch(bytes, at);
    if (size === undefined) break;
    const batch = await readBatch(bytes.subarray(at, at + size), unpack);
    unpackedBytes += batch.unpackedBytes;
    for (const record of withLastOffset(batch).records) records.push(record);
    at += size;
  }
  return records;
}

/** Patches the reader of fetched batches of every client of this process. */
export const patchStrictBatches = replaceExport<DecodeMessages>({
  module: "kafkajs/src/protocol/requests/fetch/v4/decodeMessages",
  users: ["protocol/requests/fetch/v"],
  replace(decodeMessages, require) {
    const { lookupCodecByAttributes } = require("kafkajs/src/protocol/message/compression") as {
      readonly lookupCodecByAttributes: FindCodec;
    };
    const unpack: Unpack = (attributes, packed) => lookupCodecByAttributes(attributes)?.decompress(packed);
    return async (bytes) => {
      // Nothing, a part of a batch, or the older format of message sets.
      if (bytes.buffer[bytes.offset + 4 + magicOffset] !== recordBatchMagic) return decodeMessages(bytes);
      const size = bytes.readInt32();
      if (size <= 0 || !bytes.canReadBytes(size)) return [];
      return readBatches(bytes.readBytes(size), unpack);
    };
  },
});
