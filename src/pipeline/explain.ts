/**
 * Recomputes a past forecast and shows its parts. The state before the forecast is a deterministic function of the log: a
 * snapshot, brought forward by replay.
 */
import type { EngineFactory } from "../engine/port.js";
import { wasmEngine } from "../engine/wasm/engine.js";
import { UndercurrentError } from "../errors/errors.js";
import type { Forecaster } from "../forecast/forecaster.js";
import type { UpdateReport } from "../forecast/learning/schedule.js";
import type { ForecasterSettings } from "../forecast/settings.js";
import type { Rarity } from "../forecast/detection/detection.js";
import type { PendingForecast } from "../forecast/key-forecaster.js";
import type { Origin } from "./decode/dead-letter.js";
import { recordDecoder, type DecodeAll, type Reading } from "./decode/decode.js";
import { patience, type ValueFormat } from "./decode/format.js";
import { withJsonIncidents } from "./encode-settings.js";
import type { InputBatch, InputRecord, OutputRecord } from "./ports.js";
import type { PipelineSettings } from "./settings.js";
import { PastModels, type ModelHistory, type ModelRole } from "./task/candidate/past-models.js";

/** A forecast with its interval and its experts. */
export interface ExplainedForecast extends PendingForecast {
  readonly forecast: number;
  /** NaN without an interval. */
  readonly lower: number;
  readonly upper: number;
}

export interface Explanation extends Origin {
  readonly offset: number;
  readonly key: string;
  /** Epoch milliseconds; NaN for a value that is missing. */
  readonly time: number;
  readonly value: number;
  /** The input offset that the replay began at: of a snapshot, or the first of the input. */
  readonly from: number;
  readonly snapshot: boolean;
  /** Records that were replayed before it. */
  readonly replayed: number;
  /** Name and version of the model, and the last update of its weights within the replay. */
  readonly model: string;
  readonly lastUpdate: UpdateReport | undefined;
  /** How this value was expected; undefined for a key's first. */
  readonly expected: ExplainedForecast | undefined;
  /** Above 1 is anomalous; NaN while the key is too young. */
  readonly anomalyScore: number;
  /** What about the value was rarest, and how rare; undefined without a score. */
  readonly rarity: Rarity | undefined;
  /** The forecast of the key's next value; undefined without one. */
  readonly next: (ExplainedForecast & { readonly time: number }) | undefined;
  /** The record that was written to the forecasts topic. */
  readonly record: OutputRecord;
}

export interface ExplainOptions extends ModelHistory {
  readonly model: ForecasterSettings;
  readonly settings: PipelineSettings;
  readonly origin: Origin;
  /** Which series of the record to explain. Default: its first one. With windows: of those that the record closed. */
  readonly key?: string | undefined;
  readonly engine?: EngineFactory;
  /** Parser of values whose format needs a schema. */
  readonly format?: ValueFormat | undefined;
  /** Which model to explain. Default: live. */
  readonly role?: ModelRole | undefined;
}

/**
 * Replays the input from the end of the state to the record of `offset`, and explains its forecast. Throws SNAPSHOT_FOREIGN and
 * the like for a state of other settings, and HISTORY_MISSING if there is no such forecast.
 *
 * @example
 * ```ts
 * const explanation = await explainForecast(input, 1234, { model, settings, origin, state });
 * explanation.next?.experts; // [{ name: "persistence", weight: 0.02, forecast: 41.2 }, …]
 * ```
 */
export async function explainForecast(
  input: AsyncIterable<InputBatch>,
  offset: number,
  options: ExplainOptions,
): Promise<Explanation> {
  const { model, settings, origin, state, key, format, engine = wasmEngine } = options;
  const updates = new Map<Forecaster, UpdateReport>();
  let capture: Omit<Explanation, keyof Origin | "offset" | "from" | "snapshot" | "replayed" | "record">;
  const expectedBefore: { pending: PendingForecast | undefined } = { pending: undefined };
  const where = `topic ${origin.topic}, partition ${origin.partition}, offset ${offset}`;
  let row = 0;
  const models = new PastModels({
    ...options,
    settings: { ...settings, encode: withJsonIncidents(settings.encode) },
    engine,
    tells: "forecasts",
    onUpdate: (update, forecaster) => updates.set(forecaster, update),
    telemetry: {
      rejection: () => undefined,
      update: () => undefined,
      forecasts: (batch) => {
        const { columns } = batch;
        const forecaster = models.asked;
        const keys = Array.from({ length: batch.count }, (_, each) => batch.keyOf(columns.slots[each]!));
        row = key === undefined ? 0 : keys.indexOf(key);
        if (row < 0)
          throw missing(`${where}: the record has no series ${JSON.stringify(key)} that was forecast`);
        const slot = columns.slots[row]!;
        const { pending } = expectedBefore;
        const hasNext = !Number.isNaN(columns.yhat[row]!);
        capture = {
          key: batch.keyOf(slot),
          time: columns.times[row]!,
          value: columns.values[row]!,
          model: forecaster.modelName(columns.version[row]),
          lastUpdate: updates.get(forecaster),
          expected:
            pending === undefined || Number.isNaN(columns.expected[row]!)
              ? undefined
              : {
                  ...pending,
                  forecast: columns.expected[row]!,
                  lower: columns.expectedLower[row]!,
                  upper: columns.expectedUpper[row]!,
                },
          anomalyScore: columns.anomalyScore[row]!,
          rarity: Number.isNaN(columns.anomalyScore[row]!) ? undefined : forecaster.explainScore(slot),
          next: hasNext
            ? {
                ...forecaster.explain(slot),
                forecast: columns.yhat[row]!,
                lower: columns.yhatLower[row]!,
                upper: columns.yhatUpper[row]!,
                time: columns.yhatTime[row]!,
              }
            : undefined,
        };
      },
    },
  });
  try {
    let replayed = 0;
    let from = state?.offset;
    for await (const { records } of input) {
      await format?.prepare(records, patience());
      from ??= records[0]?.offset;
      const before = records.filter((record) => record.offset < offset);
      for (const part of models.parts(before)) models.replay(part);
      replayed += before.length;
      const record = records.find((candidate) => candidate.offset >= offset);
      if (record === undefined) continue;
      if (record.offset > offset) break;
      models.turnTo(offset);
      const forecaster = models.asked;
      expectedBefore.pending =
        model.aggregate === undefined
          ? pendingOf(forecaster, keyOf(readingsOf(recordDecoder(settings.decode, format), record), key))
          : pendingOf(forecaster, key);
      const { forecasts, deadLetters } = models.process([record]);
      if (forecasts.length === 0 && deadLetters.length === 0 && model.aggregate !== undefined) {
        throw missing(`${where}: the record closed no window`);
      }
      if (forecasts.length === 0) throw missing(`${where}: the record was refused${reasonOf(deadLetters)}`);
      return {
        ...origin,
        offset,
        from: from ?? offset,
        snapshot: state !== undefined,
        replayed,
        ...capture!,
        record: forecasts[row]!,
      };
    }
    throw missing(`${where}: the input has no record at this offset`);
  } finally {
    models.dispose();
  }
}

function readingsOf(decode: DecodeAll, record: InputRecord): readonly Reading[] {
  try {
    return decode(record).readings;
  } catch {
    return [];
  }
}

/** The key of the series to explain; undefined if the record lacks it. */
function keyOf(readings: readonly Reading[], key: string | undefined): string | undefined {
  return readings.find((each) => key === undefined || each.key === key)?.key;
}

/** The forecast that waits for the value of a series; undefined if none does. */
function pendingOf(forecaster: Forecaster, key: string | undefined): PendingForecast | undefined {
  if (key === undefined || !forecaster.has(key)) return undefined;
  return forecaster.explain(forecaster.slotOf(key));
}

function reasonOf(deadLetters: readonly OutputRecord[]): string {
  const headers = deadLetters[0]?.headers ?? [];
  const text = (name: string): string =>
    Buffer.from(headers.find((header) => header.name === name)?.value ?? []).toString();
  return deadLetters.length === 0 ? "" : `: ${text("undercurrent-code")}: ${text("undercurrent-reason")}`;
}

function missing(what: string): UndercurrentError {
  return new UndercurrentError("HISTORY_MISSING", what);
}
