/** Computes the unpacked size of an LZ4 frame without unpacking it, because the library takes no limit. */
import { UndercurrentError } from "../../../errors/errors.js";

// Of the LZ4 frame format, version 1.6.
const magic = 0x184d2204;
const [hasDictionary, hasContentChecksum, hasContentSize, hasBlockChecksums] = [0x01, 0x04, 0x08, 0x10];
const uncompressedBlock = 0x80000000;
/** A length of at least `longLength` continues in further bytes; a match has at least `shortestMatch` bytes. */
const [longLength, shortestMatch] = [15, 4];

/**
 * Returns the unpacked size of the frames in bytes, or any number above `limit` if it exceeds the limit. Takes time linear
 * in the compressed bytes.
 *
 * @throws BATCH_UNREADABLE if the bytes are not LZ4 frames.
 */
export function lz4UnpackedBytes(frames: Buffer, limit: number): number {
  let bytes = 0;
  for (let at = 0; at < frames.length;) {
    if (at + 7 > frames.length || frames.readUInt32LE(at) !== magic) throw damaged();
    const flags = frames[at + 4]!;
    at += 7 + (flags & hasContentSize ? 8 : 0) + (flags & hasDictionary ? 4 : 0);
    for (;;) {
      if (at + 4 > frames.length) throw damaged();
      const size = frames.readUInt32LE(at);
      at += 4;
      if (size === 0) break;
      const end = at + (size & ~uncompressedBlock);
      if (end > frames.length) throw damaged();
      bytes += size >= uncompressedBlock ? end - at : blockBytes(frames, at, end);
      if (bytes > limit) return bytes;
      at = end + (flags & hasBlockChecksums ? 4 : 0);
    }
    if (flags & hasContentChecksum) at += 4;
  }
  return bytes;
}

function blockBytes(block: Buffer, start: number, end: number): number {
  let bytes = 0;
  let at = start;
  /** Reads a length from half a token byte and the bytes that continue it. */
  const lengthFrom = (nibble: number): number => {
    if (nibble < longLength) return nibble;
    let length = nibble;
    for (let byte = 255; byte === 255; length += byte) {
      if (at >= end) throw damaged();
      byte = block[at++]!;
    }
    return length;
  };
  while (at < end) {
    const token = block[at++]!;
    const literals = lengthFrom(token >> 4);
    bytes += literals;
    at += literals;
    // The last sequence of a block has only literals.
    if (at >= end) break;
    at += 2;
    bytes += lengthFrom(token & 15) + shortestMatch;
  }
  if (at !== end) throw damaged();
  return bytes;
}

function damaged(): UndercurrentError {
  return new UndercurrentError("BATCH_UNREADABLE", "its bytes are not an LZ4 frame");
}
