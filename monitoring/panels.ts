/** Declares the dashboard: rows of panels with their queries. Units come from the metrics' declarations. */
import {
  metrics,
  seriesMetrics,
  taskMetrics,
  type MetricDeclaration,
} from "../src/adapters/prometheus/metrics.js";

/** `$instance` and `$key` are variables of the dashboard, `$__rate_interval` is Grafana's. */
export interface Query {
  readonly expr: string;
  /** Grafana's legend format: `{{label}}` stands for a label's value. */
  readonly legend: string;
}

export interface Panel {
  readonly kind: "stat" | "timeseries";
  readonly title: string;
  readonly description: string;
  /** Unit in Grafana's notation. */
  readonly unit: string;
  /** Of 24 columns. */
  readonly width: number;
  readonly queries: readonly Query[];
}

export interface Row {
  readonly title: string;
  /** Variable that repeats the row for each of its values. */
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

/** Metrics of the candidate have the names of the live model's, and a role. */
const liveOnly = (name: Name): string => (Object.hasOwn(metrics, name) ? `, role=""` : "");
const of = (name: Name): string => `${name}{instance=~"$instance"${liveOnly(name)}}`;
const ofBoth = (name: Name): string => `avg by (role) (${name}{instance=~"$instance"})`;
const compared = (name: Name): Query[] => [{ expr: ofBoth(name), legend: "{{role}}" }];
const total = (name: Name): string => `sum(${of(name)})`;
const rate = (name: Name): string => `sum(rate(${of(name)}[$__rate_interval]))`;
const rateBy = (label: string, name: Name): string =>
  `sum by (${label}) (rate(${of(name)}[$__rate_interval]))`;
const quantile = (q: number, name: Name): string =>
  `histogram_quantile(${q}, sum by (le) (rate(${name}_bucket{instance=~"$instance"${liveOnly(name)}}[$__rate_interval])))`;
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
        "Observations and forecasts",
        "undercurrent_events_total",
        [
          { expr: rate("undercurrent_events_total"), legend: "observed" },
          { expr: rate("undercurrent_committed_forecasts_total"), legend: "forecasts committed" },
        ],
        "cps",
      ),
      chart("Lag", "undercurrent_consumer_lag_records", [
        {
          expr: `sum by (topic, partition) (${of("undercurrent_consumer_lag_records")})`,
          legend: "partition {{topic}} {{partition}}",
        },
      ]),
      chart(
        "Records repartitioned",
        "undercurrent_repartitioned_records_total",
        [{ expr: rateBy("topic", "undercurrent_repartitioned_records_total"), legend: "{{topic}}" }],
        "cps",
      ),
      chart("Lag of the repartition", "undercurrent_repartition_lag_records", [
        {
          expr: `sum by (topic, partition) (${of("undercurrent_repartition_lag_records")})`,
          legend: "partition {{topic}} {{partition}}",
        },
      ]),
      chart(
        "End-to-end latency",
        "undercurrent_end_to_end_latency_seconds",
        quantiles("undercurrent_end_to_end_latency_seconds"),
      ),
      chart(
        "Rejected records",
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
    title: "Incidents",
    panels: [
      chart(
        "Open incidents",
        "undercurrent_incidents_open",
        [
          {
            expr: `sum by (scope) (${of("undercurrent_incidents_open")})`,
            legend: "{{scope}}",
          },
          { expr: total("undercurrent_silences_waiting"), legend: "silences that wait" },
        ],
        "short",
        12,
      ),
      chart(
        "Incidents opened",
        "undercurrent_incidents_opened_total",
        [
          {
            expr: `sum by (severity_band) (increase(${of("undercurrent_incidents_opened_total")}[$__rate_interval]))`,
            legend: "{{severity_band}}",
          },
        ],
        "short",
        12,
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
      chart("Interval coverage", "undercurrent_interval_coverage_ratio", [
        { expr: of("undercurrent_interval_coverage_ratio"), legend: "{{instance}}" },
        { expr: `max(${of("undercurrent_interval_level_ratio")})`, legend: "nominal" },
      ]),
      chart("Mean absolute error", "undercurrent_mae", [
        { expr: of("undercurrent_mae"), legend: "{{instance}}" },
      ]),
      chart("Expert weights", "undercurrent_expert_share_ratio", [
        { expr: `avg by (expert) (${of("undercurrent_expert_share_ratio")})`, legend: "{{expert}}" },
      ]),
      chart("Training loss", "undercurrent_training_loss", [
        { expr: of("undercurrent_training_loss"), legend: "{{instance}}" },
      ]),
      chart("Gradient norm", "undercurrent_gradient_norm", [
        { expr: of("undercurrent_gradient_norm"), legend: "{{instance}}" },
      ]),
      chart(
        "Weight updates",
        "undercurrent_learning_updates_total",
        [{ expr: rate("undercurrent_learning_updates_total"), legend: "updates" }],
        "cps",
      ),
      chart(
        "Update duration",
        "undercurrent_learning_duration_seconds",
        quantiles("undercurrent_learning_duration_seconds"),
      ),
      chart("Model version", "undercurrent_model_version", [
        { expr: of("undercurrent_model_version"), legend: "{{instance}}" },
      ]),
    ],
  },
  {
    title: "Live model and candidate",
    panels: [
      chart("Skill of both", "undercurrent_skill_ratio", compared("undercurrent_skill_ratio"), "percentunit"),
      chart("Error of both", "undercurrent_mae", compared("undercurrent_mae")),
      chart(
        "Coverage of both",
        "undercurrent_interval_coverage_ratio",
        compared("undercurrent_interval_coverage_ratio"),
      ),
    ],
  },
  {
    title: "State and Kafka",
    panels: [
      chart(
        "Batch duration",
        "undercurrent_batch_duration_seconds",
        quantiles("undercurrent_batch_duration_seconds"),
      ),
      chart(
        "Commit duration",
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
            expr: `time() - max by (topic, partition) (${of("undercurrent_snapshot_timestamp_seconds")})`,
            legend: "partition {{topic}} {{partition}}",
          },
        ],
        "s",
      ),
      chart("Size of the latest snapshot", "undercurrent_snapshot_size_bytes", [
        {
          expr: `sum by (topic, partition) (${of("undercurrent_snapshot_size_bytes")})`,
          legend: "partition {{topic}} {{partition}}",
        },
      ]),
      chart("State in memory", "undercurrent_state_bytes", [
        { expr: `sum by (instance) (${of("undercurrent_state_bytes")})`, legend: "{{instance}}" },
      ]),
      chart("Rows skipped by the live page", "undercurrent_page_rows_dropped_total", [
        {
          expr: `sum(increase(${of("undercurrent_page_rows_dropped_total")}[$__rate_interval]))`,
          legend: "rows",
        },
      ]),
      chart("Evicted keys", "undercurrent_keys_forgotten_total", [
        {
          expr: `sum by (reason) (increase(${of("undercurrent_keys_forgotten_total")}[$__rate_interval]))`,
          legend: "{{reason}}",
        },
      ]),
      chart("Rebalances and takeovers", "undercurrent_rebalances_total", [
        {
          expr: `sum(increase(${of("undercurrent_rebalances_total")}[$__rate_interval]))`,
          legend: "group joins",
        },
        {
          expr: `sum by (plan) (increase(${of("undercurrent_takeovers_total")}[$__rate_interval]))`,
          legend: "takeover: {{plan}}",
        },
      ]),
      chart("Partitions with shared keys", "undercurrent_partitions_with_shared_keys", [
        {
          expr: `sum by (instance) (${of("undercurrent_partitions_with_shared_keys")})`,
          legend: "{{instance}}",
        },
      ]),
      chart("Task restarts", "undercurrent_restarts_total", [
        {
          expr: `sum by (code) (increase(${of("undercurrent_restarts_total")}[$__rate_interval]))`,
          legend: "{{code}}",
        },
      ]),
      chart("Restore duration", "undercurrent_restore_duration_seconds", [
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
          { expr: key("undercurrent_yhat_of_y"), legend: "forecast of this value" },
          { expr: key("undercurrent_yhat"), legend: "forecast of the next value" },
          { expr: key("undercurrent_yhat_lower"), legend: "lower bound" },
          { expr: key("undercurrent_yhat_upper"), legend: "upper bound" },
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

/** Marks on every chart: one for each scrape at which incidents of a kind were opened. */
export const annotation = {
  name: "Incidents",
  expr: `sum by (kind, severity_band) (increase(${of("undercurrent_incidents_opened_total")}[$__rate_interval])) > 0`,
  title: "{{kind}}",
  text: "severity {{severity_band}}",
} as const;
