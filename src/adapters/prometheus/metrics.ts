/** Every metric that is exported, declared once: exporter and documentation are made from this table. */

export interface MetricDeclaration {
  readonly type: "counter" | "gauge" | "histogram";
  readonly help: string;
  /** Unit of the value, as documentation names it. */
  readonly unit: string;
  readonly labels?: readonly string[];
  /** Upper bounds of a histogram's buckets. */
  readonly buckets?: readonly number[];
  /** How the figures of several worker threads become one; "sum" where it is left out. */
  readonly together?: "sum" | "first" | "max" | "average";
}

/** Scored forecasts that rolling metrics remember, roughly: the weight of an older one falls by 1/e over so many. */
export const rollingForecasts = 10_000;

const rolling = `rolling over about the last ${rollingForecasts.toLocaleString("en")} scored forecasts`;

/** Those of the forecaster, whatever feeds it. */
export const metrics = {
  undercurrent_build_info: {
    type: "gauge",
    help: "Always 1; the labels say which release, Node.js and model are running.",
    unit: "1",
    labels: ["version", "nodejs", "model"],
    together: "first",
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
    together: "max",
  },
  undercurrent_training_loss: {
    type: "gauge",
    help: "Mean loss of the latest update, in squared scaled changes below the Huber threshold.",
    unit: "1",
    together: "average",
  },
  undercurrent_gradient_norm: {
    type: "gauge",
    help: "Global norm of the gradients of the latest update, before clipping.",
    unit: "1",
    together: "average",
  },
  undercurrent_keys: {
    type: "gauge",
    help: "Keys that have a hidden state.",
    unit: "keys",
  },
  undercurrent_keys_forgotten_total: {
    type: "counter",
    help: "Keys that were forgotten, for there were model.maxKeys, or their last event was older than model.keyTtlMs.",
    unit: "keys",
    labels: ["reason"],
  },
  undercurrent_mae: {
    type: "gauge",
    help: `Mean absolute error of the forecasts, ${rolling}; in the unit of the values, so it says something only where all keys share one.`,
    unit: "unit of the values",
    together: "average",
  },
  undercurrent_skill_ratio: {
    type: "gauge",
    help: `Share of the error of persistence (repeating the last value) that the forecasts remove, ${rolling}; above 0 is better than persistence. Both errors of a forecast are divided by their sum plus the width of its interval before they are averaged, so keys of any scale count alike and no single jump dominates.`,
    unit: "ratio, at most 1",
    together: "average",
  },
  undercurrent_interval_coverage_ratio: {
    type: "gauge",
    help: `Share of values that lay inside their forecast interval, ${rolling}; compare with the nominal level.`,
    unit: "ratio, 0 to 1",
    together: "average",
  },
  undercurrent_interval_level_ratio: {
    type: "gauge",
    help: "The nominal level of the intervals: the share of values that they are to hold.",
    unit: "ratio, 0 to 1",
    together: "first",
  },
  undercurrent_expert_share_ratio: {
    type: "gauge",
    help: "Weight of each expert in the forecasts, the mean over the latest keys: of one key in each batch, and about the last 100 of them.",
    unit: "ratio, 0 to 1",
    labels: ["expert"],
    together: "average",
  },
  undercurrent_learning_duration_seconds: {
    type: "histogram",
    help: "How long an update of the weights took.",
    unit: "seconds",
    buckets: [0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1],
  },
} as const satisfies Record<string, MetricDeclaration>;

/** Those of single keys, for the keys that `server.series` names and no others. */
export const seriesMetrics = {
  undercurrent_y: { type: "gauge", help: "The latest value.", unit: "unit of the values", labels: ["key"] },
  undercurrent_yhat_of_y: {
    type: "gauge",
    help: "The forecast of the latest value, made before it came.",
    unit: "unit of the values",
    labels: ["key"],
  },
  undercurrent_yhat: {
    type: "gauge",
    help: "The forecast of the next value.",
    unit: "unit of the values",
    labels: ["key"],
  },
  undercurrent_yhat_lower: {
    type: "gauge",
    help: "Lower end of the interval of the next value.",
    unit: "unit of the values",
    labels: ["key"],
  },
  undercurrent_yhat_upper: {
    type: "gauge",
    help: "Upper end of the interval of the next value.",
    unit: "unit of the values",
    labels: ["key"],
  },
  undercurrent_anomaly_score: {
    type: "gauge",
    help: "Anomaly score of the latest value; above 1 is anomalous.",
    unit: "1",
    labels: ["key"],
  },
} as const satisfies Record<string, MetricDeclaration>;

export type SeriesMetricName = keyof typeof seriesMetrics;

export type MetricName = keyof typeof metrics;

/** Those of the service on Kafka, by input partition. */
export const taskMetrics = {
  undercurrent_consumer_lag_records: {
    type: "gauge",
    help: "Records of the input between the committed offset and the end, as of the latest commit.",
    unit: "records",
    labels: ["partition"],
  },
  undercurrent_partitions: {
    type: "gauge",
    help: "Input partitions that this instance holds: restoring until their forecasts follow, live from then on.",
    unit: "partitions",
    labels: ["state"],
  },
  undercurrent_takeovers_total: {
    type: "counter",
    help: "Input partitions taken over, at a start, in a rebalance or after an error; by the way they were gone on with.",
    unit: "takeovers",
    labels: ["plan"],
  },
  undercurrent_restarts_total: {
    type: "counter",
    help: "Tasks that began anew from what is durable, by the error code: FENCED where another owner had taken over.",
    unit: "restarts",
    labels: ["code"],
  },
  undercurrent_rebalances_total: {
    type: "counter",
    help: "Times that this instance joined the group: at its start, and in each rebalance.",
    unit: "rebalances",
  },
  undercurrent_partitions_with_shared_keys: {
    type: "gauge",
    help: "Input partitions that this instance holds with a key that another partition of it has too: a series of its own in each.",
    unit: "partitions",
  },
  undercurrent_state_bytes: {
    type: "gauge",
    help: "Bytes of state that a partition's task holds in memory, room for further keys included.",
    unit: "bytes",
    labels: ["partition"],
  },
  undercurrent_batch_duration_seconds: {
    type: "histogram",
    help: "How long the records of a commit took to be read, forecast from and learned from.",
    unit: "seconds",
    buckets: [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1],
  },
  undercurrent_end_to_end_latency_seconds: {
    type: "histogram",
    help: "From the timestamp of the first record of a commit until its forecast was durable.",
    unit: "seconds",
    buckets: [0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100, 300, 1000],
  },
  undercurrent_restore_duration_seconds: {
    type: "histogram",
    help: "How long restoring the state of a partition and replaying its input took.",
    unit: "seconds",
    buckets: [0.1, 0.3, 1, 3, 10, 30, 100, 300, 1000],
  },
  undercurrent_commits_total: {
    type: "counter",
    help: "Commits that landed: forecasts, dead letters, state and offset in one transaction.",
    unit: "commits",
  },
  undercurrent_commit_duration_seconds: {
    type: "histogram",
    help: "How long a commit took until it was durable.",
    unit: "seconds",
    buckets: [0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 3, 10],
  },
  undercurrent_committed_forecasts_total: {
    type: "counter",
    help: "Forecasts that landed in their topic.",
    unit: "forecasts",
    labels: ["partition"],
  },
  undercurrent_dead_letters_total: {
    type: "counter",
    help: "Records that landed in the topic of dead letters; undercurrent_rejections_total has their reasons.",
    unit: "records",
  },
  undercurrent_snapshots_total: {
    type: "counter",
    help: "Snapshots of the state that landed.",
    unit: "snapshots",
  },
  undercurrent_snapshot_size_bytes: {
    type: "gauge",
    help: "Size of the latest snapshot of a partition: what changed since the one before.",
    unit: "bytes",
    labels: ["partition"],
  },
  undercurrent_snapshot_timestamp_seconds: {
    type: "gauge",
    help: "When the latest snapshot of a partition landed; time() less this is its age.",
    unit: "seconds since the epoch",
    labels: ["partition"],
  },
  undercurrent_page_rows_dropped_total: {
    type: "counter",
    help: "Forecasts that the live page of `run --workers` left out, for the main thread was busy; they are counted there, and written as all others.",
    unit: "forecasts",
  },
} as const satisfies Record<string, MetricDeclaration>;

export type TaskMetricName = keyof typeof taskMetrics;
