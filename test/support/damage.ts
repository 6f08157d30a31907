/** Snapshots with one place changed whose checksums are right all the same, as a defect or an attacker would make them. */
import fc from "fast-check";
import { crc32 } from "../../src/forecast/encoding/checksum.js";

const headerBytes = 12;
/** Bytes of a record around its body. */
const frame = headerBytes + 4;

/** Where a snapshot's records begin and end. */
function recordsIn(snapshot: Uint8Array): { readonly at: number; readonly end: number }[] {
  const view = new DataView(snapshot.buffer, snapshot.byteOffset, snapshot.byteLength);
  const records: { at: number; end: number }[] = [];
  for (let at = 0; at < snapshot.length;) {
    const end = at + frame + view.getUint32(at + 8, true);
    records.push({ at, end });
    at = end;
  }
  return records;
}

/** Corrects the checksum of each record. */
function reseal(snapshot: Uint8Array): Uint8Array {
  const view = new DataView(snapshot.buffer, snapshot.byteOffset, snapshot.byteLength);
  for (const { at, end } of recordsIn(snapshot)) {
    view.setUint32(end - 4, crc32(snapshot.subarray(at, end - 4)), true);
  }
  return snapshot;
}

/** What a 32-bit word, or the 64-bit number that ends with it, becomes. */
const words = fc.oneof(
  fc.constantFrom(
    0,
    1,
    2,
    5,
    0xffffffff,
    0x7fffffff,
    0x7f800000,
    0xff800000,
    0x7fc00000,
    0x7ff00000,
    0x41e00000,
  ),
  fc.integer({ min: 0, max: 0xffffffff }),
);

/** A word of a snapshot's record, counted in bytes from the front of the body, and what it becomes. */
export interface Damage {
  readonly record: number;
  readonly offset: number;
  readonly word: number;
}

/** Damages of a snapshot; the front of a body, where counts are, is damaged most often. */
export function damages(snapshot: Uint8Array): fc.Arbitrary<Damage> {
  const records = recordsIn(snapshot);
  return fc.nat(records.length - 1).chain((record) => {
    const last = records[record]!.end - records[record]!.at - frame - 4;
    const offset = fc.oneof(fc.nat(Math.min(last, 600)), fc.nat(last));
    return fc.record({ record: fc.constant(record), offset, word: words });
  });
}

/** The snapshot with that damage, and its checksums right. */
export function damaged(snapshot: Uint8Array, { record, offset, word }: Damage): Uint8Array {
  const copy = snapshot.slice();
  new DataView(copy.buffer).setUint32(recordsIn(copy)[record]!.at + headerBytes + offset, word, true);
  return reseal(copy);
}
