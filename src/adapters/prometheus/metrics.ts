/** Declares every exported metric; the exporter and docs/metrics.md are generated from these tables. */

export interface MetricDeclaration {
  readonly type: "counter" | "gauge" | "histogram";
  readonly help: string;
  /** Unit of the value in the documentation. */
  readonly unit: string;
  readonly labels?: readonly string[];
  /** Upper bounds of a histogram's buckets. */
  readonly buckets?: readonly number[];
  /** How the values of several worker threads are combined. Default: "sum". */
  readonly together?: "sum" | "first" | "max" | "average";
}

/** Time constant of the rolling metrics, in scored forecasts: a forecast's weight decays to 1/e over this number. */
export const rollingForecasts = 10_000;

const rolling = `over about the last ${rollingForecasts.toLocaleString("en")} scored forecasts`;

/** Bands of the severity of incidents with the least severity of each: one value in a million has 6. */
export const severityBands = [
  ["low", 0],
  ["medium", 6],
  ["high", 12],
] as const;

/** Metrics of the forecaster, for every source of events. */
export const metrics = {
  undercurrent_build_info: {
    type: "gauge",
    help: "Always 1; the labels name the release, the Node.js version and the model.",
    unit: "1",
    labels: ["version", "nodejs", "model"],
    together: "first",
  },
  undercurrent_events_total: {
    type: "counter",
    help: "Observations processed by the forecaster.",
    unit: "events",
  },
  undercurrent_forecasts_total: {
    type: "counter",
    help: "Forecasts of a key's next value.",
    unit: "forecasts",
  },
  undercurrent_anomalies_total: {
    type: "counter",
    help: "Observations with an anomaly score above 1.",
    unit: "events",
  },
  undercurrent_incidents_opened_total: {
    type: "counter",
    help: "Incidents opened, by kind (as it is known at the opening) and severity band: low is a severity below 6, high one of at least 12.",
    unit: "incidents",
    labels: ["kind", "severity_band"],
  },
  undercurrent_incidents_open: {
    type: "gauge",
    help: "Incidents that are open now in memory, by what they are of: the values of a key, the silence of a key, or a group.",
    unit: "incidents",
    labels: ["scope"],
  },
  undercurrent_silences_waiting: {
    type: "gauge",
    help: "Keys that are silent and not told yet, because silences are told at most at the alarm rate.",
    unit: "keys",
  },
  undercurrent_rejections_total: {
    type: "counter",
    help: "Events rejected before the forecaster, by error code.",
    unit: "events",
    labels: ["code"],
  },
  undercurrent_learning_updates_total: {
    type: "counter",
    help: "Weight updates since the process started.",
    unit: "updates",
  },
  undercurrent_model_version: {
    type: "gauge",
    help: "Weight updates of the current weights, including updates before a restart.",
    unit: "updates",
    together: "max",
  },
  undercurrent_training_loss: {
    type: "gauge",
    help: "Mean Huber loss of the latest weight update, on changes scaled per key.",
    unit: "1",
    together: "average",
  },
  undercurrent_gradient_norm: {
    type: "gauge",
    help: "Global gradient norm of the latest weight update, before clipping.",
    unit: "1",
    together: "average",
  },
  undercurrent_keys: {
    type: "gauge",
    help: "Keys in memory.",
    unit: "keys",
  },
  undercurrent_keys_forgotten_total: {
    type: "counter",
    help: "Keys evicted, by reason: model.maxKeys or model.keyTtlMs.",
    unit: "keys",
    labels: ["reason"],
  },
  undercurrent_mae: {
    type: "gauge",
    help: `Mean absolute error ${rolling}, in the unit of the values. Meaningful only if all keys share one unit.`,
    unit: "unit of the values",
    together: "average",
  },
  undercurrent_skill_ratio: {
    type: "gauge",
    help: `Error reduction against persistence (repeating the last value) ${rolling}; above 0 is better than persistence. Each pair of errors is divided by its sum plus the interval width before averaging, so keys of any scale count equally and no single jump dominates.`,
    unit: "ratio, at most 1",
    together: "average",
  },
  undercurrent_interval_coverage_ratio: {
    type: "gauge",
    help: `Share of values inside their forecast interval ${rolling}. Compare with undercurrent_interval_level_ratio.`,
    unit: "ratio, 0 to 1",
    together: "average",
  },
  undercurrent_interval_level_ratio: {
    type: "gauge",
    help: "Nominal coverage of the forecast intervals (the first of model.intervalLevels).",
    unit: "ratio, 0 to 1",
    together: "first",
  },
  undercurrent_expert_share_ratio: {
    type: "gauge",
    help: "Mean weight of each expert in the forecasts, sampled from one key per batch over about the last 100 batches.",
    unit: "ratio, 0 to 1",
    labels: ["expert"],
    together: "average",
  },
  undercurrent_learning_duration_seconds: {
    type: "histogram",
    help: "Duration of a weight update.",
    unit: "seconds",
    buckets: [0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1],
  },
} as const satisfies Record<string, MetricDeclaration>;

/** Metrics of single keys, only for the keys in `server.series`. */
export const seriesMetrics = {
  undercurrent_y: {
    type: "gauge",
    help: "Latest value of the key.",
    unit: "unit of the values",
    labels: ["key"],
  },
  undercurrent_yhat_of_y: {
    type: "gauge",
    help: "Forecast of the latest value, made before the value arrived.",
    unit: "unit of the values",
    labels: ["key"],
  },
  undercurrent_yhat: {
    type: "gauge",
    help: "Forecast of the next value.",
    unit: "unit of the values",
    labels: ["key"],
  },
  undercurrent_yhat_lower: {
    type: "gauge",
    help: "Lower bound of the next value's forecast interval.",
    unit: "unit of the values",
    labels: ["key"],
  },
  undercurrent_yhat_upper: {
    type: "gauge",
    help: "Upper bound of the next value's forecast interval.",
    unit: "unit of the values",
    labels: ["key"],
  },
  undercurrent_anomaly_score: {
    type: "gauge",
    help: "Anomaly score of the latest value. Above 1 is anomalous.",
    unit: "1",
    labels: ["key"],
  },
} as const satisfies Record<string, MetricDeclaration>;

export type SeriesMetricName = keyof typeof seriesMetrics;

export type MetricName = keyof typeof metrics;

/** Metrics of the Kafka service, by input partition. */
export const taskMetrics = {
  undercurrent_consumer_lag_records: {
    type: "gauge",
    help: "Input records between the committed offset and the end of the partition, at the latest commit.",
    unit: "records",
    labels: ["topic", "partition"],
  },
  undercurrent_repartitioned_records_total: {
    type: "counter",
    help: "Records that committed transactions wrote to the intermediate topic of topics.repartition, by input topic and partition.",
    unit: "records",
    labels: ["topic", "partition"],
  },
  undercurrent_repartition_lag_records: {
    type: "gauge",
    help: "Input records that are not in the intermediate topic of topics.repartition yet, at the latest commit.",
    unit: "records",
    labels: ["topic", "partition"],
  },
  undercurrent_partitions: {
    type: "gauge",
    help: "Input partitions assigned to this instance, by state: restoring, then live once forecasts are emitted.",
    unit: "partitions",
    labels: ["state"],
  },
  undercurrent_takeovers_total: {
    type: "counter",
    help: "Partition takeovers (start, rebalance or restart), by plan: fresh, resume or migrate.",
    unit: "takeovers",
    labels: ["plan"],
  },
  undercurrent_restarts_total: {
    type: "counter",
    help: "Task restarts from the last durable commit, by error code. FENCED: another owner had taken over.",
    unit: "restarts",
    labels: ["code"],
  },
  undercurrent_rebalances_total: {
    type: "counter",
    help: "Group joins of this instance, at start-up and in each rebalance.",
    unit: "rebalances",
  },
  undercurrent_partitions_with_shared_keys: {
    type: "gauge",
    help: "Assigned partitions with a key that also arrives in another assigned partition. Such a key is a separate series in each partition.",
    unit: "partitions",
  },
  undercurrent_state_bytes: {
    type: "gauge",
    help: "State of a partition in memory, including reserved room for further keys.",
    unit: "bytes",
    labels: ["topic", "partition"],
  },
  undercurrent_batch_duration_seconds: {
    type: "histogram",
    help: "Time to decode, forecast and learn from the records of one commit.",
    unit: "seconds",
    buckets: [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1],
  },
  undercurrent_end_to_end_latency_seconds: {
    type: "histogram",
    help: "Time from the timestamp of a commit's first record to the durable forecast.",
    unit: "seconds",
    buckets: [0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100, 300, 1000],
  },
  undercurrent_restore_duration_seconds: {
    type: "histogram",
    help: "Time to restore a partition's state and replay its input.",
    unit: "seconds",
    buckets: [0.1, 0.3, 1, 3, 10, 30, 100, 300, 1000],
  },
  undercurrent_commits_total: {
    type: "counter",
    help: "Committed transactions. Each holds forecasts, dead letters, state and offset.",
    unit: "commits",
  },
  undercurrent_commit_duration_seconds: {
    type: "histogram",
    help: "Time until a commit was durable.",
    unit: "seconds",
    buckets: [0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 3, 10],
  },
  undercurrent_committed_forecasts_total: {
    type: "counter",
    help: "Forecasts committed to the forecasts topic.",
    unit: "forecasts",
    labels: ["topic", "partition"],
  },
  undercurrent_dead_letters_total: {
    type: "counter",
    help: "Records committed to the dead-letter topic. undercurrent_rejections_total counts the reasons.",
    unit: "records",
  },
  undercurrent_snapshots_total: {
    type: "counter",
    help: "Snapshots committed to the state topic.",
    unit: "snapshots",
  },
  undercurrent_snapshot_size_bytes: {
    type: "gauge",
    help: "Size of a partition's latest incremental snapshot.",
    unit: "bytes",
    labels: ["topic", "partition"],
  },
  undercurrent_snapshot_timestamp_seconds: {
    type: "gauge",
    help: "Commit time of a partition's latest snapshot. Its age is time() minus this value.",
    unit: "seconds since the epoch",
    labels: ["topic", "partition"],
  },
  undercurrent_page_rows_dropped_total: {
    type: "counter",
    help: "Forecasts that the live page of `run --workers` skipped because the main thread was busy. Kafka holds them all.",
    unit: "forecasts",
  },
} as const satisfies Record<string, MetricDeclaration>;

export type TaskMetricName = keyof typeof taskMetrics;
