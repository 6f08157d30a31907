/** The latest value and forecast of a few named keys, as series of their own. */
import type { Gauge, Registry } from "prom-client";
import type { ForecastBatch } from "../../pipeline/telemetry.js";
import { gaugeOf } from "./declared.js";
import { seriesMetrics, type SeriesMetricName } from "./metrics.js";

export class KeySeries {
  readonly #keys: ReadonlySet<string>;
  /** The last row of each key in the batch under way. */
  readonly #rows = new Map<string, number>();
  readonly #gauges: Readonly<Record<SeriesMetricName, Gauge>>;

  constructor(registry: Registry, keys: readonly string[]) {
    this.#keys = new Set(keys);
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

  /** Forgets all values: those of a key that has gone elsewhere would stand still here. */
  clear(): void {
    for (const gauge of Object.values(this.#gauges)) gauge.reset();
  }
}
