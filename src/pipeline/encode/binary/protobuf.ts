/** Writes the fields of a message in Protobuf's binary encoding (proto3). Fields that are missing, and defaults, are left out. */
import type { OutputBytes } from "./bytes.js";
import type { BinaryWriter } from "./writer.js";

const [varint, fixed64, delimited] = [0, 1, 2];
/** Bytes that are kept for the length of a message. */
const lengthBytes = 4;

export class ProtobufWriter implements BinaryWriter {
  readonly #out: OutputBytes;

  constructor(out: OutputBytes) {
    this.#out = out;
  }

  text(field: number, bytes: Uint8Array, begin: number, end: number): void {
    if (end > begin) this.#text(field, bytes, begin, end);
  }

  maybeText(field: number, bytes: Uint8Array | undefined): void {
    if (bytes !== undefined) this.#text(field, bytes, 0, bytes.length);
  }

  double(field: number, value: number): void {
    if (value !== 0) this.maybeDouble(field, value);
  }

  maybeDouble(field: number, value: number): void {
    if (!Number.isFinite(value)) return;
    this.#tag(field, fixed64);
    this.#out.double(value);
  }

  /** A google.protobuf.Timestamp. */
  time(field: number, milliseconds: number): void {
    const whole = Math.floor(milliseconds);
    const seconds = Math.floor(whole / 1000);
    const nanos = (whole - 1000 * seconds) * 1e6;
    const begin = this.beginItem(field);
    this.integer(1, seconds);
    this.integer(2, nanos);
    this.endItem(begin);
  }

  maybeTime(field: number, milliseconds: number): void {
    if (!Number.isNaN(milliseconds)) this.time(field, milliseconds);
  }

  boolean(field: number, value: boolean): void {
    if (value) this.integer(field, 1);
  }

  integer(field: number, value: number): void {
    if (value !== 0) this.maybeInteger(field, value);
  }

  maybeInteger(field: number, value: number): void {
    if (Number.isNaN(value)) return;
    this.#tag(field, varint);
    if (value >= 0) this.#out.varint(value);
    else this.#out.bigVarint(BigInt.asUintN(64, BigInt(value)));
  }

  beginList(): void {
    // Items follow one another, each with its tag.
  }

  /** Begins a message and returns where its length will be. */
  beginItem(field: number): number {
    this.#tag(field, delimited);
    this.#out.length += lengthBytes;
    return this.#out.length;
  }

  /** Puts the length before the message, which moves to follow it. */
  endItem(begin: number): void {
    const out = this.#out;
    const size = out.length - begin;
    out.length = begin - lengthBytes;
    out.varint(size);
    out.bytes.copyWithin(out.length, begin, begin + size);
    out.length += size;
  }

  endList(): void {
    // As at the begin.
  }

  #text(field: number, bytes: Uint8Array, begin: number, end: number): void {
    this.#tag(field, delimited);
    this.#out.varint(end - begin);
    this.#out.append(bytes, begin, end);
  }

  #tag(field: number, type: number): void {
    this.#out.varint(8 * field + type);
  }
}
