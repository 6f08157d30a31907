/** The command `explain`: recomputes a past forecast from a snapshot and the input, and shows its parts. */
import { Command, Option } from "commander";
import { findLast, type FoundRecord } from "../adapters/kafka/offline/find-record.js";
import { KafkaPast, type Written } from "../adapters/kafka/offline/past.js";
import type { KafkaOptions } from "../adapters/kafka/options.js";
import { loadConfig } from "../config/load.js";
import { UndercurrentError } from "../errors/errors.js";
import type { InputRecord } from "../pipeline/ports.js";
import { patience, schemaIdOf, wirePrefix, type ValueFormat } from "../pipeline/decode/format.js";
import { recordDecoder } from "../pipeline/decode/decode.js";
import { timeReader } from "../pipeline/times/reader.js";
import { explainForecast, type ExplainedForecast, type Explanation } from "../pipeline/explain.js";
import type { DecodeSettings } from "../pipeline/decode-settings.js";
import { pipelineSettings } from "../pipeline/settings.js";
import { explainIncidentById } from "./explain-incident.js";
import { loadEngine } from "./shared/engine.js";
import { formatOf } from "./shared/decode/format.js";
import { withoutSchema, withSchemaId } from "./shared/output-schema.js";
import { addInputOption, withInput, type InputFlag } from "./shared/inputs.js";
import { reachedBrokers } from "./shared/kafka-options.js";
import { modelAt, pipelineOptions } from "./shared/pipeline.js";
import { addTimeoutOption, wholeNumberFrom, type TimeoutFlag } from "./shared/options.js";
import { figure, plainText, whole } from "./shared/text.js";

interface ExplainFlags extends TimeoutFlag, InputFlag {
  readonly config?: string;
  readonly partition?: number;
  readonly offset?: number;
  readonly key?: string;
  readonly time?: string;
  readonly incident?: string;
  readonly candidate?: true;
  readonly json?: true;
}

const notes = `
Choose the record with --partition and --offset, or with --key and --time: the key's last record at or before that time.
Without --partition, --key searches every partition and reads the whole input.

The command restores the latest snapshot before the record and replays the input from there. The result equals the
original forecast bit for bit and is compared with the forecasts topic. Compaction deletes old snapshots: without one,
the replay starts at the first record of the input if the input still has its first record. The command writes nothing
and does not disturb a running service.

With --incident the incident is derived from its first event to its end, or to the end of the input, and its changes are
compared with the incidents topic. --incident takes an id of the command incidents.

With --candidate both are those of the candidate, and the topics are topics.candidate and topics.candidateIncidents.`;

export function explainCommand(): Command {
  return addInputOption(addTimeoutOption(new Command("explain")))
    .description("recompute a past forecast and show how it was made")
    .option("-p, --partition <number>", "partition of the input topic", wholeNumberFrom(0, 1_000_000))
    .option(
      "-o, --offset <number>",
      "offset of the record in the input topic",
      wholeNumberFrom(0, Number.MAX_SAFE_INTEGER),
    )
    .option("--key <key>", "key of the series: finds its record if no offset is given")
    .addOption(
      new Option(
        "--time <time>",
        "with --key: epoch milliseconds or ISO 8601 (default: the last record)",
      ).conflicts("offset"),
    )
    .addOption(
      new Option("--incident <id>", "derive this incident again, instead of a forecast").conflicts([
        "partition",
        "offset",
        "key",
        "time",
      ]),
    )
    .option("--candidate", "explain the candidate instead of the live model")
    .option("-c, --config <file>", "YAML file with the configuration")
    .option("--json", "print one JSON object")
    .addHelpText("after", notes)
    .action(explain);
}

async function explain(flags: ExplainFlags): Promise<void> {
  const { config, json } = flags;
  const role = flags.candidate === true ? "candidate" : "live";
  const loaded = withInput(loadConfig(config, process.env).settings, flags);
  const isIncident = flags.incident !== undefined;
  const settings = isIncident ? withoutSchema(loaded) : await withSchemaId(loaded, { isRegistered: true });
  const options = await reachedBrokers(settings, flags);
  const pipeline = pipelineSettings(pipelineOptions(settings));
  if (flags.incident !== undefined) {
    await explainIncidentById(flags.incident, options, {
      settings: loaded,
      pipeline,
      role,
      json: json === true,
    });
    return;
  }
  const format = await formatOf(settings);
  const { partition, offset } = await placeOf(options, pipeline.decode, flags, format);
  const past = new KafkaPast(options, partition);
  const history = await past.historyAt(offset);
  const engine = await loadEngine(settings.engine);
  const explanation = await explainForecast(past.input(history.state?.offset), offset, {
    ...history,
    model: modelAt(history, settings),
    settings: pipeline,
    origin: { topic: options.topics.input, partition },
    key: flags.key,
    format,
    role,
    engine,
  });
  const topic = role === "live" ? options.topics.forecasts : options.topics.candidate;
  const written = topic === undefined ? "unwritten" : await past.find(explanation.record, topic);
  process.stdout.write(json === true ? `${asJson(explanation, written)}\n` : asText(explanation, written));
}

/** Names of the option in errors about its time. */
const timeNames = { unit: () => "--time takes milliseconds", format: "--time takes ISO 8601" };

/** Finds the record that the flags name. */
async function placeOf(
  options: KafkaOptions,
  settings: DecodeSettings,
  { partition, offset, key, time }: ExplainFlags,
  format: ValueFormat | undefined,
): Promise<FoundRecord> {
  if (offset !== undefined) {
    if (partition !== undefined) return { partition, offset };
    throw new UndercurrentError(
      "SETTING_INVALID",
      "--offset needs --partition, because offsets are per partition",
    );
  }
  if (key === undefined) {
    throw new UndercurrentError(
      "SETTING_INVALID",
      "choose a record with --partition and --offset, or with --key and --time",
    );
  }
  const latest = time === undefined ? Infinity : timeReader({}, timeNames, true)(time);
  const decode = recordDecoder(settings, format);
  const accepts = (record: InputRecord): boolean => {
    try {
      return decode(record).readings.some((reading) => reading.key === key && reading.time <= latest);
    } catch (error) {
      if (!(error instanceof UndercurrentError)) throw error;
      return false;
    }
  };
  const prepare = (records: readonly InputRecord[]): Promise<void> | undefined =>
    format?.prepare(records, patience());
  const found = await findLast(options, partition, accepts, prepare);
  if (found.length === 1) return found[0]!;
  const name = JSON.stringify(key);
  if (found.length === 0) {
    throw new UndercurrentError(
      "HISTORY_MISSING",
      `the input holds no record of ${name} at or before this time`,
    );
  }
  const partitions = found.map((place) => place.partition).join(", ");
  throw new UndercurrentError(
    "SETTING_INVALID",
    `${name} has records in partitions ${partitions} and is a separate series in each; choose one with --partition`,
  );
}

/** How the forecasts topic compares; unwritten: there is none. */
type Comparison = Written | "unwritten";

const verdicts: Readonly<Record<Comparison, string>> = {
  same: "the forecasts topic holds the same forecast, byte for byte",
  equal: "the forecasts topic holds the same fields and numbers, written by another release",
  differs:
    "the forecasts topic holds a DIFFERENT forecast: other settings, another release, or a state that began elsewhere",
  changed:
    "the forecasts topic holds a forecast of this timestamp with another key, time or value: an operator `before` changed the reading, or decode differed",
  absent:
    "the forecasts topic holds no forecast of this record: an operator `before` dropped the reading, or the record is not forecast yet",
  gone: "the forecasts topic no longer holds records of this age",
  unwritten: "topics.candidate is not set, so no forecast of the candidate is written",
};

function asJson({ record, ...explanation }: Explanation, written: Comparison): string {
  const message = messageOf(record.value!);
  // JSON has no NaN; an absent number is null.
  return JSON.stringify({ ...explanation, written, message }, undefined, 2);
}

/** The forecast's message, or its bytes if it is not JSON. */
function messageOf(value: Uint8Array): unknown {
  const bytes = Buffer.from(value);
  try {
    return JSON.parse(bytes.subarray(schemaIdOf(value) === undefined ? 0 : wirePrefix).toString()) as unknown;
  } catch {
    return { base64: bytes.toString("base64") };
  }
}

function asText(explanation: Explanation, written: Comparison): string {
  const { topic, partition, offset, key, time, value, from, snapshot, replayed, lastUpdate } = explanation;
  const { expected, anomalyScore, next, model } = explanation;
  const lines = [
    `${plainText(key)} at ${instant(time)}: ${Number.isNaN(value) ? "missing" : figure(value)}`,
    `  ${topic}/${partition} @ ${offset}, recomputed from ${snapshot ? `the snapshot at offset ${from}` : `the first record, at offset ${from}`}; ${whole(replayed)} records replayed`,
    `  ${verdicts[written]}`,
    `  model ${model}${lastUpdate === undefined ? "" : `; last update: loss ${figure(lastUpdate.loss)}, gradient norm ${figure(lastUpdate.gradientNorm)}, windows ${lastUpdate.windows}`}`,
  ];
  if (expected !== undefined) {
    const alarm = anomalyScore > 1 ? " (an anomaly)" : "";
    lines.push(
      `expected ${interval(expected)}; anomaly score ${figure(anomalyScore)}${alarm}`,
      ...rarest(explanation),
      ...experts(expected),
    );
  }
  if (next !== undefined) {
    lines.push(
      `next ${interval(next)}, due ${instant(next.time)}; level ${figure(next.level)}, typical change ${figure(next.scale)}`,
      ...experts(next),
    );
  }
  return `${lines.join("\n")}\n`;
}

function rarest({ rarity }: Explanation): string[] {
  if (rarity === undefined) return [];
  const { magnitude, share, of, alarm } = rarity;
  const rate = `as extreme in about ${figure(100 * share)} % of ${whole(of)} values`;
  const kind =
    alarm === undefined
      ? ""
      : `; the last alarm was a ${alarm.kind}${alarm.direction === undefined ? "" : `, ${alarm.direction} the usual`}${alarm.settled ? "" : " (not settled)"}`;
  return [`  rarest is the ${magnitude}: ${rate}${kind}`];
}

function experts({ experts: all }: ExplainedForecast): string[] {
  return all.map(
    ({ name, weight, forecast }) =>
      `  ${name.padEnd(12)} ${(100 * weight).toFixed(1).padStart(5)} %  ${figure(forecast)}`,
  );
}

function interval({ forecast, lower, upper }: ExplainedForecast): string {
  return `${figure(forecast)}${Number.isNaN(lower) ? "" : `, between ${figure(lower)} and ${figure(upper)}`}`;
}

function instant(time: number): string {
  return Number.isNaN(time) || Math.abs(time) > 8.64e15 ? "an unknown time" : new Date(time).toISOString();
}
