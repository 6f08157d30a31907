/**
 * Derives a past forecast anew, with what it came from: the state before it, restored and brought forward by replay, is a
 * deterministic function of the log.
 */
import type { EngineFactory } from "../engine/port.js";
import { wasmEngine } from "../engine/wasm/engine.js";
import { UndercurrentError } from "../errors/errors.js";
import { Forecaster } from "../forecast/forecaster.js";
import type { UpdateReport } from "../forecast/learning/schedule.js";
import type { ForecasterSettings } from "../forecast/settings.js";
import type { PendingForecast } from "../forecast/key-forecaster.js";
import { decoder, type Origin } from "./decode/decode.js";
import type { InputBatch, InputRecord, OutputRecord } from "./ports.js";
import type { PipelineSettings } from "./settings.js";
import { Stage } from "./task/stage.js";
import type { RecordedState } from "./state/state-records.js";

/** A forecast with its interval, and what it was mixed from. */
export interface ExplainedForecast extends PendingForecast {
  readonly forecast: number;
  /** NaN where there is no interval yet. */
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
  /** The forecast of the key's next value; undefined where there is none. */
  readonly next: (ExplainedForecast & { readonly time: number }) | undefined;
  /** What the forecasts topic was given. */
  readonly record: OutputRecord;
}

export interface ExplainOptions {
  readonly model: ForecasterSettings;
  readonly settings: PipelineSettings;
  readonly origin: Origin;
  /** The state to begin with; without one the input begins with its first record. */
  readonly state: RecordedState | undefined;
  readonly engine?: EngineFactory;
}

/**
 * Replays the input, which begins where the state ends, up to the record of `offset`, and explains its forecast. Throws
 * SNAPSHOT_FOREIGN and the like for a state of other settings, and HISTORY_MISSING where there is no such forecast.
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
  const { model, settings, origin, state, engine = wasmEngine } = options;
  const seen: { lastUpdate?: UpdateReport } = {};
  const forecaster = new Forecaster(model, engine, { onUpdate: (update) => (seen.lastUpdate = update) });
  let capture: Omit<Explanation, keyof Origin | "offset" | "from" | "snapshot" | "replayed" | "record">;
  const expectedBefore: { pending: PendingForecast | undefined } = { pending: undefined };
  const stage = new Stage(forecaster, settings, origin, {
    telemetry: {
      rejection: () => undefined,
      update: () => undefined,
      forecasts: (batch) => {
        const { columns } = batch;
        const slot = columns.slots[0]!;
        const { pending } = expectedBefore;
        const hasNext = !Number.isNaN(columns.yhat[0]!);
        capture = {
          key: batch.keyOf(slot),
          time: columns.times[0]!,
          value: columns.values[0]!,
          model: forecaster.modelName(columns.version[0]),
          lastUpdate: seen.lastUpdate,
          expected:
            pending === undefined || Number.isNaN(columns.expected[0]!)
              ? undefined
              : {
                  ...pending,
                  forecast: columns.expected[0]!,
                  lower: columns.expectedLower[0]!,
                  upper: columns.expectedUpper[0]!,
                },
          anomalyScore: columns.anomalyScore[0]!,
          next: hasNext
            ? {
                ...forecaster.explain(slot),
                forecast: columns.yhat[0]!,
                lower: columns.yhatLower[0]!,
                upper: columns.yhatUpper[0]!,
                time: columns.yhatTime[0]!,
              }
            : undefined,
        };
      },
    },
  });
  const where = `topic ${origin.topic}, partition ${origin.partition}, offset ${offset}`;
  try {
    if (state !== undefined) forecaster.restore(state.snapshot);
    let replayed = 0;
    let from = state?.offset;
    for await (const { records } of input) {
      from ??= records[0]?.offset;
      const before = records.filter((record) => record.offset < offset);
      stage.replay(before);
      replayed += before.length;
      const record = records.find((candidate) => candidate.offset >= offset);
      if (record === undefined) continue;
      if (record.offset > offset) break;
      expectedBefore.pending = pendingOf(forecaster, settings, record);
      const { forecasts, deadLetters } = stage.process([record]);
      if (forecasts.length === 0) throw missing(`${where}: the record was refused${reasonOf(deadLetters)}`);
      return {
        ...origin,
        offset,
        from: from ?? offset,
        snapshot: state !== undefined,
        replayed,
        ...capture!,
        record: forecasts[0]!,
      };
    }
    throw missing(`${where}: the input has no record at this offset`);
  } finally {
    forecaster.dispose();
  }
}

/** The forecast that waits for the record's value; undefined for a record that no key waits for. */
function pendingOf(
  forecaster: Forecaster,
  settings: PipelineSettings,
  record: InputRecord,
): PendingForecast | undefined {
  let key: string;
  try {
    ({ key } = decoder(settings.decode)(record));
  } catch {
    return undefined;
  }
  const slot = forecaster.slotOf(key);
  return Number.isNaN(forecaster.lastTimeOf(slot)) ? undefined : forecaster.explain(slot);
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
