/**
 * Decodes UTF-8 that arrives in pieces. A byte that is not UTF-8 becomes half a surrogate pair, U+DC00 plus the byte, which
 * well-formed text never contains. So the line or key is refused where it is read, and two keys never become one.
 */
import { isUtf8 } from "node:buffer";

const nothing = Buffer.alloc(0);

/**
 * @example
 * ```ts
 * const decoder = new Utf8Decoder();
 * decoder.push(Buffer.from([0xc3])); // ""
 * decoder.push(Buffer.from([0xa9, 0xff])); // "é\udcff"
 * decoder.end(); // ""
 * ```
 */
export class Utf8Decoder {
  /** The beginning of a character, 1 to 3 bytes. */
  #rest: Uint8Array = nothing;

  push(piece: Uint8Array): string {
    const bytes = this.#rest.length === 0 ? piece : Buffer.concat([this.#rest, piece]);
    const end = bytes.length - openBytes(bytes);
    this.#rest = bytes.slice(end);
    return decode(bytes.subarray(0, end));
  }

  /** The bytes of a character that did not end. */
  end(): string {
    const rest = this.#rest;
    this.#rest = nothing;
    return decode(rest);
  }
}

/** What the error of a line says that did not come from UTF-8. */
export const notUtf8Text =
  "the line is not UTF-8 text; --encoding names another encoding, such as --encoding windows-1252 for older Windows programs";

/** Whether text came from bytes that are UTF-8. */
export function wasUtf8(text: string): boolean {
  return text.isWellFormed();
}

function decode(bytes: Uint8Array): string {
  if (isUtf8(bytes)) return textOf(bytes, 0, bytes.length);
  const parts: string[] = [];
  let start = 0;
  for (let at = 0; at < bytes.length;) {
    const length = characterBytes(bytes, at);
    if (length > 0) {
      at += length;
      continue;
    }
    parts.push(textOf(bytes, start, at), String.fromCharCode(0xdc00 + bytes[at]!));
    start = ++at;
  }
  parts.push(textOf(bytes, start, bytes.length));
  return parts.join("");
}

/** Returns the size of the character at an index, in bytes; 0 without one. */
function characterBytes(bytes: Uint8Array, at: number): number {
  const length = lengthOf(bytes[at]!);
  if (length <= 1) return length;
  return at + length <= bytes.length && isUtf8(bytes.subarray(at, at + length)) ? length : 0;
}

/** Returns the size of a character that begins with this byte; 0 if no character does. */
function lengthOf(lead: number): number {
  if (lead < 0x80) return 1;
  if (lead < 0xc2) return 0;
  if (lead < 0xe0) return 2;
  if (lead < 0xf0) return 3;
  return lead < 0xf5 ? 4 : 0;
}

/** Bytes at the end that may be the beginning of a character. */
function openBytes(bytes: Uint8Array): number {
  for (let back = 1; back <= 3 && back <= bytes.length; back++) {
    const byte = bytes[bytes.length - back]!;
    if ((byte & 0xc0) !== 0x80) return lengthOf(byte) > back ? back : 0;
  }
  return 0;
}

function textOf(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString("utf8");
}
