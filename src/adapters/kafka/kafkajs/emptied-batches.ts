/**
 * Lets readers move past batches that compaction has emptied. A broker keeps the last batch of each producer, even without
 * records, and answers a fetch from one log segment. If such a batch ends a segment, the client finds no record in the answer
 * and repeats the same fetch for ever.
 */
import type { FetchedRecord } from "./patches/aborted-transactions.js";

export interface RecordBatch {
  readonly firstOffset: string;
  readonly lastOffsetDelta: number;
  readonly producerId: string;
  readonly inTransaction: boolean;
  readonly records: readonly FetchedRecord[];
}

/**
 * Adds a control record at the last offset of a batch if its last record is gone. Readers skip control records, but their
 * position moves.
 */
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
