/**
 * Keeps readers from standing still behind batches that compaction has emptied. A broker keeps the last batch of each
 * producer, without records if need be, and answers a fetch from one segment of the log alone: where such a batch ends a
 * segment, the client finds nothing in the answer and asks for the same again, for ever.
 */
import type { FetchedRecord } from "./aborted-transactions.js";

export interface RecordBatch {
  readonly firstOffset: string;
  readonly lastOffsetDelta: number;
  readonly producerId: string;
  readonly inTransaction: boolean;
  readonly records: readonly FetchedRecord[];
}

/** The batch with a control record, which no reader sees and every position moves over, where its last record is gone. */
export function withLastOffset(batch: RecordBatch): RecordBatch {
  const last = String(BigInt(batch.firstOffset) + BigInt(batch.lastOffsetDelta));
  const { records, producerId, inTransaction } = batch;
  if (records.at(-1)?.offset === last) return batch;
  const record = {
    offset: last,
    key: null,
    isControlRecord: true,
    batchContext: { producerId, inTransaction },
  };
  return { ...batch, records: [...records, record] };
}
