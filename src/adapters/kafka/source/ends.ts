/** Queries the end offsets of paused partitions, which no fetch reports. */
import type { AdminClient } from "../admin-client.js";
import type { Feed } from "../consumer/feed.js";
import { partitionWatermarks } from "../admin/topics.js";
import { every } from "../every.js";

/** Milliseconds between two questions. */
const period = 5000;

/** The feeds of the input's partitions. */
export interface InputFeeds {
  readonly topic: string;
  /** Returns the partitions that this member owns now. */
  readonly owned: () => readonly number[];
  /** Returns the feed of a partition, or undefined if there is none. */
  readonly feedOf: (partition: number) => Feed | undefined;
}

/**
 * Reports the input's high watermarks to its feeds while one of them is paused.
 *
 * @returns a promise that resolves when `stop` is aborted
 */
export async function followEnds(
  admin: AdminClient,
  { topic, owned, feedOf }: InputFeeds,
  stop: AbortSignal,
): Promise<void> {
  await every(period, stop, async () => {
    if (!owned().some((partition) => feedOf(partition)?.paused === true)) return;
    // Outages are reported elsewhere; until they end, the last known ends remain.
    const watermarks = await partitionWatermarks(admin, topic).catch(() => []);
    for (const { partition, high } of watermarks) feedOf(partition)?.hear(high);
  });
}
