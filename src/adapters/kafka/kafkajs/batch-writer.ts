/** Writes record batches (KIP-98, version 2 of the format) into one buffer, without objects for records and fields. */
import type { IHeaders, Message } from "kafkajs";
import { attributeBits, batchAt as at, crc32c, lengthEnd, recordBatchMagic } from "./batch-layout.js";

/** What the header of a batch says of its writer. */
export interface BatchOrigin {
  readonly producerId: bigint;
  readonly producerEpoch: number;
  readonly firstSequence: number;
  readonly isTransactional: boolean;
}

/** The number of a codec, and what packs the records; none leaves them as they are. */
export interface BatchCodec {
  readonly type: number;
  readonly pack?: ((records: Buffer) => Promise<Buffer>) | undefined;
}

/** A key, a value, or the value of a header. */
type Field = Buffer | string | null | undefined;

/** Returns the batch of messages, at least one. Those without a timestamp get `now`. */
export async function writeBatch(
  messages: readonly Message[],
  { type, pack }: BatchCodec,
  { producerId, producerEpoch, firstSequence, isTransactional }: BatchOrigin,
  now: number,
): Promise<Buffer> {
  const first = timestampOf(messages[0]!, now);
  const plain = new RecordWriter(messages, first, now);
  const head = pack === undefined ? at.records : 0;
  const written = plain.write(head);
  const packed = await pack?.(written);
  const batch = packed === undefined ? written : Buffer.allocUnsafe(at.records + packed.length);
  if (packed !== undefined) packed.copy(batch, at.records);
  batch.fill(0, 0, at.length);
  batch.writeInt32BE(batch.length - lengthEnd, at.length);
  batch.writeInt32BE(0, lengthEnd);
  batch.writeInt8(recordBatchMagic, at.magic);
  batch.writeInt16BE(type | (isTransactional ? attributeBits.transactional : 0), at.attributes);
  batch.writeInt32BE(messages.length - 1, at.lastOffsetDelta);
  batch.writeBigInt64BE(BigInt(first), at.firstTimestamp);
  batch.writeBigInt64BE(BigInt(plain.maxTimestamp), at.maxTimestamp);
  batch.writeBigInt64BE(producerId, at.producerId);
  batch.writeInt16BE(producerEpoch, at.producerEpoch);
  batch.writeInt32BE(firstSequence, at.firstSequence);
  batch.writeInt32BE(messages.length, at.count);
  batch.writeInt32BE(crc32c(batch, at.attributes), at.crc);
  return batch;
}

function timestampOf({ timestamp }: Message, now: number): number {
  return timestamp === undefined ? now : Number(timestamp);
}

/** Sizes of all records first, then their bytes. */
class RecordWriter {
  readonly #messages: readonly Message[];
  readonly #first: number;
  readonly #now: number;
  /** Sizes of the records without their length. */
  readonly #sizes: Int32Array;
  #total = 0;
  maxTimestamp: number;
  #bytes: Buffer = none;
  #at = 0;
  #headers: IHeaders | undefined;
  /** The headers of the last message, with their number: all messages often share them. */
  #headerBytes = noHeaders;

  constructor(messages: readonly Message[], first: number, now: number) {
    this.#messages = messages;
    this.#first = first;
    this.#now = now;
    this.maxTimestamp = first;
    this.#sizes = new Int32Array(messages.length);
    for (let i = 0; i < messages.length; i++) {
      const message = messages[i]!;
      const timestamp = timestampOf(message, now);
      if (timestamp > this.maxTimestamp) this.maxTimestamp = timestamp;
      const size =
        1 +
        sizeOfVarlong(timestamp - first) +
        sizeOfVarint(i) +
        sizeOfBytes(message.key) +
        sizeOfBytes(message.value) +
        this.#headersOf(message).length;
      this.#sizes[i] = size;
      this.#total += sizeOfVarint(size) + size;
    }
  }

  /** Returns a buffer with the records from `head` on. */
  write(head: number): Buffer {
    const bytes = Buffer.allocUnsafe(head + this.#total);
    this.#bytes = bytes;
    this.#at = head;
    for (let i = 0; i < this.#messages.length; i++) {
      const message = this.#messages[i]!;
      this.#varint(this.#sizes[i]!);
      bytes[this.#at++] = 0;
      this.#varlong(timestampOf(message, this.#now) - this.#first);
      this.#varint(i);
      this.#field(message.key);
      this.#field(message.value);
      this.#copy(this.#headersOf(message));
    }
    return bytes;
  }

  #headersOf({ headers }: Message): Buffer {
    if (headers === undefined) return noHeaders;
    if (headers !== this.#headers) {
      this.#headers = headers;
      this.#headerBytes = headerBytes(headers);
    }
    return this.#headerBytes;
  }

  #field(value: Field): void {
    if (value === null || value === undefined) {
      this.#varint(-1);
      return;
    }
    const field = bytesOf(value);
    this.#varint(field.length);
    this.#copy(field);
  }

  /** Short fields byte by byte: a call into the runtime takes longer. */
  #copy(field: Buffer): void {
    const bytes = this.#bytes;
    const { length } = field;
    if (length <= 24) for (let i = 0; i < length; i++) bytes[this.#at + i] = field[i]!;
    else bytes.set(field, this.#at);
    this.#at += length;
  }

  #varint(value: number): void {
    this.#at = writeVarint(this.#bytes, this.#at, value);
  }

  #varlong(value: number): void {
    if (value === value >> 0) {
      this.#varint(value);
      return;
    }
    let rest = zigzag(value);
    while (rest >= 0x80) {
      const higher = Math.floor(rest / 0x80);
      this.#bytes[this.#at++] = (rest - higher * 0x80) | 0x80;
      rest = higher;
    }
    this.#bytes[this.#at++] = rest;
  }
}

const none: Buffer = Buffer.alloc(0);
/** Their number: 0. */
const noHeaders: Buffer = Buffer.alloc(1);

/** Text as the client takes it. */
const bytesOf = (value: Buffer | string): Buffer => (Buffer.isBuffer(value) ? value : Buffer.from(value));

/** The number of headers and the headers; a list gives one of its name for each item. */
function headerBytes(headers: IHeaders): Buffer {
  const parts: Buffer[] = [];
  let count = 0;
  for (const [name, given] of Object.entries(headers)) {
    const values: readonly Field[] = Array.isArray(given) ? given : [given];
    for (const value of values) {
      count++;
      for (const part of [Buffer.from(name), value === null || value === undefined ? null : bytesOf(value)]) {
        parts.push(varintBytes(part === null ? -1 : part.length));
        if (part !== null) parts.push(part);
      }
    }
  }
  return count === 0 ? noHeaders : Buffer.concat([varintBytes(count), ...parts]);
}

function varintBytes(value: number): Buffer {
  const bytes = Buffer.alloc(sizeOfVarint(value));
  writeVarint(bytes, 0, value);
  return bytes;
}

/** Returns the position behind it. */
function writeVarint(bytes: Buffer, at: number, value: number): number {
  let rest = (value << 1) ^ (value >> 31);
  while ((rest & ~0x7f) !== 0) {
    bytes[at++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  bytes[at++] = rest;
  return at;
}

function sizeOfBytes(value: Field): number {
  if (value === null || value === undefined) return 1;
  const size = Buffer.isBuffer(value) ? value.length : Buffer.byteLength(value);
  return sizeOfVarint(size) + size;
}

function sizeOfVarint(value: number): number {
  const bits = 32 - Math.clz32((value << 1) ^ (value >> 31));
  return bits === 0 ? 1 : Math.ceil(bits / 7);
}

function sizeOfVarlong(value: number): number {
  if (value === value >> 0) return sizeOfVarint(value);
  let size = 1;
  for (let rest = zigzag(value); rest >= 0x80; rest = Math.floor(rest / 0x80)) size++;
  return size;
}

/** Of a whole number beyond 32 bits; doubling it is exact. */
const zigzag = (value: number): number => (value < 0 ? -2 * value - 1 : 2 * value);
