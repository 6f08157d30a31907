/** Defines the alerts with their runbook texts. The Prometheus rules and docs/runbook.md are generated from this list. */

export interface Alert {
  readonly name: string;
  /** The PromQL signal; it has a value wherever the service runs. */
  readonly signal: string;
  /** The condition that follows the signal. */
  readonly threshold: string;
  /** How long the condition must hold, as a Prometheus duration. */
  readonly lasting: string;
  readonly severity: "critical" | "warning";
  readonly summary: string;
  /** What the alert means, and the steps to take, in order. */
  readonly meaning: string;
  readonly steps: readonly string[];
}

const byInstance = (expr: string): string => `sum by (instance) (${expr})`;

/** Forecasts of each partition in a quarter of an hour, whichever instance owns it. */
const partitionEvents = "sum by (topic, partition) (increase(undercurrent_committed_forecasts_total[15m]))";

export const alerts: readonly Alert[] = [
  {
    name: "UndercurrentDown",
    signal: 'up{job="undercurrent"}',
    threshold: "== 0",
    lasting: "2m",
    severity: "critical",
    summary: "{{ $labels.instance }} does not answer.",
    meaning:
      "Prometheus cannot scrape the instance. Other instances take its partitions over after `kafka.sessionTimeoutMs`. Nothing is lost; forecasts are late.",
    steps: [
      "Read the last lines of its log. The final error has a code, the fate of the data and the next action ([errors.md](errors.md)).",
      "Start it again. It restores the last snapshot, replays later input without emitting, and resumes at the last commit.",
      "If the process runs, request `/live` (no token needed), and check the network between Prometheus and `server.host`.",
    ],
  },
  {
    name: "UndercurrentNoForecasts",
    signal: byInstance("rate(undercurrent_committed_forecasts_total[5m])"),
    threshold: `== 0 and on (instance) (${byInstance("rate(undercurrent_events_total[5m])")} > 0 or ${byInstance("undercurrent_consumer_lag_records")} > 0)`,
    lasting: "5m",
    severity: "critical",
    summary: "{{ $labels.instance }} has input and commits no forecasts.",
    meaning:
      "Records are read or waiting, and no commit lands. Nothing is lost: uncommitted records are processed again after a takeover.",
    steps: [
      "Find `event: restarting` in the log. Its code says why a task restarts; `undercurrent_restarts_total` counts restarts by code.",
      "COMMIT_UNCERTAIN repeats: the brokers do not finish transactions. Check their health, the topics' `min.insync.replicas`, and the transaction coordinator's log.",
      "FENCED repeats: a second deployment uses the same `applicationId`. Rename or stop it.",
      "The log is silent: check whether a partition is restoring (UndercurrentRestoreStuck).",
    ],
  },
  {
    name: "UndercurrentLagGrowing",
    signal: byInstance("delta(undercurrent_consumer_lag_records[10m])"),
    threshold: `> 0 and on (instance) ${byInstance("undercurrent_consumer_lag_records")} > 10000`,
    lasting: "10m",
    severity: "warning",
    summary: "{{ $labels.instance }} falls behind its input.",
    meaning: "Records arrive faster than they are forecast. Forecasts are correct but late.",
    steps: [
      "Compare `undercurrent_batch_duration_seconds` with `undercurrent_commit_duration_seconds`. The larger one is the bottleneck.",
      "Batches: add instances, or use `run --workers N` on a machine with idle cores, up to the number of partitions. Then choose a smaller model (`model.hidden`, `model.readout: shared`).",
      "Commits: set a larger `commit.maxEvents`. Then check the brokers.",
      "Only one partition lags: its keys need more than one core. Repartition the input.",
    ],
  },
  {
    name: "UndercurrentSkillBelowZero",
    signal: 'undercurrent_skill_ratio{role=""}',
    threshold: "< 0",
    lasting: "1h",
    severity: "warning",
    summary: "Forecasts of {{ $labels.instance }} are worse than repeating the last value.",
    meaning:
      "Over the last 10,000 scored forecasts, persistence did better. Unpredictable series such as prices stay within a hundredth of 0. A skill well below 0 means that the input changed.",
    steps: [
      "Check the instance's age. The first hundred values of a key are forecast with little history.",
      "Check `undercurrent_training_loss` and `undercurrent_gradient_norm`. A jump means that the values changed their nature; learning brings it down.",
      "Check the values: a changed unit, a counter in place of a rate, a key that mixes two sensors. `backtest` on a sample shows each key's skill.",
    ],
  },
  {
    name: "UndercurrentCoverageOff",
    signal: 'abs(undercurrent_interval_coverage_ratio{role=""} - undercurrent_interval_level_ratio{role=""})',
    threshold: "> 0.05",
    lasting: "1h",
    severity: "warning",
    summary: "Interval coverage of {{ $labels.instance }} is off its level.",
    meaning:
      "The share of values inside their interval differs from the nominal level by more than five points. Anomaly scores are off by a similar share.",
    steps: [
      "Coverage is too low after the input changed: the quantiles adapt within some hundred values of a key.",
      "Coverage is too high because values repeat exactly, so any interval holds them. Nothing is wrong.",
    ],
  },
  {
    name: "UndercurrentDeadLetters",
    signal: `${byInstance("rate(undercurrent_dead_letters_total[5m])")} / (${byInstance("rate(undercurrent_committed_forecasts_total[5m])")} + ${byInstance("rate(undercurrent_dead_letters_total[5m])")} + 1e-9)`,
    threshold: "> 0.01",
    lasting: "10m",
    severity: "warning",
    summary: "More than 1 % of the records of {{ $labels.instance }} become dead letters.",
    meaning:
      "Records are refused. The dead-letter topic has each one with its reason, topic, partition and offset in headers. Other records are forecast as if the refused one did not exist.",
    steps: [
      "Read the reason in `undercurrent_rejections_total` by code.",
      "RECORD_UNREADABLE: a producer changed its format, or `decode` names the wrong fields. BATCH_UNREADABLE: a writer sends damaged or very large compressed batches; see `kafka.maxUnpackedBatchBytes`. EVENT_LATE: see the setting `late`.",
      "After the correction, send the dead letters to the input again: key and value are unchanged.",
    ],
  },
  {
    name: "UndercurrentSnapshotTooOld",
    signal: "time() - max by (instance, topic, partition) (undercurrent_snapshot_timestamp_seconds)",
    threshold:
      "> 3600 and on (instance, topic, partition) sum by (instance, topic, partition) (rate(undercurrent_committed_forecasts_total[1h])) > 0",
    lasting: "10m",
    severity: "warning",
    summary:
      "Partition {{ $labels.topic }} {{ $labels.partition }} of {{ $labels.instance }} has had no snapshot for an hour.",
    meaning:
      "Forecasts are committed without a snapshot. A takeover replays all input since the last snapshot, so the input must be retained that long.",
    steps: [
      "If `snapshot.everyMs` is above an hour, change the threshold or the setting.",
      "RECORD_TOO_LARGE in the log: the model's record exceeds `kafka.maxBatchBytes`.",
      "Check the retention of the input. It must exceed the age of a snapshot.",
    ],
  },
  {
    name: "UndercurrentRestoreStuck",
    signal: 'sum by (instance) (undercurrent_partitions{state="restoring"})',
    threshold: "> 0",
    lasting: "15m",
    severity: "critical",
    summary: "{{ $labels.instance }} has been restoring partitions for a quarter of an hour.",
    meaning:
      "The instance reads state or replays input. These partitions have no forecasts until it is done.",
    steps: [
      "`event: replaying` in the log gives the seconds left. A long replay ends by itself; a smaller `snapshot.everyEvents` shortens the next one.",
      "`event: taking-over` is the last event: the state topic cannot be read to its end, or a former owner's transaction is still open (until `kafka.transactionTimeoutMs`).",
      "`event: restarting` repeats: its code says why.",
    ],
  },
  {
    name: "UndercurrentRestarting",
    signal: byInstance("increase(undercurrent_restarts_total[15m])"),
    threshold: "> 5",
    lasting: "5m",
    severity: "warning",
    summary: "Tasks of {{ $labels.instance }} restart repeatedly.",
    meaning:
      "A restarted task drops its state in memory and restores the durable state. This is correct and expensive. A rebalance or a broker restart causes a few restarts.",
    steps: [
      "Read the code in `undercurrent_restarts_total` and in `event: restarting` in the log.",
      "FENCED: instances take partitions from each other. Check `undercurrent_rebalances_total`, and pauses longer than `kafka.sessionTimeoutMs`.",
      "COMMIT_UNCERTAIN: see UndercurrentNoForecasts.",
    ],
  },
  {
    name: "UndercurrentIncident",
    signal:
      'sum by (instance, kind, severity_band) (increase(undercurrent_incidents_opened_total{role="",severity_band=~"medium|high"}[5m]))',
    threshold: "> 0",
    lasting: "0m",
    severity: "warning",
    summary:
      "{{ $labels.instance }} opened an incident: {{ $labels.kind }}, severity {{ $labels.severity_band }}.",
    meaning:
      "Values of a key were rarer than one in a million of its own. The labels `kind` and `severity_band` route and group the alert in Alertmanager. The alert ends five minutes after the last opening, whether the incident goes on or not.",
    steps: [
      "List the incidents: `npx undercurrent incidents -c config.yaml`. Each has its key, kind, begin, peak and expected value.",
      "`explain --incident ID` derives one again from the log, and shows what was rare about its first value.",
      "Too many incidents: `tune` chooses the alarm rate and gates on a sample ([alarms.md](alarms.md)). Planned work: state it in `model.detection.quiet`.",
    ],
  },
  {
    name: "UndercurrentSilence",
    signal: 'sum by (instance) (increase(undercurrent_incidents_opened_total{kind="silence"}[5m]))',
    threshold: "> 0",
    lasting: "0m",
    severity: "warning",
    summary: "{{ $value }} keys of {{ $labels.instance }} do not come any more.",
    meaning:
      "Keys that came regularly were away for longer than nearly all of their gaps, while other keys of their partitions came. With `model.detection.silence: false` this alert never fires. The alert ends five minutes after the last silence began, whether the keys have come back or not.",
    steps: [
      "List the silences: `npx undercurrent incidents -c config.yaml`. Each has its key and its last event; one that is open lasts.",
      '`undercurrent_incidents_open{scope="silence"}` counts the keys that are silent now, `undercurrent_silences_waiting` those that are not told yet.',
      "Keys end for good by plan, such as sessions: state `model.keyTtlMs`.",
    ],
  },
  {
    name: "UndercurrentPartitionSilent",
    signal: partitionEvents,
    threshold: `== 0 and on (topic, partition) quantile_over_time(0.2, ${partitionEvents}[1d:15m]) > 0`,
    lasting: "5m",
    severity: "warning",
    summary: "Partition {{ $labels.topic }} {{ $labels.partition }} has no events any more.",
    meaning:
      "The partition had events in at least four of five quarters of an hour of the last day, and none in the last one. No event of the partition can tell of that, so there is no incident. The alert ends after about five hours: the partition is no longer regular.",
    steps: [
      "`undercurrent_consumer_lag_records` of the partition is above 0: the service is behind, see UndercurrentNoForecasts.",
      "Ask the producers of the input topic. A changed partitioner or number of partitions moves keys to other partitions.",
      "The pause is planned: silence the alert in Alertmanager by its label `partition`.",
    ],
  },
];

/** The expression of the rule. */
export const expressionOf = ({ signal, threshold }: Alert): string => `${signal} ${threshold}`;

/** Rules as Prometheus takes them. */
export function rules(): object {
  return {
    groups: [
      {
        name: "undercurrent",
        rules: alerts.map((alert) => ({
          alert: alert.name,
          expr: expressionOf(alert),
          for: alert.lasting,
          labels: { severity: alert.severity },
          annotations: {
            summary: alert.summary,
            description: alert.meaning,
            runbook: `docs/runbook.md#${alert.name.toLowerCase()}`,
          },
        })),
      },
    ],
  };
}

/** The runbook as Markdown. */
export function runbook(): string {
  const parts = alerts.map(
    (alert) => `## ${alert.name}

${alert.summary.replaceAll(/\{\{ \$labels\.(\w+) \}\}/g, "`$1`")} Severity ${alert.severity}, after ${alert.lasting}.

${alert.meaning}

${alert.steps.map((step, i) => `${i + 1}. ${step}`).join("\n")}

\`\`\`promql
${expressionOf(alert)}
\`\`\`
`,
  );
  return `# Runbook

What to do at each alert of [config/prometheus/alerts.yml](../config/prometheus/alerts.yml). Generated from
\`monitoring/alerts.ts\`, like the rules.

${parts.join("\n")}`;
}
