/** Exports the tasks of a service as Prometheus metrics, from the pipeline's events, one at a time. */
import type { Counter, Gauge, Histogram, Registry } from "prom-client";
import type { Origin } from "../../pipeline/decode/dead-letter.js";
import type { Committed, TaskEvent } from "../../pipeline/events.js";
import { counterOf, gaugeOf, histogramOf } from "./declared.js";
import { taskMetrics, type TaskMetricName } from "./metrics.js";

/**
 * @example
 * ```ts
 * const tasks = new TaskMetrics(registry, Date.now);
 * run(source, committer, options).subscribe((event) => tasks.add(event));
 * ```
 */
export class TaskMetrics {
  readonly #registry: Registry;
  /** Epoch milliseconds. */
  readonly #now: () => number;
  readonly #isSeveral: boolean;
  /** Whether each partition that is held is live. */
  readonly #live = new Map<string, boolean>();
  readonly #lag: Gauge;
  readonly #repartitioned: Counter;
  readonly #repartitionLag: Gauge;
  readonly #partitions: Gauge;
  readonly #takeovers: Counter;
  readonly #restarts: Counter;
  readonly #rebalances: Counter;
  /** Partitions with a key that another one has. */
  readonly #sharing = new Set<string>();
  readonly #sharedKeys: Gauge;
  readonly #stateBytes: Gauge;
  readonly #batches: Histogram;
  readonly #latency: Histogram;
  readonly #restores: Histogram;
  readonly #commits: Counter;
  readonly #commitDurations: Histogram;
  readonly #forecasts: Counter;
  readonly #deadLetters: Counter;
  readonly #snapshots: Counter;
  readonly #snapshotSize: Gauge;
  readonly #snapshotTime: Gauge;
  readonly #pageRows: Counter;

  /** @param isSeveral whether series of a partition have the label `topic` too */
  constructor(registry: Registry, now: () => number, isSeveral = false) {
    this.#registry = registry;
    this.#now = now;
    this.#isSeveral = isSeveral;
    this.#lag = this.#gauge("undercurrent_consumer_lag_records");
    this.#repartitioned = this.#counter("undercurrent_repartitioned_records_total");
    this.#repartitionLag = this.#gauge("undercurrent_repartition_lag_records");
    this.#partitions = this.#gauge("undercurrent_partitions");
    this.#takeovers = this.#counter("undercurrent_takeovers_total");
    this.#restarts = this.#counter("undercurrent_restarts_total");
    this.#rebalances = this.#counter("undercurrent_rebalances_total");
    this.#sharedKeys = this.#gauge("undercurrent_partitions_with_shared_keys");
    this.#stateBytes = this.#gauge("undercurrent_state_bytes");
    this.#batches = this.#histogram("undercurrent_batch_duration_seconds");
    this.#latency = this.#histogram("undercurrent_end_to_end_latency_seconds");
    // Without a first zero an increase is not seen: these two are what brokers and rebalances bring about.
    for (const code of ["FENCED", "COMMIT_UNCERTAIN"]) this.#restarts.inc({ code }, 0);
    this.#restores = this.#histogram("undercurrent_restore_duration_seconds");
    this.#commits = this.#counter("undercurrent_commits_total");
    this.#commitDurations = this.#histogram("undercurrent_commit_duration_seconds");
    this.#forecasts = this.#counter("undercurrent_committed_forecasts_total");
    this.#deadLetters = this.#counter("undercurrent_dead_letters_total");
    this.#snapshots = this.#counter("undercurrent_snapshots_total");
    this.#snapshotSize = this.#gauge("undercurrent_snapshot_size_bytes");
    this.#snapshotTime = this.#gauge("undercurrent_snapshot_timestamp_seconds");
    this.#pageRows = this.#counter("undercurrent_page_rows_dropped_total");
    this.#count();
  }

  /** Partitions that are held, and those of them whose forecasts follow. */
  get partitions(): { readonly held: number; readonly live: number } {
    return { held: this.#live.size, live: [...this.#live.values()].filter((live) => live).length };
  }

  add(event: TaskEvent): void {
    switch (event.type) {
      case "taking-over":
        this.#live.set(placeOf(event), false);
        break;
      case "taken-over":
        this.#takeovers.inc({ plan: event.plan });
        break;
      case "live":
        this.#live.set(placeOf(event), true);
        this.#restores.observe(event.seconds);
        this.#stateBytes.set(this.#labelsOf(event), event.bytes);
        break;
      case "committed":
        this.#committed(event);
        break;
      case "shared-key":
        this.#sharing.add(placeOf(event));
        break;
      case "restarting":
        this.#live.set(placeOf(event), false);
        this.#restarts.inc({ code: event.error.code });
        break;
      case "released":
        this.#release(event);
        break;
      case "retuned":
      case "promoted":
      case "already-live":
      case "promotion-refused":
      case "replaying":
      case "local-times":
        break;
    }
    this.#count();
  }

  /** A step of the repartition before the forecasts. */
  addRepartition(event: TaskEvent): void {
    if (event.type !== "committed" && event.type !== "released") return;
    const { topic, partition } = event;
    if (event.type === "released") {
      // Another instance has it now, or nobody.
      this.#repartitioned.remove({ topic, partition });
      this.#repartitionLag.remove({ topic, partition });
      return;
    }
    this.#repartitioned.inc({ topic, partition }, event.routed);
    this.#repartitionLag.set({ topic, partition }, event.lag);
  }

  /** The group was joined. */
  joined(): void {
    this.#rebalances.inc();
  }

  /** Counts rows that the live page does not get. */
  pageRowsDropped(rows: number): void {
    this.#pageRows.inc(rows);
  }

  #committed(event: Committed): void {
    const labels = this.#labelsOf(event);
    const { lag, seconds, forecasts, deadLetters, snapshot, processingSeconds, oldest } = event;
    if (processingSeconds !== undefined) this.#batches.observe(processingSeconds);
    // Records without a timestamp have a negative one.
    if (oldest !== undefined && oldest >= 0) {
      this.#latency.observe(Math.max(0, this.#now() - oldest) / 1000);
    }
    this.#stateBytes.set(labels, event.bytes);
    this.#commits.inc();
    this.#commitDurations.observe(seconds);
    this.#forecasts.inc(labels, forecasts);
    this.#deadLetters.inc(deadLetters);
    this.#lag.set(labels, lag);
    if (snapshot === undefined) return;
    this.#snapshots.inc();
    this.#snapshotSize.set(labels, snapshot.bytes);
    this.#snapshotTime.set(labels, this.#now() / 1000);
  }

  /** Drops the series of a partition that another instance owns now: its figures would stay unchanged here. */
  #release(origin: Origin): void {
    this.#live.delete(placeOf(origin));
    this.#sharing.delete(placeOf(origin));
    const labels = this.#labelsOf(origin);
    for (const gauge of [
      this.#lag,
      this.#stateBytes,
      this.#snapshotSize,
      this.#snapshotTime,
      this.#forecasts,
    ])
      gauge.remove(labels);
  }

  #labelsOf({ topic, partition }: Origin): Record<string, string | number> {
    return this.#isSeveral ? { topic, partition } : { partition };
  }

  #count(): void {
    const { held, live } = this.partitions;
    this.#partitions.set({ state: "live" }, live);
    this.#partitions.set({ state: "restoring" }, held - live);
    this.#sharedKeys.set(this.#sharing.size);
  }

  #counter(name: TaskMetricName): Counter {
    return counterOf(this.#registry, name, taskMetrics[name]);
  }

  #gauge(name: TaskMetricName): Gauge {
    return gaugeOf(this.#registry, name, taskMetrics[name]);
  }

  #histogram(name: TaskMetricName): Histogram {
    return histogramOf(this.#registry, name, taskMetrics[name]);
  }
}

function placeOf({ topic, partition }: Origin): string {
  return `${topic}/${partition}`;
}
