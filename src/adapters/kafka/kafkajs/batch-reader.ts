/**
 * Reads record batches (KIP-98, version 2 of the format) and checks every field that a writer chose. An unreadable batch
 * becomes one message with the reason and the batch's last offset, so that readers move past it like any other message.
 */
import type { IHeaders, RecordBatchEntry } from "kafkajs";
import { UndercurrentError } from "../../../errors/errors.js";
import type { InputRecord, RecordHeader } from "../../../pipeline/ports.js";
import { attributeBits, batchAt, crc32c, lengthEnd } from "./batch-layout.js";
import { headerCharge, recordCharge, tooLarge, unpackerOf } from "./codecs.js";

/** The fields of a batch's header that its records need. */
export interface BatchContext {
  readonly firstOffset: string;
  readonly firstTimestamp: string;
  readonly lastOffsetDelta: number;
  readonly maxTimestamp: string;
  readonly isAppendTime: boolean;
  readonly producerId: string;
  readonly inTransaction: boolean;
  readonly isControlBatch: boolean;
}

/** A message of the client, with the fields that the client's filters read. */
export interface BatchMessage extends RecordBatchEntry {
  isControlRecord: boolean;
  readonly batchContext: BatchContext;
  /** Why the batch cannot be read; the message stands for all of its records. */
  readonly unreadable?: string | undefined;
}

export interface ReadBatch<Message = BatchMessage> extends BatchContext {
  readonly records: Message[];
  /** Approximate memory of the records if the batch was compressed; otherwise 0. */
  readonly unpackedBytes: number;
}

/** Bytes of the shortest record: seven fields of one byte each. */
const shortestRecord = 7;

/** Returns the size of the batch that begins at `at`, in bytes; undefined if the bytes end before the batch does. */
export function wholeBatch(bytes: Buffer, at: number): number | undefined {
  if (at + lengthEnd > bytes.length) return undefined;
  const length = bytes.readInt32BE(at + batchAt.length);
  if (length < batchAt.records - lengthEnd) throw damaged(bytes, at, `its length is ${length}`);
  const end = at + lengthEnd + length;
  return end > bytes.length ? undefined : end - at;
}

/**
 * Reads one whole batch.
 *
 * @param limit Most bytes that a compressed batch may unpack to.
 * @throws BATCH_DAMAGED if the checksum is wrong. No writer can cause that, and a second fetch may bring the right bytes.
 */
export function readBatch(batch: Buffer, limit: number): Promise<ReadBatch> {
  return readWith((context) => new KafkajsForm(context), batch, limit);
}

/** Reads one whole batch as `readBatch` does, in the form of the pipeline. Headers keep their order. */
export function readInputBatch(batch: Buffer, limit: number): Promise<ReadBatch<InputRecord>> {
  return readWith((context) => new PipelineForm(context), batch, limit);
}

async function readWith<Message>(
  formOf: (context: BatchContext) => MessageForm<Message>,
  batch: Buffer,
  limit: number,
): Promise<ReadBatch<Message>> {
  if (crc32c(batch, batchAt.attributes) !== batch.readInt32BE(batchAt.crc))
    throw damaged(batch, 0, "wrong checksum");
  const attributes = batch.readInt16BE(batchAt.attributes);
  const context: BatchContext = {
    firstOffset: String(batch.readBigInt64BE(0)),
    lastOffsetDelta: batch.readInt32BE(batchAt.lastOffsetDelta),
    firstTimestamp: String(batch.readBigInt64BE(batchAt.firstTimestamp)),
    maxTimestamp: String(batch.readBigInt64BE(batchAt.maxTimestamp)),
    producerId: String(batch.readBigInt64BE(batchAt.producerId)),
    isAppendTime: (attributes & attributeBits.appendTime) !== 0,
    inTransaction: (attributes & attributeBits.transactional) !== 0,
    isControlBatch: (attributes & attributeBits.control) !== 0,
  };
  const form = formOf(context);
  const count = batch.readInt32BE(batchAt.count);
  const packed = batch.subarray(batchAt.records);
  try {
    const unpack = count > 0 ? unpackerOf(attributes) : undefined;
    if (unpack !== undefined && count > limit / recordCharge) throw tooLarge(limit);
    const reader = new RecordReader((await unpack?.(packed, limit)) ?? packed, context, form);
    const memory = unpack && { limit, used: reader.length + recordCharge * count };
    const records = reader.records(count, memory);
    return { ...context, records, unpackedBytes: memory?.used ?? 0 };
  } catch (error) {
    if (isOutOfMemory(error)) throw error;
    return { ...context, records: [form.unreadable(reasonOf(context, count, error))], unpackedBytes: 0 };
  }
}

/** Offset of a batch's last record. */
function lastOffsetOf({ firstOffset, lastOffsetDelta }: BatchContext): string {
  return String(BigInt(firstOffset) + BigInt(lastOffsetDelta));
}

function reasonOf(context: BatchContext, count: number, error: unknown): string {
  const reason = error instanceof Error ? error.message : String(error);
  return `the batch of ${count} records at offsets ${context.firstOffset} to ${lastOffsetOf(context)} cannot be read: ${reason}`;
}

/** The fields of the record that is being read; one object for all records of a batch. */
interface RecordFields {
  attributes: number;
  timestampDelta: bigint;
  offsetDelta: number;
  key: Buffer | null;
  value: Buffer | null;
}

/** Makes the messages of one batch: of kafkajs, or of the pipeline. */
interface MessageForm<Message> {
  /** Adds a header of the record that is being read. */
  header(name: string, value: Buffer | null): void;
  /** Returns the message of a record whose headers were added before. */
  message(fields: Readonly<RecordFields>): Message;
  /** Returns the message that stands for the batch, which is unreadable. */
  unreadable(reason: string): Message;
}

class KafkajsForm implements MessageForm<BatchMessage> {
  readonly #context: BatchContext;
  readonly #firstOffset: bigint;
  readonly #firstTimestamp: bigint;
  #headers = new HeadersByName();

  constructor(context: BatchContext) {
    this.#context = context;
    this.#firstOffset = BigInt(context.firstOffset);
    this.#firstTimestamp = BigInt(context.firstTimestamp);
  }

  header(name: string, value: Buffer | null): void {
    this.#headers.add(name, value);
  }

  message({ attributes, timestampDelta, offsetDelta, key, value }: RecordFields): BatchMessage {
    const { isAppendTime, maxTimestamp, isControlBatch } = this.#context;
    const { headers } = this.#headers;
    this.#headers = new HeadersByName();
    return {
      attributes,
      timestamp: isAppendTime
        ? maxTimestamp
        : String(BigInt.asIntN(64, this.#firstTimestamp + timestampDelta)),
      offset: String(this.#firstOffset + BigInt(offsetDelta)),
      key,
      value,
      headers,
      isControlRecord: isControlBatch,
      batchContext: this.#context,
    };
  }

  unreadable(reason: string): BatchMessage {
    return {
      offset: lastOffsetOf(this.#context),
      timestamp: this.#context.maxTimestamp,
      attributes: 0,
      key: null,
      value: null,
      headers: {},
      isControlRecord: this.#context.isControlBatch,
      batchContext: this.#context,
      unreadable: reason,
    };
  }
}

const noHeaders: readonly RecordHeader[] = [];
const noBytes = Buffer.alloc(0);

class PipelineForm implements MessageForm<InputRecord> {
  readonly #context: BatchContext;
  readonly #firstOffset: number;
  readonly #firstTimestamp: bigint;
  readonly #appendTime: number | undefined;
  #headers: RecordHeader[] | undefined;

  constructor(context: BatchContext) {
    this.#context = context;
    this.#firstOffset = Number(context.firstOffset);
    this.#firstTimestamp = BigInt(context.firstTimestamp);
    this.#appendTime = context.isAppendTime ? Number(context.maxTimestamp) : undefined;
  }

  header(name: string, value: Buffer | null): void {
    (this.#headers ??= []).push({ name, value: value ?? noBytes });
  }

  message({ timestampDelta, offsetDelta, key, value }: RecordFields): InputRecord {
    const headers = this.#headers ?? noHeaders;
    this.#headers = undefined;
    return {
      offset: this.#firstOffset + offsetDelta,
      timestamp: this.#appendTime ?? Number(BigInt.asIntN(64, this.#firstTimestamp + timestampDelta)),
      key,
      value,
      headers,
      unreadable: undefined,
    };
  }

  unreadable(reason: string): InputRecord {
    return {
      offset: Number(lastOffsetOf(this.#context)),
      timestamp: Number(this.#context.maxTimestamp),
      key: null,
      value: null,
      headers: noHeaders,
      unreadable: reason,
    };
  }
}

/** Returns whether the process ran out of memory, which says nothing about the batch. */
function isOutOfMemory(error: unknown): boolean {
  const { code, message } = error as { readonly code?: unknown; readonly message?: unknown };
  return (
    code === "Z_MEM_ERROR" ||
    code === "ERR_MEMORY_ALLOCATION_FAILED" ||
    (error instanceof RangeError && message === "Array buffer allocation failed")
  );
}

function damaged(bytes: Buffer, at: number, what: string): UndercurrentError {
  const offset = bytes.readBigInt64BE(at);
  const error = new UndercurrentError("BATCH_DAMAGED", `the batch at offset ${offset} is damaged: ${what}`);
  // Otherwise the client would fetch the same batch for ever.
  return Object.assign(error, { retriable: false });
}

interface Memory {
  readonly limit: number;
  used: number;
}

class RecordReader<Message> {
  readonly #bytes: Buffer;
  readonly #context: BatchContext;
  readonly #form: MessageForm<Message>;
  #at = 0;
  /** End of the current record. */
  #end = 0;

  constructor(bytes: Buffer, context: BatchContext, form: MessageForm<Message>) {
    this.#bytes = bytes;
    this.#context = context;
    this.#form = form;
  }

  get length(): number {
    return this.#bytes.length;
  }

  /** Reads `count` records, which must fill the batch exactly. */
  records(count: number, memory: Memory | undefined): Message[] {
    if (count < 0 || count * shortestRecord > this.length)
      throw new UndercurrentError("BATCH_UNREADABLE", badCount(count));
    const records: Message[] = [];
    const fields: RecordFields = {
      attributes: 0,
      timestampDelta: 0n,
      offsetDelta: 0,
      key: null,
      value: null,
    };
    let before = -1;
    for (let i = 0; i < count; i++) {
      this.#end = this.length;
      const length = this.#varint();
      if (length < 0 || this.#at + length > this.length)
        throw new UndercurrentError("BATCH_UNREADABLE", "a record is cut off");
      this.#end = this.#at + length;
      fields.attributes = this.#bytes[this.#at++]!;
      fields.timestampDelta = this.#varlong();
      const offsetDelta = (fields.offsetDelta = this.#varint());
      if (offsetDelta <= before || offsetDelta > this.#context.lastOffsetDelta)
        throw new UndercurrentError("BATCH_UNREADABLE", "the offsets of its records are not in order");
      before = offsetDelta;
      fields.key = this.#field();
      fields.value = this.#field();
      this.#headers(memory);
      if (this.#at !== this.#end)
        throw new UndercurrentError("BATCH_UNREADABLE", "a record is longer than its fields");
      records.push(this.#form.message(fields));
    }
    if (this.#at !== this.length) throw new UndercurrentError("BATCH_UNREADABLE", badCount(count));
    return records;
  }

  #headers(memory: Memory | undefined): void {
    const count = this.#varint();
    if (count < 0 || count > this.#end - this.#at)
      throw new UndercurrentError("BATCH_UNREADABLE", "wrong number of headers");
    if (memory !== undefined && (memory.used += count * headerCharge) > memory.limit)
      throw tooLarge(memory.limit);
    for (let i = 0; i < count; i++) {
      const name = this.#field();
      if (name === null) throw new UndercurrentError("BATCH_UNREADABLE", "a header has no name");
      this.#form.header(name.toString("utf8"), this.#field());
    }
  }

  /** Reads a length and that many bytes; null if the length is -1. */
  #field(): Buffer | null {
    const length = this.#varint();
    if (length === -1) return null;
    const start = this.#at;
    if (length < 0 || start + length > this.#end)
      throw new UndercurrentError("BATCH_UNREADABLE", "a field is cut off");
    this.#at = start + length;
    return this.#bytes.subarray(start, this.#at);
  }

  #byte(): number {
    if (this.#at >= this.#end) throw new UndercurrentError("BATCH_UNREADABLE", "a record is cut off");
    return this.#bytes[this.#at++]!;
  }

  #varint(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.#byte();
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return (value >>> 1) ^ -(value & 1);
    }
    throw new UndercurrentError("BATCH_UNREADABLE", "a variable-length integer does not end");
  }

  #varlong(): bigint {
    let value = 0n;
    let low = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = this.#byte();
      if (shift < 28) low |= (byte & 0x7f) << shift;
      else value |= BigInt(byte & 0x7f) << BigInt(shift);
      if (byte >= 0x80) continue;
      if (shift < 28) return BigInt((low >>> 1) ^ -(low & 1));
      value |= BigInt(low);
      return BigInt.asIntN(64, (BigInt.asUintN(64, value) >> 1n) ^ -(value & 1n));
    }
    throw new UndercurrentError("BATCH_UNREADABLE", "a variable-length integer does not end");
  }
}

type HeaderValue = Buffer | null;

/**
 * Collects a record's headers in the client's form: by name, with a list of values where a name occurs more than once. Takes
 * time linear in the number of headers. Every name is an own property, also `__proto__` and `constructor`.
 */
class HeadersByName {
  readonly headers: IHeaders = {};

  add(name: string, value: HeaderValue): void {
    const byName = this.headers as Record<string, HeaderValue | HeaderValue[]>;
    if (!Object.hasOwn(byName, name)) {
      // An assignment would set the prototype where the name is __proto__.
      if (name === "__proto__") defineOwn(byName, name, value);
      else byName[name] = value;
      return;
    }
    const earlier = byName[name]!;
    if (Array.isArray(earlier)) earlier.push(value);
    else byName[name] = [earlier, value];
  }
}

function defineOwn(object: object, name: string, value: unknown): void {
  Object.defineProperty(object, name, { value, writable: true, enumerable: true, configurable: true });
}

function badCount(count: number): string {
  return `it does not hold the ${count} records that its header claims`;
}
