/** Reads a compacted topic partition from its first record to its end: the latest record of each key. */
import { setTimeout as sleep } from "node:timers/promises";
import { UndercurrentError } from "../../../errors/errors.js";
import type { StateRecord } from "../../../pipeline/ports.js";
import type { Feed, FeedBatch } from "./feed.js";

/**
 * Takes from a feed until it has passed `end`, and closes it. The feed also moves over batches of control and aborted
 * records alone, which never come as messages: whoever waited for a last message would wait for ever.
 *
 * Throws RESTORE_STALLED when nothing comes for `stallMs`, and FENCED when the feed is closed meanwhile.
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
        throw new UndercurrentError("RESTORE_STALLED", `${origin}: nothing came after offset ${position}`);
      }
      if (batch === undefined)
        throw new UndercurrentError("FENCED", `${origin}: taken away while it was read`);
      yield batch;
      position = batch.nextOffset;
    }
  } finally {
    feed.close();
  }
}

/** The latest records up to `end` of a feed, opened at the partition's first offset. Throws as `readUpTo` does. */
export async function restoreState(
  feed: Feed,
  end: number,
  stallMs: number,
  origin: string,
): Promise<StateRecord[]> {
  const latest = new Map<string, Uint8Array>();
  for await (const { messages } of readUpTo(end, feed, stallMs, origin)) {
    for (const { key, value } of messages) {
      if (key === null) continue;
      const name = key.toString("utf8");
      // A copy, for the message is a slice of a whole fetch that would be kept with it.
      if (value === null) latest.delete(name);
      else latest.set(name, new Uint8Array(value));
    }
  }
  return [...latest].map(([key, value]) => ({ key, value }));
}

/** A timer of its own for each batch, ended with it: thousands of them would else wait for the end of a large state. */
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
