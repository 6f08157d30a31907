/** Lists the records of a commit by output partition. */
import { UndercurrentError } from "../../../errors/errors.js";
import type { Commit, OutputRecord, StateChange } from "../../../pipeline/ports.js";
import type { KafkaTopics } from "../options.js";
import { applicationHeader, headerOf, type StateOwner } from "../owner.js";
import { byPartition, grouped } from "./placement.js";
import { shortenForecast, shortenLetter } from "./shorten.js";
import type { TopicWrite } from "./split.js";

/** Where a commit goes, and whose it is. */
export interface WriteTarget {
  readonly topics: KafkaTopics;
  readonly owner: StateOwner;
  /** How many partitions a topic has. */
  readonly countOf: (topic: string) => Promise<number>;
}

/**
 * Forecasts, incidents and state go to the input's partition, the others to that of their key; each partition's records
 * keep their order. Forecasts and incidents name their application, state records their owner. Throws TOPIC_MISSING for dead letters that no topic
 * is set for.
 */
export async function writesOf(
  {
    forecasts,
    incidents,
    candidates,
    candidateIncidents,
    deadLetters,
    routed,
    snapshot,
  }: Omit<Commit, "offset">,
  { topics, owner, countOf }: WriteTarget,
): Promise<TopicWrite[]> {
  const { application, partition } = owner;
  const header = { name: applicationHeader, value: Buffer.from(application) };
  const writes: TopicWrite[] = [];
  const add = (topic: string | undefined, records: readonly OutputRecord[] | undefined): void => {
    if (topic === undefined || records === undefined) return;
    writes.push({ topic, partition, records, header, shorten: shortenForecast });
  };
  add(topics.forecasts, forecasts);
  add(topics.incidents, incidents);
  add(topics.candidate, candidates);
  add(topics.candidateIncidents, candidateIncidents);
  for (const { topic, records, placements, ...how } of [
    ...letters(deadLetters, topics),
    ...byTopic(routed),
  ]) {
    const placed = byPartition(records, await countOf(topic), { input: partition, placements });
    for (const [place, some] of placed) writes.push({ topic, partition: place, records: some, ...how });
  }
  if (snapshot !== undefined) {
    const records = snapshot.records.map(stateRecord);
    writes.push({ topic: topics.state, partition, records, header: headerOf(owner) });
  }
  return writes;
}

/** Records of a topic that go by their keys. */
type Spread = Omit<TopicWrite, "partition"> & {
  /** What places a record other than its key. */
  readonly placements?: ReadonlyMap<OutputRecord, Uint8Array | "input">;
};

function letters(records: Commit["deadLetters"], { deadLetters: topic }: KafkaTopics): Spread[] {
  if (records.length === 0) return [];
  if (topic !== undefined) return [{ topic, records, shorten: shortenLetter }];
  throw new UndercurrentError("TOPIC_MISSING", "a record was rejected, but topics.deadLetters is not set");
}

function byTopic(routed: Commit["routed"]): Spread[] {
  const topics = grouped(routed, ({ topic }) => topic);
  return [...topics].map(([topic, some]) => ({
    topic,
    records: some.map(({ record }) => record),
    placements: new Map(
      some.flatMap(({ record, placedBy }) => (placedBy === undefined ? [] : [[record, placedBy]])),
    ),
  }));
}

/** A record without a timestamp gets the time of writing. */
function stateRecord({ key, value }: StateChange): OutputRecord {
  return { key: Buffer.from(key), value, headers: [], timestamp: -1 };
}
