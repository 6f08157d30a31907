/**
 * Seals the records of a state with their input offset. A record's value is: magic "UCTS", format (u32), offset (f64), CRC-32 of
 * all before it (u32), content; little-endian.
 */
import { UndercurrentError } from "../../errors/errors.js";
import { crc32 } from "../../forecast/encoding/checksum.js";
import type { StateRecord } from "../ports.js";

const magic = 0x53544355;
const stateFormat = 1;
/** Bytes before the content. */
export const headerBytes = 20;

/** Returns the value of a record for an input offset. */
export function sealRecord(offset: number, snapshot: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(headerBytes + snapshot.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, magic, true);
  view.setUint32(4, stateFormat, true);
  view.setFloat64(8, offset, true);
  view.setUint32(16, crc32(bytes.subarray(0, 16)), true);
  bytes.set(snapshot, headerBytes);
  return bytes;
}

/** Opens the value of a record. Throws STATE_TORN, and SNAPSHOT_VERSION if a later release wrote it. */
export function openRecord({ key, value }: StateRecord): { offset: number; snapshot: Uint8Array } {
  const view = new DataView(value.buffer, value.byteOffset, value.byteLength);
  if (value.length < headerBytes || view.getUint32(0, true) !== magic) {
    throw torn(`${JSON.stringify(key)} is not a state record`);
  }
  if (crc32(value.subarray(0, 16)) !== view.getUint32(16, true)) {
    throw torn(`the checksum of ${JSON.stringify(key)} does not match`);
  }
  const format = view.getUint32(4, true);
  if (format !== stateFormat) {
    throw new UndercurrentError(
      "SNAPSHOT_VERSION",
      `the state has format ${format}, but this release reads format ${stateFormat}`,
    );
  }
  return { offset: view.getFloat64(8, true), snapshot: value.subarray(headerBytes) };
}

/** The error of records that are not those of one state. */
export function torn(what: string): UndercurrentError {
  return new UndercurrentError("STATE_TORN", `inconsistent state: ${what}`);
}
