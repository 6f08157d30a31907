/** Splits the records of one commit into produce requests below the topics' max.message.bytes. */
import { UndercurrentError } from "../../../errors/errors.js";
import type { OutputRecord, RecordHeader } from "../../../pipeline/ports.js";

/** Records for one partition of a topic, in order. */
export interface TopicWrite {
  readonly topic: string;
  readonly partition: number;
  readonly records: readonly OutputRecord[];
  /** A header that every record gets, in the place of any of its name. */
  readonly header?: RecordHeader;
  /** Makes the shorter record for one that fits no batch; without it such a record is an error. */
  readonly shorten?: (record: OutputRecord) => OutputRecord;
}

/** Upper bound of a record's overhead beyond key, value and headers: lengths, deltas, attributes. */
const recordOverhead = 32;
const headerOverhead = 10;
/** The head of a batch. */
const batchOverhead = 61;

/** What one request has of a partition. */
export type RequestPart = Pick<TopicWrite, "topic" | "partition" | "records" | "header">;

/**
 * Requests in order, each with at most `maxBytes` a partition. Every partition's records keep their order; a request carries
 * a batch of each that still has some, which saves round trips.
 *
 * Throws RECORD_TOO_LARGE for a record that does not fit a batch alone and cannot be shortened: the client would send it
 * again and again until the consumer dies of it.
 */
export function* splitByBytes(writes: readonly TopicWrite[], maxBytes: number): Generator<RequestPart[]> {
  const positions = writes.map(() => 0);
  for (;;) {
    const request: RequestPart[] = [];
    for (const [index, { topic, partition, records, header, shorten }] of writes.entries()) {
      const shared = header === undefined ? 0 : headerSize(header);
      let position = positions[index]!;
      const part: OutputRecord[] = [];
      let bytes = batchOverhead;
      for (; position < records.length; position++) {
        let record = records[position]!;
        let size = shared + recordSize(record);
        if (size + batchOverhead > maxBytes && shorten !== undefined) {
          record = shorten(record);
          size = shared + recordSize(record);
        }
        if (size + batchOverhead > maxBytes) throw tooLarge(topic, size, maxBytes);
        if (bytes + size > maxBytes) break;
        bytes += size;
        part.push(record);
      }
      positions[index] = position;
      if (part.length > 0) request.push({ topic, partition, records: part, ...(header && { header }) });
    }
    if (request.length === 0) return;
    yield request;
  }
}

function tooLarge(topic: string, size: number, maxBytes: number): UndercurrentError {
  return new UndercurrentError(
    "RECORD_TOO_LARGE",
    `topic ${topic}: a record has ${size} bytes, expected at most ${maxBytes} (kafka.maxBatchBytes)`,
  );
}

function recordSize({ key, value, headers }: OutputRecord): number {
  let size = recordOverhead + (key?.byteLength ?? 0) + (value?.byteLength ?? 0);
  for (const header of headers) size += headerSize(header);
  return size;
}

function headerSize({ name, value }: RecordHeader): number {
  return headerOverhead + Buffer.byteLength(name) + value.byteLength;
}

export function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
