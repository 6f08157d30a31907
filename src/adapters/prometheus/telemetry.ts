/** Exports telemetry as Prometheus metrics, in a registry of its own. */
import { Registry, type Counter, type Gauge } from "prom-client";
import { kinds } from "../../forecast/detection/kind.js";
import type { Incident } from "../../forecast/incidents/incidents.js";
import type { IncidentCounts, IncidentNote } from "../../forecast/incidents/watcher.js";
import type { ForgottenKeys } from "../../forecast/keys/eviction.js";
import { RunningScore } from "../../forecast/evaluation/score.js";
import type { UpdateReport } from "../../forecast/learning/schedule.js";
import type { ForecastBatch, Rejection, Telemetry } from "../../pipeline/telemetry.js";
import { counterOf, gaugeOf, histogramOf } from "./declared.js";
import {
  metrics,
  rollingForecasts,
  seriesMetrics,
  severityBands,
  type MetricName,
  type SeriesMetricName,
} from "./metrics.js";

export interface PrometheusOptions {
  /** The release that is running. */
  readonly version: string;
  /** Name of the model, such as `gru32`. */
  readonly model: string;
  /** Nominal coverage of the intervals, 0 to 1. */
  readonly level: number;
  /** How many keys have a hidden state now; asked at each scrape. */
  readonly keys: () => number;
  /** How many incidents are open now; asked at each scrape. */
  readonly openIncidents?: () => IncidentCounts;
  /** Keys with series of their own; none by default. */
  readonly series?: readonly string[];
  /** Label of every metric, for a model that is not the live one. */
  readonly role?: "candidate";
}

/** The share of an expert follows the latest batches: the weight of an older one falls by 1/e over 100. */
const shareRate = 0.01;

/**
 * Counts per batch and scores per row without looking at keys: its cost and memory do not grow with their number.
 *
 * @example
 * ```ts
 * const prometheus = new PrometheusTelemetry({ version: "0.1.0", model: "gru32", level: 0.9, keys: () => forecaster.keyCount });
 * await prometheus.registry.metrics(); // "# HELP undercurrent_events_total ..."
 * ```
 */
export class PrometheusTelemetry implements Telemetry {
  readonly registry = new Registry();
  readonly #errors = new RunningScore(1 - 1 / rollingForecasts);
  readonly #relativeErrors = new RunningScore(1 - 1 / rollingForecasts);
  readonly #events = this.#counter("undercurrent_events_total");
  readonly #forecasts = this.#counter("undercurrent_forecasts_total");
  readonly #anomalies = this.#counter("undercurrent_anomalies_total");
  readonly #incidentsOpened = this.#counter("undercurrent_incidents_opened_total");
  readonly #rejections = this.#counter("undercurrent_rejections_total");
  readonly #updates = this.#counter("undercurrent_learning_updates_total");
  readonly #forgotten = this.#counter("undercurrent_keys_forgotten_total");
  readonly #version = this.#gauge("undercurrent_model_version");
  readonly #loss = this.#gauge("undercurrent_training_loss");
  readonly #gradientNorm = this.#gauge("undercurrent_gradient_norm");
  readonly #shares = this.#gauge("undercurrent_expert_share_ratio");
  readonly #learning = histogramOf(
    this.registry,
    "undercurrent_learning_duration_seconds",
    metrics.undercurrent_learning_duration_seconds,
  );
  readonly #meanShares = new Map<string, number>();
  #series: KeySeries | undefined;

  constructor({ version, model, level, keys, openIncidents, series = [], role }: PrometheusOptions) {
    if (role !== undefined) this.registry.setDefaultLabels({ role });
    this.showSeries(series);
    this.#gauge("undercurrent_build_info").set({ version, nodejs: process.version, model }, 1);
    this.#gauge("undercurrent_interval_level_ratio").set(level);
    this.#gauge("undercurrent_keys", keys);
    this.#openIncidents(openIncidents ?? (() => noIncidents));
    // Without a first zero an increase is not seen.
    this.forgotten({ timeToLive: 0, maximum: 0 });
    for (const kind of [...kinds, "silence", "group"]) {
      for (const [severity_band] of severityBands) this.#incidentsOpened.inc({ kind, severity_band }, 0);
    }
    this.#gauge("undercurrent_mae", () => this.#errors.mae);
    this.#gauge("undercurrent_skill_ratio", () => this.#relativeErrors.skill);
    this.#gauge("undercurrent_interval_coverage_ratio", () => this.#errors.coverage);
  }

  /** From now on, these keys and no others have series of their own. */
  showSeries(keys: readonly string[]): void {
    if (this.#series === undefined && keys.length > 0) this.#series = new KeySeries(this.registry);
    this.#series?.show(keys);
  }

  forecasts(batch: ForecastBatch): void {
    const { count, columns } = batch;
    const { values, expected, previous, expectedLower, expectedUpper, anomalyScore, yhat } = columns;
    const forecast = { expected: NaN, previous: NaN, lower: NaN, upper: NaN };
    const relative = { ...forecast };
    let forecasts = 0;
    let anomalies = 0;
    for (let row = 0; row < count; row++) {
      const value = values[row]!;
      const lower = expectedLower[row]!;
      const upper = expectedUpper[row]!;
      forecast.expected = expected[row]!;
      forecast.previous = previous[row]!;
      forecast.lower = lower;
      forecast.upper = upper;
      this.#errors.add(value, forecast);
      const error = expected[row]! - value;
      const persistenceError = previous[row]! - value;
      // The scale is NaN without an interval, and 0 for a value that could not be missed: neither says anything about skill.
      const scale = Math.abs(error) + Math.abs(persistenceError) + (upper - lower);
      if (scale > 0) {
        relative.expected = error / scale;
        relative.previous = persistenceError / scale;
        this.#relativeErrors.add(0, relative);
      }
      if (!Number.isNaN(yhat[row]!)) forecasts++;
      if (anomalyScore[row]! > 1) anomalies++;
    }
    this.#events.inc(count);
    this.#forecasts.inc(forecasts);
    this.#anomalies.inc(anomalies);
    batch.incidents?.forEach((note) => this.#countOpened(note, note.incident.kind ?? "unknown"));
    batch.groupIncidents?.forEach((note) => this.#countOpened(note, "group"));
    this.#follow(batch);
    this.#series?.forecasts(batch);
  }

  /** Muted incidents are not told, so they are not counted. */
  #countOpened({ change, incident }: Pick<IncidentNote, "change" | "incident">, kind: string): void {
    if (change !== "opened" || incident.muted) return;
    this.#incidentsOpened.inc({ kind, severity_band: bandOf(incident) });
  }

  #openIncidents(counts: () => IncidentCounts): void {
    const open = this.#gauge("undercurrent_incidents_open", () => {
      const { keys, silences, groups } = counts();
      open.set({ scope: "key" }, keys);
      open.set({ scope: "silence" }, silences);
      open.set({ scope: "group" }, groups);
      return undefined;
    });
    this.#gauge("undercurrent_silences_waiting", () => counts().waitingSilences);
  }

  /** The weights of one key a batch: those of all would cost more than the forecasts' errors. */
  #follow({ count, columns, experts }: ForecastBatch): void {
    if (experts === undefined || count === 0) return;
    const weights = experts.expertWeights(columns.slots[count - 1]!);
    experts.expertNames.forEach((expert, i) => {
      const mean = this.#meanShares.get(expert) ?? weights[i]!;
      const share = mean + shareRate * (weights[i]! - mean);
      this.#meanShares.set(expert, share);
      this.#shares.set({ expert }, share);
    });
  }

  /**
   * Forgets the keys with series of their own, because a released partition may have held them; keys of other partitions appear
   * again.
   */
  released(): void {
    this.#series?.clear();
  }

  /** Adds the duration of a weight update. */
  learned(seconds: number): void {
    this.#learning.observe(seconds);
  }

  rejection({ code }: Rejection): void {
    this.#rejections.inc({ code });
  }

  update(update: UpdateReport): void {
    this.#updates.inc();
    this.#version.set(update.version);
    this.#loss.set(update.loss);
    this.#gradientNorm.set(update.gradientNorm);
  }

  forgotten({ timeToLive, maximum }: ForgottenKeys): void {
    this.#forgotten.inc({ reason: "time_to_live" }, timeToLive);
    this.#forgotten.inc({ reason: "maximum" }, maximum);
  }

  #counter(name: MetricName): Counter {
    return counterOf(this.registry, name, metrics[name]);
  }

  /** A gauge with a reading is asked at each scrape; one of several labels sets itself. */
  #gauge(name: MetricName, reading?: () => number | undefined): Gauge {
    return gaugeOf(this.registry, name, metrics[name], reading);
  }
}

const noIncidents: IncidentCounts = { keys: 0, silences: 0, groups: 0, waitingSilences: 0 };

function bandOf({ severity }: Incident): string {
  return severityBands.findLast(([, least]) => severity >= least)![0];
}

/** Exports the latest value and forecast of a few named keys as series. */
class KeySeries {
  #keys: ReadonlySet<string> = new Set();
  /** The last row of each key in the batch under way. */
  readonly #rows = new Map<string, number>();
  readonly #gauges: Readonly<Record<SeriesMetricName, Gauge>>;

  constructor(registry: Registry) {
    const gauge = (name: SeriesMetricName): Gauge => gaugeOf(registry, name, seriesMetrics[name]);
    this.#gauges = {
      undercurrent_y: gauge("undercurrent_y"),
      undercurrent_yhat_of_y: gauge("undercurrent_yhat_of_y"),
      undercurrent_yhat: gauge("undercurrent_yhat"),
      undercurrent_yhat_lower: gauge("undercurrent_yhat_lower"),
      undercurrent_yhat_upper: gauge("undercurrent_yhat_upper"),
      undercurrent_anomaly_score: gauge("undercurrent_anomaly_score"),
    };
  }

  forecasts(batch: ForecastBatch): void {
    const { columns, count } = batch;
    for (let row = 0; row < count; row++) {
      const key = batch.keyOf(columns.slots[row]!);
      if (this.#keys.has(key)) this.#rows.set(key, row);
    }
    for (const [key, row] of this.#rows) {
      this.#gauges.undercurrent_y.set({ key }, columns.values[row]!);
      this.#gauges.undercurrent_yhat_of_y.set({ key }, columns.expected[row]!);
      this.#gauges.undercurrent_yhat.set({ key }, columns.yhat[row]!);
      this.#gauges.undercurrent_yhat_lower.set({ key }, columns.yhatLower[row]!);
      this.#gauges.undercurrent_yhat_upper.set({ key }, columns.yhatUpper[row]!);
      this.#gauges.undercurrent_anomaly_score.set({ key }, columns.anomalyScore[row]!);
    }
    this.#rows.clear();
  }

  show(keys: readonly string[]): void {
    this.#keys = new Set(keys);
    this.clear();
  }

  /** Forgets all values: those of a key that moved elsewhere would stay unchanged here. */
  clear(): void {
    for (const gauge of Object.values(this.#gauges)) gauge.reset();
  }
}
