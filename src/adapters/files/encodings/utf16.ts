/** Decodes UTF-16 that arrives in pieces. Half surrogate pairs stay in the text, so that later checks refuse it. */

export type ByteOrder = "LE" | "BE";

/** The byte order that the first bytes of a text mark; undefined for text that does not begin with a UTF-16 mark. */
export function utf16Order(bytes: Uint8Array): ByteOrder | undefined {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return "LE";
  return bytes[0] === 0xfe && bytes[1] === 0xff ? "BE" : undefined;
}

/** Whether the first bytes are those of UTF-16 without a mark: an ASCII character in two bytes. */
export function looksLikeUtf16(bytes: Uint8Array): boolean {
  const [first, second] = bytes;
  return second !== undefined && (first === 0) !== (second === 0);
}

/**
 * @example
 * ```ts
 * const decoder = new Utf16Decoder("LE");
 * decoder.push(Buffer.from([0x61, 0x00, 0x62])); // "a"
 * decoder.push(Buffer.from([0x00])); // "b"
 * ```
 */
export class Utf16Decoder {
  readonly #order: ByteOrder;
  /** The first byte of a unit, or nothing. */
  #rest: Buffer = Buffer.alloc(0);

  constructor(order: ByteOrder) {
    this.#order = order;
  }

  push(piece: Uint8Array): string {
    // A copy, for `swap16` changes its bytes.
    const bytes = Buffer.concat([this.#rest, piece]);
    const end = bytes.length - (bytes.length % 2);
    this.#rest = Buffer.from(bytes.subarray(end));
    const units = bytes.subarray(0, end);
    return (this.#order === "BE" ? units.swap16() : units).toString("utf16le");
  }

  /** A last byte without its second one becomes half a surrogate pair, as a byte that is not UTF-8 does. */
  end(): string {
    const [byte] = this.#rest;
    this.#rest = Buffer.alloc(0);
    return byte === undefined ? "" : String.fromCharCode(0xdc00 + byte);
  }
}
