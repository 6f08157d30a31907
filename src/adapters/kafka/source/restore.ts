/** Reads a compacted topic partition from its first record to its end: the latest record of each key. */
import { setTimeout as sleep } from "node:timers/promises";
import type { KafkaMessage } from "kafkajs";
import { UndercurrentError } from "../../../errors/errors.js";
import type { StateRecord } from "../../../pipeline/ports.js";
import type { BatchMessage } from "../kafkajs/batch-reader.js";
import { distinctOwners, OwnerReader, type StateOwner } from "../owner.js";
import type { Feed, FeedBatch } from "./feed.js";

/**
 * Reads a feed until it has passed `end`, then closes it. The feed also moves past batches that hold only control and aborted
 * records, which never arrive as messages.
 *
 * Throws RESTORE_STALLED if nothing arrives for `stallMs`, and FENCED if the feed is closed meanwhile.
 */
export async function* readUpTo(
  end: number,
  feed: Feed,
  stallMs: number,
  origin: string,
): AsyncGenerator<FeedBatch> {
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
  for await (const { messages } of readUpTo(end, feed, stallMs, origin)) {
    for (const message of messages) {
      requireReadable(message, origin);
      const { key: bytes, value, headers } = message;
      if (bytes === null) continue;
      const key = bytes.toString("utf8");
      // Copies, because the message is a slice that would keep its whole fetch in memory.
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

/** Throws SNAPSHOT_CORRUPT for a message that replaces an unreadable batch. */
export function requireReadable(message: KafkaMessage, origin: string): void {
  const { unreadable } = message as KafkaMessage & Pick<BatchMessage, "unreadable">;
  if (unreadable !== undefined) throw new UndercurrentError("SNAPSHOT_CORRUPT", `${origin}: ${unreadable}`);
}

/** One timer per batch, cleared with it: otherwise thousands of timers would wait for the end of a large state. */
async function takeWithin(stallMs: number, feed: Feed): Promise<FeedBatch | "stalled" | undefined> {
  const taken = new AbortController();
  const stalled = sleep(stallMs, "stalled" as const, { signal: taken.signal });
  stalled.catch(() => undefined);
  try {
    return await Promise.race([feed.take(), stalled]);
  } finally {
    taken.abort();
  }
}
