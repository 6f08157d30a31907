/** The command `state inspect`: shows the saved state of each partition, or of one key. */
import { Command } from "commander";
import { eachInput } from "../../adapters/kafka/admin/each-input.js";
import { readStates, type PartitionStanding } from "../../adapters/kafka/offline/states.js";
import { loadConfig } from "../../config/load.js";
import { errors, UndercurrentError, type ErrorCode } from "../../errors/errors.js";
import { changedNames, signedSettings } from "../../forecast/snapshot/signature.js";
import { modelName } from "../../forecast/settings.js";
import { splitRoles } from "../../pipeline/state/roles.js";
import {
  readKey,
  readState,
  type RecordedKey,
  type RecordedState,
} from "../../pipeline/state/state-records.js";
import { configuredModels, type ConfiguredModels } from "../shared/pipeline.js";
import { rolesOf } from "../../pipeline/task/recovery.js";
import { addInputOption, forecasting, hasSeveral, withInput, type InputFlag } from "../shared/inputs.js";
import { reachedBrokers } from "../shared/kafka-options.js";
import { addTimeoutOption, type TimeoutFlag } from "../shared/options.js";
import { figure, plainText, whole } from "../shared/text.js";

interface InspectFlags extends TimeoutFlag, InputFlag {
  readonly config?: string;
  readonly key?: string;
  readonly json?: true;
}

/** A partition as it is printed; null if there is no such value. */
interface PartitionReport {
  /** The input topic, where the configuration has several. */
  readonly topic?: string;
  readonly partition: number;
  /** Input offset of the snapshot. */
  readonly state: number | null;
  readonly committed: number | null;
  readonly earliest: number;
  readonly end: number;
  /** Offsets that a start would replay, and offsets that wait to be forecast. */
  readonly replay: number | null;
  readonly lag: number;
  readonly keys: number;
  readonly bytes: number;
  readonly model: string | null;
  readonly settings: Readonly<Record<string, unknown>> | null;
  /** The model that runs beside the live one. */
  readonly candidate: string | null;
  /** Settings in which the configuration differs. */
  readonly changed: readonly string[];
  /** Why the records are inconsistent or belong to another configuration. */
  readonly error: { readonly code: ErrorCode; readonly message: string } | null;
  /** With --key: the key's record; null if the state does not hold the key. */
  readonly key?: RecordedKey | null;
}

const notes = `
Works while the service runs: shows each partition at its latest snapshot. "to replay" and "lag" count offsets; control
and compacted records make them slightly larger than the number of events.`;

export function inspectCommand(): Command {
  return addInputOption(addTimeoutOption(new Command("inspect")))
    .description("show the saved state of each partition, or of one key")
    .option("-c, --config <file>", "YAML file with the configuration")
    .option("--key <key>", "show this key in every partition that holds it")
    .option("--json", "print JSON, including the model's settings")
    .addHelpText("after", notes)
    .action(inspect);
}

async function inspect({ config, key, json, timeout, ...chosen }: InspectFlags): Promise<void> {
  const loaded = loadConfig(config, process.env).settings;
  const settings = chosen.input === undefined ? forecasting(loaded) : withInput(loaded, chosen);
  const models = configuredModels(settings);
  const reports: PartitionReport[] = [];
  const options = await reachedBrokers(settings, { timeout });
  for (const each of await eachInput(options)) {
    for await (const standing of readStates(each)) {
      const { input: topic } = each.topics;
      const found = reportOf(standing, models, key);
      const report = hasSeveral(settings) ? { topic, ...found } : found;
      reports.push(report);
      if (json !== true) process.stdout.write(key === undefined ? lines(report) : keyLines(report, key));
    }
  }
  if (json === true) process.stdout.write(`${JSON.stringify({ partitions: reports })}\n`);
  const code = reports.find(({ error }) => error !== null)?.error?.code;
  if (code !== undefined) process.exitCode = errors[code].exit;
  if (key !== undefined && json !== true && !reports.some((report) => report.key)) {
    process.stdout.write(`no partition holds the key ${plainText(key)}\n`);
  }
}

function reportOf(
  { partition, records, state: found, misfit, committed, earliest, end }: PartitionStanding,
  models: ConfiguredModels,
  key: string | undefined,
): PartitionReport {
  const refusal = misfit ?? (found instanceof UndercurrentError ? found : undefined);
  const error = refusal === undefined ? null : { code: refusal.code, message: refusal.message };
  const state: RecordedState | undefined = found instanceof UndercurrentError ? undefined : found;
  const candidate = candidateOf(records, state);
  return {
    partition,
    state: state?.offset ?? null,
    committed: committed ?? null,
    earliest,
    end,
    replay: state === undefined || committed === undefined ? null : Math.max(0, committed - state.offset),
    lag: end - Math.max(committed ?? earliest, earliest),
    keys: state?.keys.length ?? 0,
    bytes: records.reduce((sum, { value }) => sum + value.length, 0),
    model:
      state === undefined ? null : modelName({ ...state.settings, initial: state.initial }, state.version),
    settings: state?.settings ?? null,
    changed:
      state === undefined
        ? []
        : changedNames(
            state.settings,
            signedSettings(
              rolesOf({ settings: state.settings, candidate: candidate?.settings }, models).forecaster,
            ),
          ),
    candidate: candidate === undefined ? null : modelName(candidate.settings, candidate.version),
    error,
    ...(key !== undefined && { key: (state && readKey(records, key)) ?? null }),
  };
}

/** The candidate's state; undefined without one that stands for the same offset. */
function candidateOf(
  records: PartitionStanding["records"],
  live: RecordedState | undefined,
): RecordedState | undefined {
  const { candidate } = splitRoles(records);
  if (live === undefined || candidate.length === 0) return undefined;
  try {
    const state = readState(candidate);
    return state.offset === live.offset ? state : undefined;
  } catch (error) {
    if (error instanceof UndercurrentError) return undefined;
    throw error;
  }
}

function placeOf({ topic, partition }: PartitionReport): string {
  return `${topic === undefined ? "" : `topic ${topic}, `}partition ${partition}`;
}

function lines(report: PartitionReport): string {
  const { state, committed, earliest, end, replay, lag, error, changed } = report;
  const none = error === null || report.bytes === 0 ? "no state" : "inconsistent state";
  const standing = state === null ? none : `snapshot at offset ${state}`;
  const text = [
    `${placeOf(report)}: ${standing}, ${committed === null ? "no committed offset" : `committed offset ${committed}`}, input ${earliest} to ${end}`,
  ];
  if (error !== null) text.push(`error ${error.code}: ${error.message}`);
  if (state !== null) {
    text.push(
      `${replay === null ? "" : `${whole(replay)} to replay, `}lag ${whole(lag)}`,
      `${whole(report.keys)} keys, ${whole(report.bytes)} bytes, model ${report.model}${report.candidate === null ? "" : `, candidate ${report.candidate}`}`,
    );
  }
  if (changed.length > 0) text.push(`settings that differ from the configuration: ${changed.join(", ")}`);
  return `${text.join("\n  ")}\n`;
}

function keyLines({ partition, key, model }: PartitionReport, name: string): string {
  if (key === undefined || key === null) return "";
  const { numbers, offset, bytes } = key;
  const time = new Date(numbers.time);
  return `${[
    `${plainText(name)}: partition ${partition}, model ${model}`,
    `${whole(numbers.count)} events, ${whole(numbers.observed)} with a value, the last at ${Number.isNaN(time.getTime()) ? numbers.time : time.toISOString()}`,
    `last value ${figure(numbers.held)}, running mean ${figure(numbers.mean)}, deviation ${figure(Math.sqrt(numbers.variance))}`,
    `typical change ${figure(Math.sqrt(numbers.squaredChange))}, typical error ${figure(Math.sqrt(numbers.squaredError))}, typical time between events ${figure(Math.abs(numbers.gap))} ms`,
    `record of ${whole(bytes)} bytes in the snapshot at offset ${offset}`,
  ].join("\n  ")}\n`;
}
