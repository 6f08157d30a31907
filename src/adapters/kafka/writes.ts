/** What a commit writes, topic by topic. */
import { UndercurrentError } from "../../errors.js";
import type { Commit, OutputRecord, StateChange } from "../../pipeline/ports.js";
import type { KafkaTopics } from "./options.js";
import { shortenForecast, shortenLetter } from "./shorten.js";
import type { TopicWrite } from "./split.js";

/**
 * Forecasts and state go to the partition that their observations came from, the others to that of their key; each
 * topic's records keep their order. Throws TOPIC_MISSING for dead letters that no topic is set for.
 */
export function writesOf(
  { forecasts, deadLetters, routed, snapshot }: Omit<Commit, "offset">,
  topics: KafkaTopics,
  partition: number,
): TopicWrite[] {
  const writes: TopicWrite[] = [
    { topic: topics.forecasts, partition, records: forecasts, shorten: shortenForecast },
  ];
  if (deadLetters.length > 0) {
    if (topics.deadLetters === undefined) {
      throw new UndercurrentError("TOPIC_MISSING", "there are dead letters, and no topic for them is set");
    }
    writes.push({ topic: topics.deadLetters, records: deadLetters, shorten: shortenLetter });
  }
  const byTopic = new Map<string, OutputRecord[]>();
  for (const { topic, record } of routed) {
    const records = byTopic.get(topic);
    if (records === undefined) byTopic.set(topic, [record]);
    else records.push(record);
  }
  for (const [topic, records] of byTopic) writes.push({ topic, records });
  if (snapshot !== undefined)
    writes.push({ topic: topics.state, partition, records: snapshot.records.map(stateRecord) });
  return writes;
}

/** Without a time of its own: it gets that of its writing. */
function stateRecord({ key, value }: StateChange): OutputRecord {
  return { key: Buffer.from(key), value, headers: [], timestamp: -1 };
}
