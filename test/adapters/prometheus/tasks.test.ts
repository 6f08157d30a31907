/** The metrics of the service's tasks follow from the pipeline's events. */
import { Registry } from "prom-client";
import { expect, it } from "vitest";
import { taskMetrics } from "../../../src/adapters/prometheus/metrics.js";
import { TaskMetrics } from "../../../src/adapters/prometheus/tasks.js";
import { UndercurrentError } from "../../../src/errors/errors.js";
import type { Committed, TaskEvent } from "../../../src/pipeline/events.js";

const origin = (partition: number) => ({ topic: "readings", partition });
const takenOver = (partition: number): TaskEvent[] => [
  { type: "taking-over", ...origin(partition) },
  {
    type: "taken-over",
    ...origin(partition),
    plan: "resume",
    reason: undefined,
    keys: 2,
    from: 0,
    liveFrom: 5,
  },
];
const live = (partition: number, seconds: number): TaskEvent => ({
  type: "live",
  ...origin(partition),
  offset: 5,
  keys: 2,
  openIncidents: { keys: 1, silences: 0, groups: 0, waitingSilences: 0 },
  bytes: 4096,
  replayed: 5,
  seconds,
});
const committed = (partition: number, lag: number, bytes?: number): TaskEvent => ({
  type: "committed",
  ...origin(partition),
  offset: 9,
  lag,
  keys: 2,
  openIncidents: { keys: 1, silences: 0, groups: 0, waitingSilences: 0 },
  bytes: 8192,
  forecasts: 4,
  incidents: 1,
  deadLetters: 1,
  routed: 0,
  snapshot: bytes === undefined ? undefined : { records: 3, bytes },
  seconds: 0.03,
  processingSeconds: 0.004,
  oldest: 1_699_999_999_800,
});

it("counts how often the group was joined", async () => {
  const registry = new Registry();
  const tasks = new TaskMetrics(registry, Date.now);
  tasks.joined();
  tasks.joined();
  expect(await registry.metrics()).toContain("undercurrent_rebalances_total 2");
});

it("counts partitions with a key that another partition has, for as long as they are held", async () => {
  const shared: TaskEvent = { type: "shared-key", ...origin(1), key: "a", other: 0 };
  const name = "undercurrent_partitions_with_shared_keys";
  expect(await textAfter(...takenOver(0))).toContain(`${name} 0`);
  expect(await textAfter(...takenOver(0), ...takenOver(1), shared)).toContain(`${name} 1`);
  const released: TaskEvent = { type: "released", ...origin(1), because: "revoked" };
  expect(await textAfter(...takenOver(1), shared, released)).toContain(`${name} 0`);
});

async function textAfter(...events: readonly TaskEvent[]): Promise<string> {
  const registry = new Registry();
  const tasks = new TaskMetrics(registry, () => 1_700_000_000_000);
  events.forEach((event) => tasks.add(event));
  return registry.metrics();
}

it("exports every declared metric, and nothing else", async () => {
  const text = await textAfter();
  for (const [name, { type, help }] of Object.entries(taskMetrics)) {
    expect(text).toContain(`# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`);
    expect(name.endsWith("_total"), name).toBe(type === "counter");
  }
  expect(text.match(/^# TYPE /gm)).toHaveLength(Object.keys(taskMetrics).length);
});

it("counts a partition as restoring until its forecasts follow", async () => {
  const text = await textAfter(...takenOver(0), ...takenOver(1), live(1, 2));
  expect(text).toContain('undercurrent_partitions{state="restoring"} 1');
  expect(text).toContain('undercurrent_partitions{state="live"} 1');
  expect(text).toContain('undercurrent_takeovers_total{plan="resume"} 2');
  expect(text).toContain('undercurrent_restore_duration_seconds_bucket{le="1"} 0');
  expect(text).toContain('undercurrent_restore_duration_seconds_bucket{le="3"} 1');
});

it("tells of commits: what landed, how long it took, the lag and the snapshot of each partition", async () => {
  const text = await textAfter(...takenOver(3), live(3, 0), committed(3, 12, 2048), committed(3, 7));
  expect(text).toContain("undercurrent_commits_total 2");
  expect(text).toContain('undercurrent_committed_forecasts_total{partition="3"} 8');
  expect(text).toContain("undercurrent_dead_letters_total 2");
  expect(text).toContain('undercurrent_commit_duration_seconds_bucket{le="0.05"} 2');
  expect(text).toContain('undercurrent_consumer_lag_records{partition="3"} 7');
  expect(text).toContain("undercurrent_snapshots_total 1");
  expect(text).toContain('undercurrent_snapshot_size_bytes{partition="3"} 2048');
  expect(text).toContain('undercurrent_snapshot_timestamp_seconds{partition="3"} 1700000000');
  expect(text).toContain('undercurrent_state_bytes{partition="3"} 8192');
  expect(text).toContain('undercurrent_batch_duration_seconds_bucket{le="0.005"} 2');
  expect(text).toContain('undercurrent_end_to_end_latency_seconds_bucket{le="0.1"} 0');
  expect(text).toContain('undercurrent_end_to_end_latency_seconds_bucket{le="0.3"} 2');
});

it("counts a record from a clock that is ahead of this one as without latency", async () => {
  const ahead: TaskEvent = { ...committed(3, 0), oldest: 1_700_003_600_000 } as TaskEvent;
  const text = await textAfter(...takenOver(3), live(3, 0), ahead);
  expect(text).toContain("undercurrent_end_to_end_latency_seconds_sum 0");
  expect(text).toContain("undercurrent_end_to_end_latency_seconds_count 1");
});

it("forgets a partition that was given up, and counts why a task began anew", async () => {
  const error = new UndercurrentError("FENCED", "another owner");
  const restarting: TaskEvent = { type: "restarting", ...origin(3), error };
  const released: TaskEvent = { type: "released", ...origin(3), because: "revoked" };
  const text = await textAfter(...takenOver(3), live(3, 0), committed(3, 12, 2048), restarting, released);
  expect(text).not.toContain('partition="3"');
  expect(text).toContain('undercurrent_partitions{state="live"} 0');
  expect(text).toContain('undercurrent_restarts_total{code="FENCED"} 1');
});

it("tells how many partitions are held, and how many of them are live", () => {
  const tasks = new TaskMetrics(new Registry(), () => 0);
  const after = (...events: readonly TaskEvent[]): readonly number[] => {
    events.forEach((event) => tasks.add(event));
    return [tasks.partitions.held, tasks.partitions.live];
  };
  expect(after()).toEqual([0, 0]);
  expect(after(...takenOver(0))).toEqual([1, 0]);
  expect(after(live(0, 1))).toEqual([1, 1]);
  expect(after(...takenOver(1))).toEqual([2, 1]);
  expect(after(live(1, 1))).toEqual([2, 2]);
  expect(after({ type: "released", ...origin(0), because: "revoked" })).toEqual([1, 1]);
  expect(after({ type: "released", ...origin(1), because: "revoked" })).toEqual([0, 0]);
});

it("tells of a repartition by its input topics, until another instance has the partition", async () => {
  const registry = new Registry();
  const tasks = new TaskMetrics(registry, () => 1_700_000_000_000);
  const of = (topic: string, routed: number, lag: number): Committed =>
    ({ ...committed(1, lag), topic, routed }) as Committed;
  tasks.addRepartition(of("a", 5, 9));
  tasks.addRepartition(of("a", 3, 6));
  tasks.addRepartition(of("b", 2, 0));
  const text = await registry.metrics();
  expect(text).toContain('undercurrent_repartitioned_records_total{topic="a",partition="1"} 8');
  expect(text).toContain('undercurrent_repartition_lag_records{topic="a",partition="1"} 6');
  expect(text).toContain('undercurrent_repartition_lag_records{topic="b",partition="1"} 0');
  // The forecasts have figures of their own.
  expect(text).toContain("undercurrent_commits_total 0");
  tasks.addRepartition({ type: "released", topic: "a", partition: 1, because: "revoked" });
  expect(await registry.metrics()).not.toContain('topic="a"');
});
