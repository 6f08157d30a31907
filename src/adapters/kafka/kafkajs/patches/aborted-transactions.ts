/**
 * Hides the records of aborted transactions from readers. The client's own filter fails if transactions overlap:
 *
 * - it expects the list of aborted transactions in order of their first offset, but brokers send it in order of their end;
 * - it enters at most one of them per record;
 * - it takes any record with the key 00 00 00 00 for the end of a transaction.
 *
 * The records that it lets through depend on where a fetch begins, so a replay would not read what the first reading read.
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
 * Marks records of aborted transactions as control records, which readers skip while their position moves. The list may be in
 * any order and may begin before the first record.
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
