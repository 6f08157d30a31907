/** Reads the committed records of fetched batches, as the pipeline wants them: without an object of the client. */
import { UndercurrentError } from "../../../errors/errors.js";
import type { InputRecord } from "../../../pipeline/ports.js";
import { readInputBatch, wholeBatch } from "../kafkajs/batch-reader.js";
import type { AbortedTransaction } from "./fetch-response.js";

/** Position of the format's version in a batch, and the version of record batches. */
const [magicAt, recordBatchMagic] = [16, 2];

/** The committed records of some batches, and the offset after the batches. */
export interface CommittedRecords {
  readonly records: readonly InputRecord[];
  /** Undefined if no whole batch was read. */
  readonly nextOffset: number | undefined;
}

/**
 * Reads whole batches until the compressed ones unpack to `limit` bytes together; the next fetch brings the rest. Leaves out
 * records of aborted transactions: a producer's records from the first offset of an aborted transaction up to its marker.
 *
 * @throws BATCH_DAMAGED for a wrong checksum, and for a format before record batches (Kafka 0.11).
 */
export async function committedRecords(
  bytes: Buffer,
  aborted: readonly AbortedTransaction[],
  limit: number,
): Promise<CommittedRecords> {
  const begins = aborted.toSorted((a, b) => Number(a.firstOffset - b.firstOffset));
  const aborting = new Set<bigint>();
  const records: InputRecord[] = [];
  let nextOffset: number | undefined;
  let unpackedBytes = 0;
  for (let at = 0, begun = 0; unpackedBytes < limit;) {
    refuseOldFormat(bytes, at);
    const size = wholeBatch(bytes, at);
    if (size === undefined) break;
    const batch = await readInputBatch(bytes.subarray(at, at + size), limit);
    const producerId = BigInt(batch.producerId);
    const lastOffset = Number(batch.firstOffset) + batch.lastOffsetDelta;
    unpackedBytes += batch.unpackedBytes;
    at += size;
    nextOffset = lastOffset + 1;
    for (; begun < begins.length && Number(begins[begun]!.firstOffset) <= lastOffset; begun++) {
      aborting.add(begins[begun]!.producerId);
    }
    if (batch.isControlBatch) {
      if (batch.records.some(isAbortMarker)) aborting.delete(producerId);
    } else if (!batch.inTransaction || !aborting.has(producerId)) {
      for (const record of batch.records) records.push(record);
    }
  }
  return { records, nextOffset };
}

/** The key of a control record is its version and its type, 0 for the end of an aborted transaction; both 16 bits. */
function isAbortMarker({ key }: InputRecord): boolean {
  return key !== null && key[2] === 0 && key[3] === 0;
}

function refuseOldFormat(bytes: Buffer, at: number): void {
  const magic = bytes[at + magicAt];
  if (magic === undefined || magic === recordBatchMagic) return;
  throw new UndercurrentError(
    "BATCH_DAMAGED",
    `the batch at offset ${bytes.readBigInt64BE(at)} has format ${magic}, which kafka.client: platformatic does not read; kafkajs does`,
  );
}
