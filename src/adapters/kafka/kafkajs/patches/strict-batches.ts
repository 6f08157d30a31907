/**
 * Replaces the client's reader of fetched batches. The client's own reader
 *
 * - unpacks compressed batches of any size: a batch of 1 MiB can exhaust the memory;
 * - fails the whole fetch if one batch is unreadable, and repeats the fetch for ever;
 * - copies all headers so far for each header: 20,000 headers of one record took two minutes;
 * - passes all records of a batch as arguments of one call, which fails from about 120,000 records on;
 * - checks no checksum.
 */
import { batchAt, recordBatchMagic } from "../batch-layout.js";
import { readBatch, wholeBatch } from "../batch-reader.js";
import { unpackedLimit } from "../codecs.js";
import { withLastOffset } from "../emptied-batches.js";
import type { FetchedRecord } from "./aborted-transactions.js";
import { replaceExport } from "./patch-module.js";

interface Bytes {
  readonly buffer: Buffer;
  readonly offset: number;
  readInt32(): number;
  canReadBytes(count: number): boolean;
  readBytes(count: number): Buffer;
}

type DecodeMessages = (bytes: Bytes) => Promise<unknown[]>;

/**
 * Reads the whole batches of a fetch response for one partition. The fetch may cut off the last batch. Compressed batches
 * are read until together they unpack to `limit` bytes; the next fetch brings the rest.
 */
export async function readBatches(bytes: Buffer, limit: number): Promise<FetchedRecord[]> {
  const records: FetchedRecord[] = [];
  let unpackedBytes = 0;
  for (let at = 0; unpackedBytes < limit;) {
    const size = wholeBatch(bytes, at);
    if (size === undefined) break;
    const batch = await readBatch(bytes.subarray(at, at + size), limit);
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
  replace: (decodeMessages) => async (bytes) => {
    // Nothing, a part of a batch, or the older format of message sets.
    if (bytes.buffer[bytes.offset + 4 + batchAt.magic] !== recordBatchMagic) return decodeMessages(bytes);
    const size = bytes.readInt32();
    if (size <= 0 || !bytes.canReadBytes(size)) return [];
    return readBatches(bytes.readBytes(size), unpackedLimit());
  },
});
