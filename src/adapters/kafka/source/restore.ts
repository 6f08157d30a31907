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
  const latest = new LatestRecords();
  for await (const { records } of readUpTo(end, feed, stallMs, origin)) {
    for (const record of records) {
      requireReadable(record, origin);
      latest.take(record);
    }
  }
  return latest.found();
}

/** Bytes that records may keep in memory beyond twice their own. */
const spare = 64 * 2 ** 20;

/** A record of a state, and who wrote it. */
type OwnedRecord = StateRecord & { readonly value: Uint8Array; readonly owner: StateOwner | undefined };

/**
 * The latest record of each key. A record is a slice of what the client has fetched, and keeps all of it in memory. While most
 * of what was fetched is of use, it is kept without copies.
 */
class LatestRecords {
  readonly #records = new Map<string, OwnedRecord>();
  readonly #reader = new OwnerReader();
  /** Bytes of the records, and those that they keep in memory. */
  #used = 0;
  #kept = 0;
  #buffer: ArrayBufferLike | undefined;

  take({ key: bytes, value, headers }: InputRecord): void {
    if (bytes === null) return;
    const key = textOf(bytes);
    this.#used -= this.#records.get(key)?.value.length ?? 0;
    if (value === null) {
      this.#records.delete(key);
      return;
    }
    const { buffer, byteOffset, length } = value;
    if (buffer !== this.#buffer) this.#kept += buffer.byteLength;
    this.#buffer = buffer;
    this.#used += length;
    const owner = this.#reader.read(headers);
    // Not the client's Buffer, whose `slice` makes no copy.
    this.#records.set(key, { key, value: new Uint8Array(buffer, byteOffset, length), owner });
    if (this.#kept > 2 * this.#used + spare) this.#copyAll();
  }

  found(): FoundState {
    const found = [...this.#records.values()];
    return {
      records: found.map(({ key, value }) => ({ key, value })),
      owners: distinctOwners(found.map(({ owner }) => owner)),
      unowned: found.filter(({ owner }) => owner === undefined).length,
    };
  }

  /** Copies the records, so that what was fetched can go. */
  #copyAll(): void {
    for (const [key, record] of this.#records) {
      this.#records.set(key, { ...record, value: new Uint8Array(record.value) });
    }
    this.#kept = this.#used;
    this.#buffer = undefined;
  }
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
