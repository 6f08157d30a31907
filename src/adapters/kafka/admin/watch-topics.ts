/**
 * Whether topics are still the ones that they were: one that is deleted and made again keeps its name and loses what it
 * held. A fetch by name, which is the only one that the client has, goes on as if nothing had happened.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Admin } from "kafkajs";
import { topicIds, type TopicIds } from "../kafkajs/topic-ids.js";

/** Milliseconds between two questions, and so the time within which a topic that was made again is noticed. */
const period = 5000;

/** A topic that was made again, and its ids before and now. */
export interface RecreatedTopic {
  readonly topic: string;
  readonly before: string;
  readonly now: string;
}

/** Tells of each topic that is made again; the promise resolves at the end. `ids` are those that are known. */
export async function watchTopics(
  admin: Admin,
  ids: TopicIds,
  tell: (recreated: RecreatedTopic) => void,
  end: AbortSignal,
): Promise<void> {
  const known = new Map(ids);
  for (;;) {
    await sleep(period, undefined, { signal: end, ref: false }).catch(() => undefined);
    if (end.aborted) return;
    // An outage shows elsewhere; a topic that is gone does too.
    const found = await topicIds(admin, [...known.keys()]).catch(() => undefined);
    for (const [topic, now] of found ?? []) {
      const before = known.get(topic)!;
      if (now === before) continue;
      known.set(topic, now);
      tell({ topic, before, now });
    }
  }
}
