/** Derives an incident again from the log: a snapshot before its first event, brought forward by replay to its end. */
import { wasmEngine } from "../engine/wasm/engine.js";
import { UndercurrentError } from "../errors/errors.js";
import type { Rarity } from "../forecast/detection/detection.js";
import type { Origin } from "./decode/dead-letter.js";
import { patience } from "./decode/format.js";
import { withJsonIncidents } from "./encode-settings.js";
import { readIncident, type IncidentMessage } from "./encode/incidents/message.js";
import type { ExplainOptions } from "./explain.js";
import type { InputBatch, OutputRecord } from "./ports.js";
import { PastModels } from "./task/candidate/past-models.js";

/** Where an incident began: its id names topic, partition and offset of its first event, that of a silence of the last before it. */
export interface IncidentPlace extends Origin {
  readonly id: string;
  readonly offset: number;
}

export interface DerivedIncident extends IncidentPlace {
  /** The input offset that the replay began at: of a snapshot, or the first of the input. */
  readonly from: number;
  readonly snapshot: boolean;
  /** Records that were replayed, those of the incident included. */
  readonly replayed: number;
  /** What about its first value was rarest; undefined for a key without a value there. */
  readonly rarity: Rarity | undefined;
  /** The records of the incidents topic in flat JSON, in order. The last one is not "closed" where the incident is open at the end of the input. */
  readonly changes: readonly OutputRecord[];
}

/** Most records that are forecast at once. */
const batchSize = 1000;

/**
 * Reads the place in an id, such as readings-0-1234. Throws SETTING_INVALID for the id of another topic.
 *
 * @example
 * ```ts
 * placeOfIncident("readings-0-1234", "readings"); // { id: "readings-0-1234", topic: "readings", partition: 0, offset: 1234 }
 * ```
 */
export function placeOfIncident(id: string, topic: string): IncidentPlace {
  const [, partition, offset] = id.startsWith(`${topic}-`)
    ? (/^(\d{1,9})-(\d{1,15})(?:\.\d{1,5})?(?:-[a-z-]+)?$/.exec(id.slice(topic.length + 1)) ?? [])
    : [];
  if (partition !== undefined && offset !== undefined) {
    return { id, topic, partition: Number(partition), offset: Number(offset) };
  }
  throw new UndercurrentError(
    "SETTING_INVALID",
    `${JSON.stringify(id)} is no incident of the topic ${topic}: expected ${topic}-PARTITION-OFFSET, as in the list of incidents`,
  );
}

/**
 * Replays the input from the end of the state, and takes the changes of the incident up to its end or the end of the input.
 * Throws SNAPSHOT_FOREIGN and the like for a state of other settings, and HISTORY_MISSING if the model has no such incident.
 */
export async function explainIncident(
  input: AsyncIterable<InputBatch>,
  place: IncidentPlace,
  options: Omit<ExplainOptions, "origin" | "key">,
): Promise<DerivedIncident> {
  const { state, format, engine = wasmEngine } = options;
  const rarities = new Map<string, Rarity | undefined>();
  let atBegin = false;
  const changes: OutputRecord[] = [];
  /** Takes those of the incident up to its end. */
  const take = (incidents: readonly OutputRecord[]): void => {
    for (const record of incidents) {
      if (!hasEnded() && readIncident(record.value)?.id === place.id) changes.push(record);
    }
  };
  const hasEnded = (): boolean => readIncident(changes.at(-1)?.value ?? null)?.change === "closed";
  const models = new PastModels({
    ...options,
    settings: { ...options.settings, encode: withJsonIncidents(options.settings.encode) },
    engine,
    origin: place,
    tells: "incidents",
    onHandOver: take,
    telemetry: {
      rejection: () => undefined,
      update: () => undefined,
      forecasts: (batch) => {
        for (let row = 0; atBegin && row < batch.count; row++) {
          const slot = batch.columns.slots[row]!;
          rarities.set(batch.keyOf(slot), models.asked.explainScore(slot));
        }
      },
    },
  });
  try {
    let replayed = 0;
    let from = state?.offset;
    const derived = (): DerivedIncident => {
      if (changes.length === 0) {
        throw new UndercurrentError(
          "HISTORY_MISSING",
          `topic ${place.topic}, partition ${place.partition}, offset ${place.offset}: no incident begins with this record`,
        );
      }
      const { key } = readIncident(changes[0]!.value)!;
      const origin = { topic: place.topic, partition: place.partition };
      return {
        ...{ id: place.id, ...origin, offset: place.offset, from: from ?? place.offset },
        ...{ snapshot: state !== undefined, replayed, rarity: rarities.get(key), changes },
      };
    };
    for await (const { records } of input) {
      from ??= records[0]?.offset;
      await format?.prepare(records, patience());
      const before = records.filter((record) => record.offset < place.offset);
      for (const part of models.parts(before)) models.replay(part);
      const begin = before.length;
      replayed += begin;
      for (let at = begin; at < records.length;) {
        // The first event by itself: what was rare about it is known until the key's next one.
        atBegin = records[at]!.offset === place.offset;
        const batch = records.slice(at, at + (atBegin ? 1 : batchSize));
        at += batch.length;
        for (const part of models.parts(batch)) {
          if (hasEnded()) return derived();
          const { incidents } = models.process(part);
          replayed += part.length;
          take(incidents);
          if (hasEnded()) return derived();
        }
      }
    }
    models.turnTo(Infinity);
    return derived();
  } finally {
    models.dispose();
  }
}

/** Returns kind and direction of an incident in words, and of a group how many members deviated. */
export function kindText({
  kind,
  direction,
  members_deviating: members,
}: Pick<IncidentMessage, "kind" | "direction" | "members_deviating">): string {
  return [kind ?? "unknown", direction ?? "", members === undefined ? "" : `of ${members}`].join(" ").trim();
}
