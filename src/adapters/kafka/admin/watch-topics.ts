/**
 * Notices recreated topics. A topic that is deleted and recreated keeps its name and loses its records, and a fetch, which
 * names the topic, continues as if nothing had happened.
 */
import type { AdminClient, TopicIds } from "../admin-client.js";
import { every } from "../every.js";
import { topicIds } from "./topic-ids.js";

/** Time between two requests, in ms, and so the time within which a recreated topic is noticed. */
const period = 5000;

/** A recreated topic, with its ids before and now. */
export interface RecreatedTopic {
  readonly topic: string;
  readonly before: string;
  readonly now: string;
}

/** Reports each recreated topic. `ids` are the known ids. The promise resolves when the watch ends. */
export async function watchTopics(
  admin: AdminClient,
  ids: TopicIds,
  tell: (recreated: RecreatedTopic) => void,
  end: AbortSignal,
): Promise<void> {
  const known = new Map(ids);
  await every(period, end, async () => {
    // Outages and deleted topics are reported elsewhere.
    const found = await topicIds(admin, [...known.keys()]).catch(() => undefined);
    for (const [topic, now] of found ?? []) {
      const before = known.get(topic)!;
      if (now === before) continue;
      known.set(topic, now);
      tell({ topic, before, now });
    }
  });
}
