/** Makes strings of bytes. Short texts in ASCII are kept, because the records of a topic have the same keys again and again. */

/** Longest text that is kept, in bytes, and texts that are. */
const longest = 64;
const places = 4096;

export class Texts {
  /** The last text of each hash. */
  readonly #kept: string[] = Array.from({ length: places }, () => "");

  /** Returns the text of bytes; undefined if it is long, or not in ASCII. */
  read(bytes: Buffer, from: number, to: number): string | undefined {
    if (to - from > longest) return undefined;
    // FNV-1a
    let hash = 0x811c9dc5 | 0;
    for (let at = from; at < to; at++) {
      const byte = bytes[at]!;
      if (byte >= 0x80) return undefined;
      hash = Math.imul(hash ^ byte, 0x01000193);
    }
    const place = (hash ^ (hash >>> 15)) & (places - 1);
    const kept = this.#kept[place]!;
    return isOf(kept, bytes, from, to) ? kept : (this.#kept[place] = bytes.toString("latin1", from, to));
  }
}

function isOf(text: string, bytes: Buffer, from: number, to: number): boolean {
  if (text.length !== to - from) return false;
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) !== bytes[from + i]) return false;
  return true;
}
