/** `explain --incident`: derives an incident again from a snapshot and the input, and compares it with the topic. */
import { readIncidents } from "../adapters/kafka/offline/incidents.js";
import { KafkaPast } from "../adapters/kafka/offline/past.js";
import type { KafkaOptions } from "../adapters/kafka/options.js";
import type { Config } from "../config/schema.js";
import {
  explainIncident,
  kindText,
  placeOfIncident,
  type DerivedIncident,
} from "../pipeline/explain-incident.js";
import { readIncident } from "../pipeline/encode/incidents/message.js";
import type { InputRecord } from "../pipeline/ports.js";
import type { PipelineSettings } from "../pipeline/settings.js";
import type { ModelRole } from "../pipeline/task/candidate/past-models.js";
import { plainTable } from "./backtest/backtest-table.js";
import { incidentReader, type IncidentReader } from "./shared/incident-reader.js";
import { loadEngine } from "./shared/engine.js";
import { modelAt } from "./shared/pipeline.js";
import { formatOf } from "./shared/decode/format.js";
import { figure, plainText, whole } from "./shared/text.js";

/**
 * Compares the derived changes with the topic's: same where all that both have are the same bytes, none where the topic has
 * no record of the incident.
 */
type Comparison = "same" | "differs" | "none";

const verdicts: Readonly<Record<Comparison, string>> = {
  same: "the incidents topic holds the same changes, byte for byte",
  differs:
    "the incidents topic holds DIFFERENT changes: other settings, another release, or a state that began elsewhere",
  none: "the incidents topic holds no record of this incident: it was written later, removed, or not yet",
};

export async function explainIncidentById(
  id: string,
  options: KafkaOptions,
  {
    settings,
    pipeline,
    role,
    json,
  }: {
    readonly settings: Config;
    readonly pipeline: PipelineSettings;
    readonly role: ModelRole;
    readonly json: boolean;
  },
): Promise<void> {
  const place = placeOfIncident(id, options.topics.input);
  const past = new KafkaPast(options, place.partition);
  const history = await past.historyAt(place.offset);
  const derived = await explainIncident(past.input(history.state?.offset), place, {
    ...history,
    model: modelAt(history, settings),
    settings: pipeline,
    role,
    format: await formatOf(settings),
    engine: await loadEngine(settings.engine),
  });
  const written: Uint8Array[] = [];
  const reader = await incidentReader(settings);
  const take = ({ value }: InputRecord): void => {
    if (value !== null && reader.read(value)?.id === id) written.push(value);
  };
  const isCandidate = role === "candidate";
  await readIncidents(options, { partition: place.partition, isCandidate }, take, reader.prepare);
  reader.warn();
  const comparison = compare(derived, written, reader.isSame);
  process.stdout.write(json ? `${asJson(derived, comparison)}\n` : asText(derived, comparison));
}

/** The topic may begin later than the incident, and one of both may have been read further. */
export function compare(
  { changes }: Pick<DerivedIncident, "changes">,
  written: readonly Uint8Array[],
  isSame: IncidentReader["isSame"] = (json, value) => Buffer.compare(json, value) === 0,
): Comparison {
  if (written.length === 0) return "none";
  const first = changes.findIndex(({ value }) => isSame(value!, written[0]!));
  if (first < 0) return "differs";
  const both = changes.slice(first, first + written.length);
  return both.every(({ value }, i) => isSame(value!, written[i]!)) ? "same" : "differs";
}

function asJson({ changes, ...derived }: DerivedIncident, written: Comparison): string {
  const messages = changes.map(({ value }): unknown => JSON.parse(Buffer.from(value!).toString()));
  return JSON.stringify({ ...derived, written, changes: messages }, undefined, 2);
}

function asText({ changes, ...derived }: DerivedIncident, written: Comparison): string {
  const { id, topic, partition, offset, from, snapshot, replayed, rarity } = derived;
  const messages = changes.map(({ value }) => readIncident(value)!);
  const last = messages.at(-1)!;
  const table = plainTable(["time", "change", "kind", "severity", "peak", "expected", "values"], 3);
  for (const change of messages) {
    table.push([
      ...[change.time, change.change, kindText(change)],
      ...[change.severity.toFixed(1), figure(change.peak_value ?? NaN), figure(change.peak_expected ?? NaN)],
      whole(change.events),
    ]);
  }
  const rarest =
    rarity === undefined
      ? []
      : [
          `  rarest of its first value is the ${rarity.magnitude}: as extreme in about ${figure(100 * rarity.share)} % of ${whole(rarity.of)} values`,
        ];
  return [
    `${plainText(id)}: ${plainText(last.key)}, ${kindText(last)}, ${last.state}`,
    `  ${topic}/${partition} @ ${offset}, recomputed from ${snapshot ? `the snapshot at offset ${from}` : `the first record, at offset ${from}`}; ${whole(replayed)} records replayed`,
    `  ${verdicts[written]}`,
    ...rarest,
    "",
    table.toString(),
    "",
  ].join("\n");
}
