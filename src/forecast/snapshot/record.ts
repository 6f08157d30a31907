/**
 * The frame of a snapshot's records, which delimit and check themselves: magic "UCST", format (u16), kind (u16), length
 * of the body in bytes (u32), body, CRC-32 of all before it (u32); little-endian throughout.
 */
import { UndercurrentError } from "../../errors/library.js";
import type { ByteWriter } from "./bytes.js";
import { crc32 } from "../encoding/checksum.js";

const magic = 0x54534355;
/**
 * Format that this release writes; it reads this one and all before it. Release 0.1 wrote format 1 (`release-0-1.ts`). What
 * keys keep for further steps has changed since formats 2 to 6 (`older-horizons.ts`), their row of singles since format 6
 * (`older-rows.ts`).
 */
const snapshotFormat = 7;
export const kinds = { model: 1, key: 2, symbols: 3, windows: 4 } as const;
const headerBytes = 12;

/** A record around a body. */
export function seal(kind: number, body: ByteWriter): Uint8Array {
  const content = body.bytes();
  const record = new Uint8Array(headerBytes + content.length + 4);
  const view = new DataView(record.buffer);
  view.setUint32(0, magic, true);
  view.setUint16(4, snapshotFormat, true);
  view.setUint16(6, kind, true);
  view.setUint32(8, content.length, true);
  record.set(content, headerBytes);
  view.setUint32(record.length - 4, crc32(record.subarray(0, record.length - 4)), true);
  return record;
}

/** A record: its format and kind, the bytes of its body, and where it ends. */
export interface OpenRecord {
  readonly format: number;
  readonly kind: number;
  readonly body: Uint8Array;
  readonly end: number;
}

/** Reads and checks the record at a byte. Throws SNAPSHOT_CORRUPT and SNAPSHOT_VERSION. */
export function open(bytes: Uint8Array, at: number): OpenRecord {
  if (bytes.length - at < headerBytes + 4) throw corrupt(`truncated after ${bytes.length} bytes`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(at, true) !== magic) throw corrupt(`no record begins at byte ${at}`);
  const format = view.getUint16(at + 4, true);
  const end = at + headerBytes + view.getUint32(at + 8, true) + 4;
  if (end > bytes.length) throw corrupt(`truncated after ${bytes.length} bytes`);
  if (crc32(bytes.subarray(at, end - 4)) !== view.getUint32(end - 4, true)) {
    throw corrupt(`the checksum of the record at byte ${at} does not match`);
  }
  if (format > snapshotFormat || format === 0) {
    throw new UndercurrentError(
      "SNAPSHOT_VERSION",
      `the snapshot has format ${format}, but this release reads formats up to ${snapshotFormat}`,
    );
  }
  const kind = view.getUint16(at + 6, true);
  return { format, kind, body: bytes.subarray(at + headerBytes, end - 4), end };
}

export function corrupt(what: string): UndercurrentError {
  return new UndercurrentError("SNAPSHOT_CORRUPT", `the snapshot is damaged: ${what}`);
}

export function foreign(what: string): UndercurrentError {
  return new UndercurrentError("SNAPSHOT_FOREIGN", `the snapshot is from another model: ${what}`);
}
