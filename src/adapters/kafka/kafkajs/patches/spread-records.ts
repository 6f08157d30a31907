/**
 * Reads record batches of any number of records. The client hands all records of a batch to one call as arguments, and
 * ends with "Maximum call stack size exceeded" from about 120,000 records on, which one compressed batch of a few hundred
 * kilobytes can hold.
 */
import { replaceExport } from "./patch-module.js";

interface Bytes {
  readInt32(): number;
  canReadBytes(count: number): boolean;
  readBytes(count: number): Buffer;
}

type DecodeMessages = (bytes: Bytes) => Promise<unknown[]>;

/** The place of the format's version in a batch, and the version that record batches have. */
const magicOffset = 16;
const recordBatchMagic = 2;
/** The head of a batch, without which nothing of it can be read. */
const batchHead = 49;

/** Patches the reader of fetched batches of every client of this process. */
export const patchSpreadRecords = replaceExport<DecodeMessages>({
  module: "kafkajs/src/protocol/requests/fetch/v4/decodeMessages",
  users: ["protocol/requests/fetch/v"],
  replace(decodeMessages, require) {
    const Decoder = require("kafkajs/src/protocol/decoder") as new (buffer: Buffer) => Bytes;
    const decodeBatch = require("kafkajs/src/protocol/recordBatch/v0/decoder") as (
      bytes: Bytes,
    ) => Promise<{ readonly records: readonly unknown[] }>;
    return async (bytes) => {
      const { buffer, offset } = bytes as Bytes & { readonly buffer: Buffer; readonly offset: number };
      // Nothing, a part of a batch, or the older format of message sets.
      if (buffer[offset + 4 + magicOffset] !== recordBatchMagic) return decodeMessages(bytes);
      const size = bytes.readInt32();
      if (size <= 0 || !bytes.canReadBytes(size)) return [];
      const batches = new Decoder(bytes.readBytes(size));
      const records: unknown[] = [];
      while (batches.canReadBytes(batchHead)) {
        try {
          for (const record of (await decodeBatch(batches)).records) records.push(record);
        } catch (error) {
          // The last batch of an answer may be cut off by the fetch's limit of bytes.
          if (error instanceof Error && error.name === "KafkaJSPartialMessageError") break;
          throw error;
        }
      }
      return records;
    };
  },
});
