/** Writes the fields of a record in Avro's binary encoding (Avro 1.12), one after the other. */
import type { OutputBytes } from "./bytes.js";
import type { BinaryWriter } from "./writer.js";

/** Number of the second branch of a union, as a long in zigzag. */
const second = 2;

export class AvroWriter implements BinaryWriter {
  readonly #out: OutputBytes;

  constructor(out: OutputBytes) {
    this.#out = out;
  }

  text(_: number, bytes: Uint8Array, begin: number, end: number): void {
    this.#long(end - begin);
    this.#out.append(bytes, begin, end);
  }

  maybeText(field: number, bytes: Uint8Array | undefined): void {
    this.#out.byte(bytes === undefined ? 0 : second);
    if (bytes !== undefined) this.text(field, bytes, 0, bytes.length);
  }

  double(_: number, value: number): void {
    this.#out.double(value);
  }

  maybeDouble(_: number, value: number): void {
    this.#out.byte(Number.isFinite(value) ? second : 0);
    if (Number.isFinite(value)) this.#out.double(value);
  }

  time(_: number, milliseconds: number): void {
    this.#long(Math.floor(milliseconds));
  }

  maybeTime(_: number, milliseconds: number): void {
    this.#out.byte(Number.isNaN(milliseconds) ? 0 : second);
    if (!Number.isNaN(milliseconds)) this.#long(Math.floor(milliseconds));
  }

  boolean(_: number, value: boolean): void {
    this.#out.byte(value ? 1 : 0);
  }

  integer(_: number, value: number): void {
    this.#long(value);
  }

  maybeInteger(_: number, value: number): void {
    this.#out.byte(Number.isNaN(value) ? 0 : second);
    if (!Number.isNaN(value)) this.#long(value);
  }

  /** One block of all items. */
  beginList(items: number): void {
    if (items > 0) this.#long(items);
  }

  beginItem(): number {
    return 0;
  }

  endItem(): void {
    // Items follow one another.
  }

  endList(): void {
    this.#out.byte(0);
  }

  /** A zigzag varint. */
  #long(value: number): void {
    if (value >= 0) this.#out.varint(2 * value);
    else this.#out.bigVarint(-2n * BigInt(value) - 1n);
  }
}
