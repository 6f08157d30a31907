/**
 * Keeps the records of aborted transactions from readers. The client does so itself, but only where transactions do not
 * overlap: it takes the list of the aborted ones to be in order of their first offset, where brokers give it in order of
 * their ends; enters one of them a record at most; and takes any record with the key 00 00 00 00 for the end of one. What
 * it lets through depends on where a fetch happens to begin, so that a replay would not see what the first reading saw.
 */
import { patchModule } from "./patch-module.js";

export interface FetchedRecord {
  readonly offset: string;
  readonly key: Uint8Array | null;
  isControlRecord: boolean;
  readonly batchContext: { readonly producerId: string; readonly inTransaction: boolean };
}

export interface AbortedTransaction {
  readonly producerId: string;
  readonly firstOffset: string;
}

/**
 * Marks what must not be seen as control records, which no reader sees and every position moves over. The list may be in
 * any order and begin before the first record.
 */
export function markAborted(
  records: readonly FetchedRecord[],
  transactions: readonly AbortedTransaction[],
): void {
  const begins = transactions
    .map(({ producerId, firstOffset }) => ({ producerId, firstOffset: Number(firstOffset) }))
    .sort((a, b) => a.firstOffset - b.firstOffset);
  const aborting = new Set<string>();
  let next = 0;
  for (const record of records) {
    const offset = Number(record.offset);
    for (; next < begins.length && begins[next]!.firstOffset <= offset; next++) {
      aborting.add(begins[next]!.producerId);
    }
    const { producerId, inTransaction } = record.batchContext;
    if (!record.isControlRecord) record.isControlRecord = inTransaction && aborting.has(producerId);
    else if (isAbortMarker(record)) aborting.delete(producerId);
  }
}

/** The key of a control record is its version and its type, 0 for the end of an aborted transaction; both 16 bits. */
function isAbortMarker({ key }: FetchedRecord): boolean {
  return key !== null && key[2] === 0 && key[3] === 0;
}

interface FetchResponse {
  readonly responses: readonly {
    readonly partitions: readonly {
      readonly messages: readonly FetchedRecord[];
      /** None where uncommitted records are read too. */
      abortedTransactions?: readonly AbortedTransaction[] | null;
    }[];
  }[];
}

interface BrokerConnection {
  fetch: (this: unknown, request: unknown) => Promise<FetchResponse>;
}

/** Repairs what every client of this process fetches. */
export const patchAbortedTransactions = patchModule(
  "kafkajs/src/broker",
  ({ prototype }: { prototype: BrokerConnection }) => {
    const { fetch } = prototype;
    prototype.fetch = async function (request) {
      const response = await fetch.call(this, request);
      for (const { partitions } of response.responses) {
        for (const partition of partitions) {
          const { abortedTransactions, messages } = partition;
          if (!abortedTransactions?.length) continue;
          markAborted(messages, abortedTransactions);
          partition.abortedTransactions = [];
        }
      }
      return response;
    };
  },
);
