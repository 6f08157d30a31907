/** The alerts, each with the text of its runbook: rules for Prometheus and docs/runbook.md are made from this list. */

export interface Alert {
  readonly name: string;
  /** What is looked at: it has a value wherever the service runs. */
  readonly signal: string;
  /** What makes it an alert, behind the signal. */
  readonly threshold: string;
  /** How long it has to last, as Prometheus writes durations. */
  readonly lasting: string;
  readonly severity: "critical" | "warning";
  readonly summary: string;
  /** What it means, and what to do, in the order in which to try it. */
  readonly meaning: string;
  readonly steps: readonly string[];
}

const byInstance = (expr: string): string => `sum by (instance) (${expr})`;

export const alerts: readonly Alert[] = [
  {
    name: "UndercurrentDown",
    signal: 'up{job="undercurrent"}',
    threshold: "== 0",
    lasting: "2m",
    severity: "critical",
    summary: "{{ $labels.instance }} does not answer.",
    meaning:
      "Prometheus cannot scrape the instance. Its partitions go to the other instances after `kafka.sessionTimeoutMs`; nothing is lost, forecasts come late.",
    steps: [
      "Look at the last lines of its log: what ended it is printed with a code, what became of the data, and what to do ([errors.md](errors.md)).",
      "Start it again. It takes over where the last commit was, and replays what came since the last snapshot.",
      "Where it runs: `/live` answers without a token; look at the network between Prometheus and `server.host`.",
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
      "Records reach the forecaster, or wait behind the last commit, and no commit lands. What was processed is not lost: it is processed again after the takeover.",
    steps: [
      "`event: restarting` in the log says why tasks begin anew, by code; `undercurrent_restarts_total` counts them.",
      "COMMIT_UNCERTAIN again and again: the brokers do not finish transactions. Look at their health, at `min.insync.replicas` of the topics, and at the transaction coordinator's log.",
      "FENCED again and again: a second deployment uses the same `application`. Give it another name, or stop it.",
      "Nothing at all in the log: look whether a partition is restoring (UndercurrentRestoreStuck).",
    ],
  },
  {
    name: "UndercurrentLagGrowing",
    signal: byInstance("delta(undercurrent_consumer_lag_records[10m])"),
    threshold: `> 0 and on (instance) ${byInstance("undercurrent_consumer_lag_records")} > 10000`,
    lasting: "10m",
    severity: "warning",
    summary: "{{ $labels.instance }} falls behind its input.",
    meaning: "More records come than are forecast. Forecasts are right, and late.",
    steps: [
      "`undercurrent_batch_duration_seconds` against `undercurrent_commit_duration_seconds`: the larger one is what limits.",
      "Batches: more instances, or `run --workers N` on a machine with idle cores, up to the number of partitions; then a smaller model (`model.hidden`, `model.readout: shared`).",
      "Commits: `kafka.producer: platformatic`, larger `commit.maxEvents`; then the brokers.",
      "One partition alone: its keys are more than a core can take. Repartition the input.",
    ],
  },
  {
    name: "UndercurrentSkillBelowZero",
    signal: "undercurrent_skill_ratio",
    threshold: "< 0",
    lasting: "1h",
    severity: "warning",
    summary: "Forecasts of {{ $labels.instance }} are worse than repeating the last value.",
    meaning:
      "Over the last 10,000 scored forecasts persistence would have been better. Series that nothing can be told of (prices) stay within a hundredth of 0; well below it something has changed.",
    steps: [
      "Is the instance new? The first hundred values of a key are forecast from little.",
      "`undercurrent_training_loss` and `undercurrent_gradient_norm`: a jump says that the values changed their nature, and falls again with learning.",
      "Are the values what they were (a changed unit, a counter that is not a rate, keys that mix two sensors)? `backtest` on a sample shows each key's skill.",
    ],
  },
  {
    name: "UndercurrentCoverageOff",
    signal: "abs(undercurrent_interval_coverage_ratio - undercurrent_interval_level_ratio)",
    threshold: "> 0.05",
    lasting: "1h",
    severity: "warning",
    summary: "Intervals of {{ $labels.instance }} hold their values too often or too seldom.",
    meaning:
      "The share of values inside their interval is more than five points from the nominal level. Anomaly scores are off in the same measure.",
    steps: [
      "Coverage too low after a change of the input: the quantiles follow within some hundred values of a key.",
      "Coverage too high: values repeat exactly, so that any interval holds them. Nothing is wrong then.",
    ],
  },
  {
    name: "UndercurrentDeadLetters",
    signal: `${byInstance("rate(undercurrent_dead_letters_total[5m])")} / (${byInstance("rate(undercurrent_committed_forecasts_total[5m])")} + ${byInstance("rate(undercurrent_dead_letters_total[5m])")} + 1e-9)`,
    threshold: "> 0.01",
    lasting: "10m",
    severity: "warning",
    summary: "More than a hundredth of what {{ $labels.instance }} reads ends in the dead letters.",
    meaning:
      "Records are refused. Each is in the topic of dead letters with its reason, topic, partition and offset as headers; the others are forecast as if it had not been there.",
    steps: [
      "`undercurrent_rejections_total` by code says why.",
      "RECORD_UNREADABLE: a producer changed its format, or `decode` names the wrong fields. EVENT_LATE: see `late`.",
      "After a correction the dead letters can be sent to the input again: key and value are as they came.",
    ],
  },
  {
    name: "UndercurrentSnapshotTooOld",
    signal: "time() - max by (instance, partition) (undercurrent_snapshot_timestamp_seconds)",
    threshold:
      "> 3600 and on (instance, partition) sum by (instance, partition) (rate(undercurrent_committed_forecasts_total[1h])) > 0",
    lasting: "10m",
    severity: "warning",
    summary: "Partition {{ $labels.partition }} of {{ $labels.instance }} has had no snapshot for an hour.",
    meaning:
      "Forecasts land without a snapshot beside them. A takeover replays all that came since the last one, and needs the input to be kept that long.",
    steps: [
      "`snapshot.everySeconds` above an hour? Then the threshold is wrong, or the setting.",
      "RECORD_TOO_LARGE in the log: the model's record does not fit `kafka.maxBatchBytes`.",
      "Look at the retention of the input: it must be longer than a snapshot is old.",
    ],
  },
  {
    name: "UndercurrentRestoreStuck",
    signal: 'sum by (instance) (undercurrent_partitions{state="restoring"})',
    threshold: "> 0",
    lasting: "15m",
    severity: "critical",
    summary: "{{ $labels.instance }} has been restoring partitions for a quarter of an hour.",
    meaning: "State is read, or input is replayed, and these partitions have no forecasts meanwhile.",
    steps: [
      "`event: replaying` in the log gives the seconds that are left: a long replay ends by itself. Shorten the next by `snapshot.everyEvents`.",
      "`event: taking-over` and nothing after it: the state topic cannot be read to its end, or an earlier owner's transaction is open (until `kafka.transactionTimeoutMs`).",
      "`restarting` in a circle: the code says why.",
    ],
  },
  {
    name: "UndercurrentRestarting",
    signal: byInstance("increase(undercurrent_restarts_total[15m])"),
    threshold: "> 5",
    lasting: "5m",
    severity: "warning",
    summary: "Tasks of {{ $labels.instance }} begin anew again and again.",
    meaning:
      "A task that began anew has thrown its state away and read what is durable: correct, and expensive. A few belong to a rebalance or a broker that restarts.",
    steps: [
      "`undercurrent_restarts_total` by code, and `event: restarting` in the log.",
      "FENCED: instances take partitions from each other; look at `undercurrent_rebalances_total`, and at pauses longer than `kafka.sessionTimeoutMs`.",
      "COMMIT_UNCERTAIN: see UndercurrentNoForecasts.",
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

What each alert of [config/prometheus/alerts.yml](../config/prometheus/alerts.yml) means and what to do. Made from
\`monitoring/alerts.ts\`, as the rules are.

${parts.join("\n")}`;
}
