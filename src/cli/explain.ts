/** The command `explain`: recomputes a past forecast from a snapshot and the input, and shows its parts. */
import { Command, Option } from "commander";
import { findLast, type FoundRecord } from "../adapters/kafka/offline/find-record.js";
import { KafkaPast, type Written } from "../adapters/kafka/offline/past.js";
import type { KafkaOptions } from "../adapters/kafka/options.js";
import { loadConfig } from "../config/load.js";
import { UndercurrentError } from "../errors/errors.js";
import { forecasterSettings } from "../forecast/settings.js";
import { decoder } from "../pipeline/decode/decode.js";
import { timeReader } from "../pipeline/times/reader.js";
import { explainForecast, type ExplainedForecast, type Explanation } from "../pipeline/explain.js";
import { modelSettings, pipelineSettings, type DecodeSettings } from "../pipeline/settings.js";
import { loadEngine } from "./shared/engine.js";
import { reachedBrokers } from "./shared/kafka-options.js";
import { addTimeoutOption, wholeNumberFrom, type TimeoutFlag } from "./shared/options.js";
import { figure, plainText, whole } from "./shared/text.js";

interface ExplainFlags extends TimeoutFlag {
  readonly config?: string;
  readonly partition?: number;
  readonly offset?: number;
  readonly key?: string;
  readonly time?: string;
  readonly json?: true;
}

const notes = `
Choose the record with --partition and --offset, or with --key and --time: the key's last record at or before that time.
Without --partition, --key searches every partition and reads the whole input.

The command restores the latest snapshot before the record and replays the input from there. The result equals the
original forecast bit for bit and is compared with the forecasts topic. Compaction deletes old snapshots: without one,
the replay starts at the first record of the input if the input still has its first record. The command writes nothing
and does not disturb a running service.`;

export function explainCommand(): Command {
  return addTimeoutOption(new Command("explain"))
    .description("recompute a past forecast and show how it was made")
    .option("-p, --partition <number>", "partition of the input topic", wholeNumberFrom(0, 1_000_000))
    .option(
      "-o, --offset <number>",
      "offset of the record in the input topic",
      wholeNumberFrom(0, Number.MAX_SAFE_INTEGER),
    )
    .addOption(new Option("--key <key>", "key of the record, instead of its offset").conflicts("offset"))
    .addOption(
      new Option(
        "--time <time>",
        "with --key: epoch milliseconds or ISO 8601 (default: the last record)",
      ).conflicts("offset"),
    )
    .option("-c, --config <file>", "YAML file with the configuration")
    .option("--json", "print one JSON object")
    .addHelpText("after", notes)
    .action(explain);
}

async function explain(flags: ExplainFlags): Promise<void> {
  const { config, json } = flags;
  const { settings } = loadConfig(config, process.env);
  const options = await reachedBrokers(settings, flags);
  const { decode, late, snapshot, recovery, commit } = settings;
  const pipeline = pipelineSettings({ decode, late, snapshot, recovery, commit });
  const { partition, offset } = await placeOf(options, pipeline.decode, flags);
  const past = new KafkaPast(options, partition);
  const state = await past.stateAt(offset);
  const engine = await loadEngine(settings.engine);
  const explanation = await explainForecast(past.input(state?.offset), offset, {
    model: state === undefined ? modelSettings(settings.model, decode) : forecasterSettings(state.settings),
    settings: pipeline,
    origin: { topic: options.topics.input, partition },
    state,
    engine,
  });
  const written = await past.find(explanation.record);
  process.stdout.write(json === true ? `${asJson(explanation, written)}\n` : asText(explanation, written));
}

/** What errors say of the option's time, which has one unit. */
const timeNames = { unit: () => "--time takes milliseconds", format: "--time takes ISO 8601" };

/** Where the record is that the flags name. */
async function placeOf(
  options: KafkaOptions,
  settings: DecodeSettings,
  { partition, offset, key, time }: ExplainFlags,
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
  const decode = decoder(settings);
  const found = await findLast(options, partition, (record) => {
    try {
      const reading = decode(record);
      return reading.key === key && reading.time <= latest;
    } catch (error) {
      if (!(error instanceof UndercurrentError)) throw error;
      return false;
    }
  });
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
    `${name} has records in the partitions ${partitions}, each with a series of its own; choose one with --partition`,
  );
}

const verdicts: Readonly<Record<Written, string>> = {
  same: "the forecasts topic has the same, to the byte",
  equal: "the forecasts topic has the same fields and numbers, in the bytes of another release",
  differs:
    "the forecasts topic has ANOTHER forecast for it: settings or release differed, or the state began elsewhere",
  changed:
    "the forecasts topic has one at its timestamp, of another key, time or value: a program with an operator `before` changed the reading, or decode differed",
  absent:
    "the forecasts topic has none for it, though it reaches back that far: a program with an operator `before` left the reading out, or it was not forecast yet",
  gone: "the forecasts topic no longer reaches back that far",
};

function asJson({ record, ...explanation }: Explanation, written: Written): string {
  const message: unknown = JSON.parse(Buffer.from(record.value!).toString());
  // JSON has no NaN: what there is not is null.
  return JSON.stringify({ ...explanation, written, message }, undefined, 2);
}

function asText(explanation: Explanation, written: Written): string {
  const { topic, partition, offset, key, time, value, from, snapshot, replayed, lastUpdate } = explanation;
  const { expected, anomalyScore, next, model } = explanation;
  const lines = [
    `${plainText(key)} at ${instant(time)}: ${Number.isNaN(value) ? "missing" : figure(value)}`,
    `  ${topic}/${partition} @ ${offset}, derived again from ${snapshot ? `the snapshot of offset ${from}` : `the first record, ${from}`} and ${whole(replayed)} records after it`,
    `  ${verdicts[written]}`,
    `  model ${model}${lastUpdate === undefined ? "" : `; its last update: loss ${figure(lastUpdate.loss)}, gradient norm ${figure(lastUpdate.gradientNorm)}, ${lastUpdate.windows} windows`}`,
  ];
  if (expected !== undefined) {
    const alarm = anomalyScore > 1 ? " (an anomaly)" : "";
    lines.push(
      `expected ${interval(expected)}; anomaly score ${figure(anomalyScore)}${alarm}`,
      ...experts(expected),
    );
  }
  if (next !== undefined) {
    lines.push(
      `next ${interval(next)}, due ${instant(next.time)}; level ${figure(next.level)}, size of its changes ${figure(next.scale)}`,
      ...experts(next),
    );
  }
  return `${lines.join("\n")}\n`;
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
