/** The function `backtest`: replays events, scores each forecast before its value is seen, and compares with baselines. */
import { requireOptions, UndercurrentError } from "../../errors/library.js";
import type { ForecastColumns } from "../columns.js";
import { EventForecaster, type EventForecast, type EventOptions } from "../objects.js";
import type { ForecasterSettings } from "../settings.js";
import { ExpertRecord } from "./expert-record.js";
import { IncidentRecord, type IncidentSummary } from "./incident-record.js";
import { Scoreboard } from "./scoreboard.js";
import { summariseAll, summariseKey, type KeySummary, type OverallSummary } from "./summary.js";

/** Options of `backtest`: how to read an event, settings of the forecaster, and what is scored. */
export interface BacktestOptions<T> extends EventOptions<T> {
  /** Number of first events of each key that are not scored. Default: 0. */
  readonly warmup?: number | undefined;
  /** Season of the seasonal naive baseline, in values of a key. Default: detected for each key. */
  readonly period?: number | undefined;
}

/** The result of a backtest: what the command `backtest --json` prints. */
export interface BacktestResult {
  /** Name of the model at the end. */
  readonly model: string;
  /** All settings of the forecaster, the defaults included. */
  readonly settings: ForecasterSettings;
  /** Number of first events of each key that were not scored. */
  readonly warmup: number;
  /** Number of events that were refused. */
  readonly rejected: number;
  /** Numbers of refused events by the code of the error. */
  readonly rejections: Readonly<Record<string, number>>;
  /** Scores of all keys together, and of the baselines. */
  readonly overall: OverallSummary;
  /** Numbers of alarms and incidents, also per day of event time. */
  readonly incidents: IncidentSummary;
  /** Scores of each key, in the order of the keys' first events. */
  readonly keys: readonly KeySummary[];
}

/** Events between two samples of the experts' weights, as in the command. */
const batchSize = 512;

/** A forecaster that makes no objects of its forecasts: they are scored in their columns. */
class ScoredForecaster<T> extends EventForecaster<T> {
  readonly #scoreboard: Scoreboard;
  readonly #experts = new ExpertRecord(this.forecaster);
  readonly #incidents = new IncidentRecord(this.forecaster);
  /** The columns of the batch. */
  #columns: ForecastColumns | undefined;

  constructor(
    options: EventOptions<T>,
    { warmup, period }: { readonly warmup: number; readonly period?: number },
  ) {
    super(options);
    this.#scoreboard = new Scoreboard({ warmup, period, horizon: this.forecaster.settings.horizon });
  }

  protected override resultAt(_: T, __: number, ___: unknown, columns: ForecastColumns): EventForecast<T> {
    this.#columns = columns;
    return undefined as never;
  }

  protected override report(events: readonly T[]): void {
    if (this.#columns === undefined) return;
    this.#incidents.add(this.#columns, events.length);
    this.#scoreboard.add(this.#columns, events.length);
    this.#experts.add(this.#columns, events.length);
    super.report(events);
  }

  summarise(): Pick<BacktestResult, "model" | "settings" | "overall" | "incidents" | "keys"> {
    const { forecaster } = this;
    const scores = this.#scoreboard.keys.flatMap((key, slot) => (key === undefined ? [] : [{ slot, key }]));
    const slots = scores.map(({ slot }) => slot);
    return {
      model: forecaster.modelName(),
      settings: forecaster.settings,
      overall: summariseAll(
        scores.map(({ key }) => key),
        this.#experts,
        slots,
      ),
      incidents: this.#incidents.summarise(),
      keys: scores.map(({ slot, key }) => summariseKey(forecaster.keyOf(slot), key, this.#experts, slot)),
    };
  }
}

/**
 * Replays events and scores every forecast against baselines. Each forecast is made before the forecaster sees the value.
 * The result is plain data, for tests and notebooks, and the same that the command `backtest --json` prints.
 *
 * @param events Events in order of arrival.
 * @param options Callbacks that read an event, settings of the forecaster, and what is scored.
 * @returns The scores overall and of each key. Numbers that are not known are null.
 * @throws SETTING_INVALID if an option is invalid. INPUT_EMPTY if no event was accepted.
 *
 * @example
 * ```ts
 * const { overall } = backtest(readings, {
 *   key: (r) => r.sensor,
 *   time: (r) => r.at,
 *   value: (r) => r.celsius,
 *   warmup: 100,
 * });
 * overall.skill; // 1 - MAE / MAE of repeating the last value
 * ```
 */
export function backtest<T>(events: Iterable<T>, options: BacktestOptions<T>): BacktestResult {
  requireOptions(options);
  const { warmup = 0, period, onRejected, ...others } = options;
  assertCount("warmup", warmup, 0);
  if (period !== undefined) assertCount("period", period, 1);
  const given = events as Partial<Iterable<T>> | string | null | undefined;
  if (typeof given === "string" || typeof given?.[Symbol.iterator] !== "function") {
    throw new TypeError("backtest: expected an array of events, or another iterable");
  }
  const rejections = new Map<string, number>();
  let first = "";
  const forecaster = new ScoredForecaster<T>(
    {
      ...others,
      onRejected: (rejected) => {
        const { code, message } = rejected.error;
        if (rejections.size === 0) first = `, the first with ${code}: ${message}`;
        rejections.set(code, (rejections.get(code) ?? 0) + 1);
        onRejected?.(rejected);
      },
    },
    { warmup, ...(period !== undefined && { period }) },
  );
  try {
    for (const batch of batchesOf(events)) forecaster.observe(batch);
    const rejected = [...rejections.values()].reduce((sum, count) => sum + count, 0);
    if (forecaster.keyCount === 0) {
      throw new UndercurrentError(
        "INPUT_EMPTY",
        `no event holds an observation; ${rejected} rejected${first}`,
      );
    }
    const { model, settings, ...scores } = forecaster.summarise();
    return { model, settings, warmup, rejected, rejections: Object.fromEntries(rejections), ...scores };
  } finally {
    forecaster.dispose();
  }
}

function* batchesOf<T>(events: Iterable<T>): Iterable<readonly T[]> {
  let batch: T[] = [];
  for (const event of events) {
    batch.push(event);
    if (batch.length < batchSize) continue;
    yield batch;
    batch = [];
  }
  yield batch;
}

function assertCount(name: string, value: unknown, min: number): void {
  if (Number.isInteger(value) && (value as number) >= min) return;
  throw new UndercurrentError(
    "SETTING_INVALID",
    `${name}: expected whole number of at least ${min}; found ${JSON.stringify(value)}`,
  );
}
