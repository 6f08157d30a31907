/** Telemetry as Prometheus metrics, in a registry of its own. */
import { Registry, type Counter, type Gauge } from "prom-client";
import { RunningScore } from "../../forecast/score.js";
import type { ForecastBatch, LearningUpdate, Rejection, Telemetry } from "../../pipeline/telemetry.js";
import { counterOf, gaugeOf } from "./declared.js";
import { metrics, rollingForecasts, type MetricName } from "./metrics.js";

export interface PrometheusOptions {
  /** The release that is running. */
  readonly version: string;
  /** Name of the model, such as `gru32`. */
  readonly model: string;
  /** How many keys have a hidden state now; asked at each scrape. */
  readonly keys: () => number;
}

/**
 * Counts per batch and scores per row without looking at keys: its cost and memory do not grow with their number.
 *
 * @example
 * ```ts
 * const prometheus = new PrometheusTelemetry({ version: "0.1.0", model: "gru32", keys: () => forecaster.keys });
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
  readonly #rejections = this.#counter("undercurrent_rejections_total");
  readonly #updates = this.#counter("undercurrent_learning_updates_total");
  readonly #version = this.#gauge("undercurrent_model_version");
  readonly #loss = this.#gauge("undercurrent_training_loss");
  readonly #gradientNorm = this.#gauge("undercurrent_gradient_norm");

  constructor({ version, model, keys }: PrometheusOptions) {
    this.#gauge("undercurrent_build_info").set({ version, nodejs: process.version, model }, 1);
    this.#gauge("undercurrent_keys", keys);
    this.#gauge("undercurrent_mae", () => this.#errors.mae);
    this.#gauge("undercurrent_skill_ratio", () => this.#relativeErrors.skill);
    this.#gauge("undercurrent_interval_coverage_ratio", () => this.#errors.coverage);
  }

  forecasts({ count, columns }: ForecastBatch): void {
    const { values, expected, previous, expectedLower, expectedUpper, anomalyScore, yhat } = columns;
    let forecasts = 0;
    let anomalies = 0;
    for (let row = 0; row < count; row++) {
      const value = values[row]!;
      const lower = expectedLower[row]!;
      const upper = expectedUpper[row]!;
      this.#errors.add(value, expected[row]!, previous[row]!, lower, upper);
      const error = expected[row]! - value;
      const persistenceError = previous[row]! - value;
      // The scale is NaN without an interval and 0 for a value that could not be missed: neither tells of skill.
      const scale = Math.abs(error) + Math.abs(persistenceError) + (upper - lower);
      if (scale > 0) this.#relativeErrors.add(0, error / scale, persistenceError / scale, NaN, NaN);
      if (!Number.isNaN(yhat[row]!)) forecasts++;
      if (anomalyScore[row]! > 1) anomalies++;
    }
    this.#events.inc(count);
    this.#forecasts.inc(forecasts);
    this.#anomalies.inc(anomalies);
  }

  rejection({ code }: Rejection): void {
    this.#rejections.inc({ code });
  }

  update(update: LearningUpdate): void {
    this.#updates.inc();
    this.#version.set(update.version);
    this.#loss.set(update.loss);
    this.#gradientNorm.set(update.gradientNorm);
  }

  #counter(name: MetricName): Counter {
    return counterOf(this.registry, name, metrics[name]);
  }

  /** A gauge with a reading is asked at each scrape. */
  #gauge(name: MetricName, reading?: () => number): Gauge {
    return gaugeOf(this.registry, name, metrics[name], reading);
  }
}
