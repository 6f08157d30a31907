/** The key of a scanned record, as bytes: a part of the record as it is, or several parts joined in a buffer. */
import { maximumKeyLength } from "../../../forecast/input.js";
import { windowBytes } from "../record-key.js";
import { escapeKeyPart, isPath, keyParts, type DecodeSettings } from "../../decode-settings.js";

const [slash, tilde, zero, one] = [0x2f, 0x7e, 0x30, 0x31];
const nothing = new Uint8Array(0);

/** Where a part of a key is. */
interface Place {
  bytes: Uint8Array;
  start: number;
  end: number;
}

export class ScannedKey {
  /** The key is `bytes.subarray(start, end)`: not empty, and not yet checked to be UTF-8 if a record's key is in it. */
  bytes: Uint8Array = nothing;
  start = 0;
  end = 0;

  readonly #parts: readonly Place[];
  readonly #isOfRecord: readonly boolean[];
  readonly #isOfDocument: readonly boolean[];
  /** Slash and name of each series; undefined for the only one. */
  readonly #suffixes: readonly Uint8Array[] | undefined;
  readonly #longestSuffix: number;
  /** Several parts, with room for each byte escaped. */
  readonly #joined: Uint8Array;
  /** Bytes of the window behind a record's key. */
  readonly #windowBytes: number;
  /** Where the joined parts end. */
  #base = 0;

  constructor(settings: DecodeSettings, names: readonly string[]) {
    const parts = keyParts(settings);
    this.#windowBytes = settings.keyWindow === undefined ? 0 : windowBytes[settings.keyWindow];
    this.#isOfRecord = parts.map((part) => typeof part === "object" && "record" in part);
    this.#isOfDocument = parts.map(isPath);
    this.#parts = parts.map((part) => {
      const bytes = typeof part === "object" && "const" in part ? Buffer.from(part.const) : nothing;
      return { bytes, start: 0, end: bytes.length };
    });
    if (settings.series !== undefined) {
      this.#suffixes = names.map((name) => Buffer.from(`/${escapeKeyPart(name)}`));
    }
    this.#longestSuffix = Math.max(0, ...(this.#suffixes ?? []).map(({ length }) => length));
    this.#joined = new Uint8Array(parts.length * (2 * maximumKeyLength + 1) + this.#longestSuffix);
  }

  /** Begins with a record's own key. Returns false if it is a part and there is none. */
  begin(key: Uint8Array | null): boolean {
    const parts = this.#parts;
    for (let i = 0; i < parts.length; i++) {
      if (this.#isOfDocument[i]) this.set(i, nothing, 0, 0);
      if (!this.#isOfRecord[i]) continue;
      if (key === null || key.length <= this.#windowBytes) return false;
      this.set(i, key, 0, key.length - this.#windowBytes);
    }
    return true;
  }

  /** Takes the bytes of a part. */
  set(part: number, bytes: Uint8Array, start: number, end: number): void {
    const place = this.#parts[part]!;
    place.bytes = bytes;
    place.start = start;
    place.end = end;
  }

  /** Makes the key of its parts. Returns false if a part is missing, or the key may be too long. */
  join(): boolean {
    const parts = this.#parts;
    const { bytes, start, end } = parts[0]!;
    if (parts.length === 1 && this.#suffixes === undefined) {
      this.bytes = bytes;
      this.start = start;
      this.end = end;
      return end > start && end - start <= maximumKeyLength;
    }
    this.bytes = this.#joined;
    this.start = 0;
    this.#base = 0;
    for (let i = 0; i < parts.length; i++) if (!this.#append(i)) return false;
    this.end = this.#base;
    return this.#base + this.#longestSuffix <= maximumKeyLength;
  }

  /** Takes the key of a series. */
  select(series: number): void {
    const suffix = this.#suffixes?.[series];
    if (suffix === undefined) return;
    for (let i = 0; i < suffix.length; i++) this.#joined[this.#base + i] = suffix[i]!;
    this.end = this.#base + suffix.length;
  }

  /** Appends a part, escaped as `escapeKeyPart` does, and the slash before it. */
  #append(part: number): boolean {
    const { bytes, start, end } = this.#parts[part]!;
    if (end === start || end - start > maximumKeyLength) return false;
    const joined = this.#joined;
    let at = this.#base;
    if (part > 0) joined[at++] = slash;
    for (let i = start; i < end; i++) {
      const byte = bytes[i]!;
      if (byte === slash || byte === tilde) {
        joined[at++] = tilde;
        joined[at++] = byte === slash ? one : zero;
      } else joined[at++] = byte;
    }
    this.#base = at;
    return true;
  }
}
