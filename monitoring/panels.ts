/** What the dashboard shows: rows of panels, each with its queries; units come from the declarations of the metrics. */
import {
  metrics,
  seriesMetrics,
  taskMetrics,
  type MetricDeclaration,
} from "../src/adapters/prometheus/metrics.js";

/** `$instance` and `$key` are variables of the dashboard, `$__rate_interval` is Grafana's. */
export interface Query {
  readonly expr: string;
  /** As Grafana takes it: `{{label}}` stands for a label's value. */
  readonly legend: string;
}

export interface Panel {
  readonly kind: "stat" | "timeseries";
  readonly title: string;
  readonly description: string;
  /** Grafana's name of the unit. */
  readonly unit: string;
  /** Of 24 columns. */
  readonly width: number;
  readonly queries: readonly Query[];
}

export interface Row {
  readonly title: string;
  /** The variable that there is one row of for each value. */
  readonly repeat?: "key";
  readonly panels: readonly Panel[];
}

const declarations: Readonly<Record<string, MetricDeclaration>> = {
  ...metrics,
  ...seriesMetrics,
  ...taskMetrics,
};

type Name = keyof typeof metrics | keyof typeof seriesMetrics | keyof typeof taskMetrics;

/** Grafana's names of the units that the declarations use. */
function unitOf(name: Name): string {
  const { unit } = declarations[name]!;
  if (unit === "seconds") return "s";
  if (unit === "bytes") return "bytes";
  if (unit.startsWith("ratio, 0 to 1")) return "percentunit";
  return "short";
}

const of = (name: Name): string => `${name}{instance=~"$instance"}`;
const total = (name: Name): string => `sum(${of(name)})`;
const rate = (name: Name): string => `sum(rate(${of(name)}[$__rate_interval]))`;
const rateBy = (label: string, name: Name): string =>
  `sum by (${label}) (rate(${of(name)}[$__rate_interval]))`;
const quantile = (q: number, name: Name): string =>
  `histogram_quantile(${q}, sum by (le) (rate(${name}_bucket{instance=~"$instance"}[$__rate_interval])))`;
const quantiles = (name: Name): Query[] =>
  [0.5, 0.9, 0.99].map((q) => ({ expr: quantile(q, name), legend: `${100 * q} %` }));

const helpOf = (name: Name): string => declarations[name]!.help;

function stat(title: string, name: Name, expr: string, unit = unitOf(name)): Panel {
  return {
    kind: "stat",
    title,
    description: helpOf(name),
    unit,
    width: 4,
    queries: [{ expr, legend: title }],
  };
}

function chart(title: string, name: Name, queries: readonly Query[], unit = unitOf(name), width = 8): Panel {
  return { kind: "timeseries", title, description: helpOf(name), unit, width, queries };
}

const key = (name: keyof typeof seriesMetrics): string => `max(${name}{instance=~"$instance", key="$key"})`;

export const rows: readonly Row[] = [
  {
    title: "Overview",
    panels: [
      stat(
        "Forecasts",
        "undercurrent_committed_forecasts_total",
        rate("undercurrent_committed_forecasts_total"),
        "cps",
      ),
      stat("Lag", "undercurrent_consumer_lag_records", total("undercurrent_consumer_lag_records")),
      stat("Keys", "undercurrent_keys", total("undercurrent_keys")),
      stat("Skill", "undercurrent_skill_ratio", `avg(${of("undercurrent_skill_ratio")})`, "percentunit"),
      stat(
        "Coverage",
        "undercurrent_interval_coverage_ratio",
        `avg(${of("undercurrent_interval_coverage_ratio")})`,
      ),
      stat(
        "Restoring",
        "undercurrent_partitions",
        `sum(undercurrent_partitions{instance=~"$instance", state="restoring"})`,
      ),
    ],
  },
  {
    title: "Flow",
    panels: [
      chart(
        "Records and forecasts",
        "undercurrent_events_total",
        [
          { expr: rate("undercurrent_events_total"), legend: "observed" },
          { expr: rate("undercurrent_committed_forecasts_total"), legend: "forecasts that landed" },
        ],
        "cps",
      ),
      chart("Lag", "undercurrent_consumer_lag_records", [
        {
          expr: `sum by (partition) (${of("undercurrent_consumer_lag_records")})`,
          legend: "partition {{partition}}",
        },
      ]),
      chart(
        "End-to-end latency",
        "undercurrent_end_to_end_latency_seconds",
        quantiles("undercurrent_end_to_end_latency_seconds"),
      ),
      chart(
        "Refused records",
        "undercurrent_rejections_total",
        [{ expr: rateBy("code", "undercurrent_rejections_total"), legend: "{{code}}" }],
        "cps",
      ),
      chart(
        "Dead letters",
        "undercurrent_dead_letters_total",
        [{ expr: rate("undercurrent_dead_letters_total"), legend: "dead letters" }],
        "cps",
      ),
      chart(
        "Anomalies",
        "undercurrent_anomalies_total",
        [{ expr: rate("undercurrent_anomalies_total"), legend: "anomalies" }],
        "cps",
      ),
    ],
  },
  {
    title: "Forecasts and learning",
    panels: [
      chart(
        "Skill",
        "undercurrent_skill_ratio",
        [{ expr: of("undercurrent_skill_ratio"), legend: "{{instance}}" }],
        "percentunit",
      ),
      chart("Coverage of the intervals", "undercurrent_interval_coverage_ratio", [
        { expr: of("undercurrent_interval_coverage_ratio"), legend: "{{instance}}" },
        { expr: `max(${of("undercurrent_interval_level_ratio")})`, legend: "nominal" },
      ]),
      chart("Mean absolute error", "undercurrent_mae", [
        { expr: of("undercurrent_mae"), legend: "{{instance}}" },
      ]),
      chart("Weights of the experts", "undercurrent_expert_share_ratio", [
        { expr: `avg by (expert) (${of("undercurrent_expert_share_ratio")})`, legend: "{{expert}}" },
      ]),
      chart("Training loss", "undercurrent_training_loss", [
        { expr: of("undercurrent_training_loss"), legend: "{{instance}}" },
      ]),
      chart("Gradient norm", "undercurrent_gradient_norm", [
        { expr: of("undercurrent_gradient_norm"), legend: "{{instance}}" },
      ]),
      chart(
        "Updates of the weights",
        "undercurrent_learning_updates_total",
        [{ expr: rate("undercurrent_learning_updates_total"), legend: "updates" }],
        "cps",
      ),
      chart(
        "Duration of an update",
        "undercurrent_learning_duration_seconds",
        quantiles("undercurrent_learning_duration_seconds"),
      ),
      chart("Model version", "undercurrent_model_version", [
        { expr: of("undercurrent_model_version"), legend: "{{instance}}" },
      ]),
    ],
  },
  {
    title: "State and Kafka",
    panels: [
      chart(
        "Duration of a batch",
        "undercurrent_batch_duration_seconds",
        quantiles("undercurrent_batch_duration_seconds"),
      ),
      chart(
        "Duration of a commit",
        "undercurrent_commit_duration_seconds",
        quantiles("undercurrent_commit_duration_seconds"),
      ),
      chart("Partitions", "undercurrent_partitions", [
        { expr: `sum by (state) (${of("undercurrent_partitions")})`, legend: "{{state}}" },
      ]),
      chart(
        "Age of the latest snapshot",
        "undercurrent_snapshot_timestamp_seconds",
        [
          {
            expr: `time() - max by (partition) (${of("undercurrent_snapshot_timestamp_seconds")})`,
            legend: "partition {{partition}}",
          },
        ],
        "s",
      ),
      chart("Size of the latest snapshot", "undercurrent_snapshot_size_bytes", [
        {
          expr: `sum by (partition) (${of("undercurrent_snapshot_size_bytes")})`,
          legend: "partition {{partition}}",
        },
      ]),
      chart("State in memory", "undercurrent_state_bytes", [
        { expr: `sum by (instance) (${of("undercurrent_state_bytes")})`, legend: "{{instance}}" },
      ]),
      chart("Rows that the live page left out", "undercurrent_page_rows_dropped_total", [
        {
          expr: `sum(increase(${of("undercurrent_page_rows_dropped_total")}[$__rate_interval]))`,
          legend: "rows",
        },
      ]),
      chart("Keys forgotten", "undercurrent_keys_forgotten_total", [
        {
          expr: `sum by (reason) (increase(${of("undercurrent_keys_forgotten_total")}[$__rate_interval]))`,
          legend: "{{reason}}",
        },
      ]),
      chart("Rebalances and takeovers", "undercurrent_rebalances_total", [
        {
          expr: `sum(increase(${of("undercurrent_rebalances_total")}[$__rate_interval]))`,
          legend: "joins of the group",
        },
        {
          expr: `sum by (plan) (increase(${of("undercurrent_takeovers_total")}[$__rate_interval]))`,
          legend: "takeover: {{plan}}",
        },
      ]),
      chart("Partitions that share keys", "undercurrent_partitions_with_shared_keys", [
        {
          expr: `sum by (instance) (${of("undercurrent_partitions_with_shared_keys")})`,
          legend: "{{instance}}",
        },
      ]),
      chart("Tasks that began anew", "undercurrent_restarts_total", [
        {
          expr: `sum by (code) (increase(${of("undercurrent_restarts_total")}[$__rate_interval]))`,
          legend: "{{code}}",
        },
      ]),
      chart("Duration of a restore", "undercurrent_restore_duration_seconds", [
        {
          expr: `sum(undercurrent_restore_duration_seconds_sum{instance=~"$instance"}) / sum(undercurrent_restore_duration_seconds_count{instance=~"$instance"})`,
          legend: "mean",
        },
      ]),
    ],
  },
  {
    title: "Key $key",
    repeat: "key",
    panels: [
      chart(
        "Value and forecast",
        "undercurrent_y",
        [
          { expr: key("undercurrent_y"), legend: "value" },
          { expr: key("undercurrent_yhat_of_y"), legend: "its forecast" },
          { expr: key("undercurrent_yhat"), legend: "next" },
          { expr: key("undercurrent_yhat_lower"), legend: "next, lower" },
          { expr: key("undercurrent_yhat_upper"), legend: "next, upper" },
        ],
        "short",
        16,
      ),
      chart("Anomaly score", "undercurrent_anomaly_score", [
        { expr: key("undercurrent_anomaly_score"), legend: "score" },
      ]),
    ],
  },
];
