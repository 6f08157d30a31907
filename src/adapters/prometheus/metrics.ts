/** Every metric that is exported, declared once: exporter and documentation are made from this table. */

export interface MetricDeclaration {
  readonly type: "counter" | "gauge";
  readonly help: string;
  /** Unit of the value, as documentation names it. */
  readonly unit: string;
  readonly labels?: readonly string[];
}

/** Scored forecasts that rolling metrics remember, roughly: the weight of an older one falls by 1/e over so many. */
export const rollingForecasts = 10_000;

const rolling = `rolling over about the last ${rollingForecasts.toLocaleString("en")} scored forecasts`;

export const metrics = {
  undercurrent_build_info: {
    type: "gauge",
    help: "Always 1; the labels say which release, Node.js and model are running.",
    unit: "1",
    labels: ["version", "nodejs", "model"],
  },
  undercurrent_events_total: {
    type: "counter",
    help: "Observations that reached the forecaster.",
    unit: "events",
  },
  undercurrent_forecasts_total: {
    type: "counter",
    help: "Forecasts of a key's next value that were made.",
    unit: "forecasts",
  },
  undercurrent_anomalies_total: {
    type: "counter",
    help: "Observations whose anomaly score exceeded 1.",
    unit: "events",
  },
  undercurrent_rejections_total: {
    type: "counter",
    help: "Events that were refused and did not reach the forecaster, by error code.",
    unit: "events",
    labels: ["code"],
  },
  undercurrent_learning_updates_total: {
    type: "counter",
    help: "Updates of the weights by this process.",
    unit: "updates",
  },
  undercurrent_model_version: {
    type: "gauge",
    help: "Updates that the weights in use have seen, those before a restart included.",
    unit: "updates",
  },
  undercurrent_training_loss: {
    type: "gauge",
    help: "Mean loss of the latest update, in squared scaled changes below the Huber threshold.",
    unit: "1",
  },
  undercurrent_gradient_norm: {
    type: "gauge",
    help: "Global norm of the gradients of the latest update, before clipping.",
    unit: "1",
  },
  undercurrent_keys: {
    type: "gauge",
    help: "Keys that have a hidden state.",
    unit: "keys",
  },
  undercurrent_mae: {
    type: "gauge",
    help: `Mean absolute error of the forecasts, ${rolling}; in the unit of the values, so it says something only where all keys share one.`,
    unit: "unit of the values",
  },
  undercurrent_skill_ratio: {
    type: "gauge",
    help: `Share of the error of persistence (repeating the last value) that the forecasts remove, ${rolling}; above 0 is better than persistence. Both errors of a forecast are divided by their sum plus the width of its interval before they are averaged, so keys of any scale count alike and no single jump dominates.`,
    unit: "ratio, at most 1",
  },
  undercurrent_interval_coverage_ratio: {
    type: "gauge",
    help: `Share of values that lay inside their forecast interval, ${rolling}; compare with the nominal level.`,
    unit: "ratio, 0 to 1",
  },
} as const satisfies Record<string, MetricDeclaration>;

export type MetricName = keyof typeof metrics;
