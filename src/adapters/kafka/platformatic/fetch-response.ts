/** Reads responses to fetch requests (version 11), with their batches as bytes. */

/** A transaction that was aborted, by its producer and its first offset. */
export interface AbortedTransaction {
  readonly producerId: bigint;
  readonly firstOffset: bigint;
}

/** A partition's part of a response. */
export interface FetchedPartition {
  readonly topic: string;
  readonly partition: number;
  /** Code of the protocol; 0 for none. */
  readonly errorCode: number;
  readonly highWatermark: number;
  readonly aborted: readonly AbortedTransaction[];
  /** Node of a replica that the leader prefers this reader to ask; -1 for none. */
  readonly preferredReplica: number;
  /** Whole batches; the last may be cut off. */
  readonly batches: Buffer;
}

export interface FetchResponse {
  readonly errorCode: number;
  readonly partitions: readonly FetchedPartition[];
}

const none: readonly AbortedTransaction[] = [];

/** Reads a response after its header. Its batches are slices of `bytes`. */
export function readFetchResponse(bytes: Buffer): FetchResponse {
  let at = 0;
  const int16 = (): number => bytes.readInt16BE((at += 2) - 2);
  const int32 = (): number => bytes.readInt32BE((at += 4) - 4);
  const int64 = (): bigint => bytes.readBigInt64BE((at += 8) - 8);
  const partitions: FetchedPartition[] = [];
  // The time that the broker throttled this client.
  int32();
  const errorCode = int16();
  // The session, of which there is none.
  int32();
  for (let topics = int32(); topics > 0; topics--) {
    const nameLength = int16();
    const topic = bytes.toString("utf8", at, at + nameLength);
    at += nameLength;
    for (let left = int32(); left > 0; left--) {
      const partition = int32();
      const code = int16();
      const highWatermark = Number(int64());
      // Last stable offset and first offset.
      at += 16;
      const count = int32();
      const aborted = count <= 0 ? none : Array.from({ length: count }, () => abortedTransaction());
      const preferredReplica = int32();
      const length = Math.max(0, int32());
      const batches = bytes.subarray(at, at + length);
      at += length;
      partitions.push({
        topic,
        partition,
        errorCode: code,
        highWatermark,
        aborted,
        preferredReplica,
        batches,
      });
    }
  }
  return { errorCode, partitions };

  function abortedTransaction(): AbortedTransaction {
    const producerId = int64();
    return { producerId, firstOffset: int64() };
  }
}
