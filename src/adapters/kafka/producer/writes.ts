/** What a commit writes, partition by partition. */
import { UndercurrentError } from "../../../errors/errors.js";
import type { Commit, OutputRecord, StateChange } from "../../../pipeline/ports.js";
import type { KafkaTopics } from "../options.js";
import { byPartition, grouped } from "./placement.js";
import { shortenForecast, shortenLetter } from "./shorten.js";
import type { TopicWrite } from "./split.js";

/**
 * Forecasts and state go to the partition that their observations came from, the others to that of their key; each
 * partition's records keep their order. `countOf` tells how many partitions a topic has. Throws TOPIC_MISSING for dead
 * letters that no topic is set for.
 */
export async function writesOf(
  { forecasts, deadLetters, routed, snapshot }: Omit<Commit, "offset">,
  topics: KafkaTopics,
  partition: number,
  countOf: (topic: string) => Promise<number>,
): Promise<TopicWrite[]> {
  const writes: TopicWrite[] = [
    { topic: topics.forecasts, partition, records: forecasts, shorten: shortenForecast },
  ];
  for (const { topic, records, ...how } of [...letters(deadLetters, topics), ...byTopic(routed)]) {
    const placed = byPartition(records, await countOf(topic), partition);
    for (const [place, some] of placed) writes.push({ topic, partition: place, records: some, ...how });
  }
  if (snapshot !== undefined)
    writes.push({ topic: topics.state, partition, records: snapshot.records.map(stateRecord) });
  return writes;
}

/** Records of a topic that go by their keys. */
type Spread = Omit<TopicWrite, "partition">;

function letters(records: Commit["deadLetters"], { deadLetters: topic }: KafkaTopics): Spread[] {
  if (records.length === 0) return [];
  if (topic !== undefined) return [{ topic, records, shorten: shortenLetter }];
  throw new UndercurrentError("TOPIC_MISSING", "a record was rejected, but topics.deadLetters is not set");
}

function byTopic(routed: Commit["routed"]): Spread[] {
  const topics = grouped(routed, ({ topic }) => topic);
  return [...topics].map(([topic, some]) => ({ topic, records: some.map(({ record }) => record) }));
}

/** Without a time of its own: it gets that of its writing. */
function stateRecord({ key, value }: StateChange): OutputRecord {
  return { key: Buffer.from(key), value, headers: [], timestamp: -1 };
}
