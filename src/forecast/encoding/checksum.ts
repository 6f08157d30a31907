/** Cyclic checksums of 32 bits, eight bytes a step ("slicing by 8"). */
import type * as Zlib from "node:zlib";

/** Returns the checksum with a polynomial, its bits reversed: of the bytes from `start` on, as a signed 32-bit number. */
export function checksumOf(polynomial: number): (bytes: Uint8Array, start?: number) => number {
  /** Eight tables of 256: the table `k` takes a byte that `k` further bytes follow. */
  const t = new Int32Array(8 * 256);
  for (let byte = 0; byte < 256; byte++) {
    let sum = byte;
    for (let bit = 0; bit < 8; bit++) sum = sum & 1 ? (sum >>> 1) ^ polynomial : sum >>> 1;
    t[byte] = sum;
  }
  for (let i = 256; i < t.length; i++) t[i] = (t[i - 256]! >>> 8) ^ t[t[i - 256]! & 0xff]!;
  return (bytes, start = 0) => {
    const end = bytes.length;
    let sum = -1;
    let at = start;
    for (; at + 8 <= end; at += 8) {
      sum ^= bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
      sum =
        t[1792 + (sum & 0xff)]! ^
        t[1536 + ((sum >>> 8) & 0xff)]! ^
        t[1280 + ((sum >>> 16) & 0xff)]! ^
        t[1024 + (sum >>> 24)]! ^
        t[768 + bytes[at + 4]!]! ^
        t[512 + bytes[at + 5]!]! ^
        t[256 + bytes[at + 6]!]! ^
        t[bytes[at + 7]!]!;
    }
    for (; at < end; at++) sum = (sum >>> 8) ^ t[(sum ^ bytes[at]!) & 0xff]!;
    return ~sum;
  };
}

const gzip = /* @__PURE__ */ checksumOf(0xedb88320);

let ofHost: ((bytes: Uint8Array) => number) | undefined;

/** Returns what Node.js has of the one of gzip, three times as fast, or ours. No import: other hosts have no such module. */
function gzipOfHost(): (bytes: Uint8Array) => number {
  const { process } = globalThis as { readonly process?: Partial<NodeJS.Process> };
  const zlib: Partial<typeof Zlib> | undefined = process?.getBuiltinModule?.("node:zlib");
  return zlib?.crc32 ?? ((bytes) => gzip(bytes) >>> 0);
}

/** Checksum of the bytes for snapshots, CRC-32 (ISO 3309, the one of gzip), an unsigned 32-bit number. */
export function crc32(bytes: Uint8Array): number {
  return (ofHost ??= gzipOfHost())(bytes);
}
