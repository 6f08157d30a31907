/** Input records for tests of the pipeline, and output records as text. */
import type { InputRecord, OutputRecord } from "../../src/pipeline/ports.js";

export const start = 1_700_000_000_000;

export const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text));

export const text = (part: Uint8Array | null): string | null => part && Buffer.from(part).toString();

/** A record whose value is JSON of `value`. */
export function jsonRecord(
  offset: number,
  key: string,
  value: unknown,
  timestamp = start + 1000 * offset,
): InputRecord {
  return { offset, key: bytes(key), value: bytes(JSON.stringify(value)), headers: [], timestamp };
}

/** `count` readings of `keys` keys, one in ten of them unreadable, late or without a value. */
export function mixedRecords(count: number, keys = 3): InputRecord[] {
  return Array.from({ length: count }, (_, offset) => {
    const value = offset % 13 === 5 ? null : Math.sin(offset / 3) + (offset % keys);
    const record = jsonRecord(offset, `key-${offset % keys}`, { value });
    if (offset % 17 === 3) return { ...record, value: bytes("{") };
    if (offset % 19 === 7) return { ...record, timestamp: record.timestamp - 60_000 };
    return record;
  });
}

/** The text of a header. */
export function header(record: OutputRecord, name: string): string | undefined {
  const found = record.headers.findLast((each) => each.name === name);
  return found && Buffer.from(found.value).toString();
}
