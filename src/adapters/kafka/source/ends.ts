/** Queries the end offsets of paused partitions, which no fetch reports. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Admin } from "kafkajs";
import type { Feed } from "./feed.js";
import { partitionExtents } from "../admin/topics.js";

/** Milliseconds between two questions. */
const period = 5000;

/** Tells the feeds that `feedOf` has of a topic, as long as there is no end to it; the promise resolves then. */
export async function followEnds(
  admin: Admin,
  topic: string,
  feedOf: (partition: number) => Feed | undefined,
  partitions: () => readonly number[],
  end: AbortSignal,
): Promise<void> {
  for (;;) {
    await sleep(period, undefined, { signal: end, ref: false }).catch(() => undefined);
    if (end.aborted) return;
    if (!partitions().some((partition) => feedOf(partition)?.paused === true)) continue;
    // An outage shows elsewhere; until it is over, what was heard last stands.
    const extents = await partitionExtents(admin, topic).catch(() => []);
    for (const { partition, high } of extents) feedOf(partition)?.hear(high);
  }
}
