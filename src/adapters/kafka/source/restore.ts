/** Reads a compacted topic partition from its first record to its end: the latest record of each key. */
import { setTimeout as sleep } from "node:timers/promises";
import { UndercurrentError } from "../../../errors/errors.js";
import type { InputBatch, InputRecord, StateRecord } from "../../../pipeline/ports.js";
import { distinctOwners, OwnerReader, type StateOwner } from "../owner.js";
import type { Feed } from "../consumer/feed.js";

/**
 * Reads a feed until it has passed `end`, then closes it. The feed also moves past batches that hold only control and aborted
 * records, which never arrive as records.
 *
 * Throws RESTORE_STALLED if nothing arrives for `stallMs`, and FENCED if the feed is closed meanwhile.
 */
export async function* readUpTo(
  end: number,
  feed: Feed,
  stallMs: number,
  origin: string,
): AsyncGenerator<InputBatch> {
  try {
    for (let position = feed.position; position < end;) {
      const batch = await takeWithin(stallMs, feed);
      if (batch === "stalled") {
        throw new UndercurrentError("RESTORE_STALLED", `${origin}: no progress after offset ${position}`);
      }
      if (batch === undefined) throw new UndercurrentError("FENCED", `${origin}: revoked during the restore`);
      yield batch;
      position = batch.nextOffset;
    }
  } finally {
    feed.close();
  }
}

/** How far a feed is read, and for how long without anything new, in ms. */
export interface Reading {
  readonly end: number;
  readonly stallMs: number;
  /** Names what is read, for errors. */
  readonly origin: string;
}

/** The latest record of each key, and whose records they are. */
export interface FoundState {
  readonly records: StateRecord[];
  /** Each owner once; records of releases before this one name none. */
  readonly owners: readonly StateOwner[];
  /** Records that name no owner. */
  readonly unowned: number;
}

/** The latest records up to `end` of a feed, opened at the partition's first offset. Throws as `readUpTo` does. */
export async function restoreState(feed: Feed, { end, stallMs, origin }: Reading): Promise<FoundState> {
  const latest = new Map<string, StateRecord & { readonly owner: StateOwner | undefined }>();
  const reader = new OwnerReader();
  for await (const { records } of readUpTo(end, feed, stallMs, origin)) {
    for (const record of records) {
      requireReadable(record, origin);
      const { key: bytes, value, headers } = record;
      if (bytes === null) continue;
      const key = textOf(bytes);
      // Copies, because the record is a slice that would keep its whole fetch in memory.
      if (value === null) latest.delete(key);
      else latest.set(key, { key, value: new Uint8Array(value), owner: reader.read(headers) });
    }
  }
  const found = [...latest.values()];
  return {
    records: found.map(({ key, value }) => ({ key, value })),
    owners: distinctOwners(found.map(({ owner }) => owner)),
    unowned: found.filter(({ owner }) => owner === undefined).length,
  };
}

/** Returns the text of a record's key, without a copy of its bytes. */
export function textOf(key: Uint8Array): string {
  return Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString("utf8");
}

/** Throws SNAPSHOT_CORRUPT for a record that stands for an unreadable batch. */
export function requireReadable({ unreadable }: InputRecord, origin: string): void {
  if (unreadable !== undefined) throw new UndercurrentError("SNAPSHOT_CORRUPT", `${origin}: ${unreadable}`);
}

/** One timer per batch, cleared with it: otherwise thousands of timers would wait for the end of a large state. */
async function takeWithin(stallMs: number, feed: Feed): Promise<InputBatch | "stalled" | undefined> {
  const taken = new AbortController();
  const stalled = sleep(stallMs, "stalled" as const, { signal: taken.signal });
  stalled.catch(() => undefined);
  try {
    return await Promise.race([feed.take(), stalled]);
  } finally {
    taken.abort();
  }
}
