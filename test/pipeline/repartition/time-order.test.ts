/** The order in time of what a repartition writes, while its source partitions have a backlog. */
import { expect, test } from "vitest";
import type { Committer } from "../../../src/pipeline/ports.js";
import { repartition, type RepartitionOptions } from "../../../src/pipeline/repartition/repartition.js";
import { calm, Group } from "../../simulate/group.js";
import { TransactionalLog } from "../../simulate/log.js";
import { start as epoch } from "../records.js";
import { quiet, TurnedClock } from "../running.js";

const minute = 60_000;
const begin = Math.ceil(epoch / minute) * minute;

interface Written {
  readonly partition: number;
  readonly times: readonly number[];
}

/** Repartitions a log, and returns what each commit wrote, in order. */
function running(log: TransactionalLog, options: Partial<RepartitionOptions> = {}, batch = 1000) {
  const clock = new TurnedClock();
  const written: Written[] = [];
  const member = new Group(log, { ...calm, batchSize: () => batch }).join("m");
  const committer: Committer = {
    commit: async (assignment, commit) => {
      await member.committer.commit(assignment, commit);
      const times = commit.routed.map(({ record }) => record.timestamp - begin);
      written.push({ partition: assignment.partition, times });
    },
  };
  const stop = new AbortController();
  let error: unknown;
  repartition(member.source, committer, {
    ...{ topic: "by-key", by: "key", decode: { key: "k" }, clock, stop: stop.signal, ...options },
  }).subscribe({ error: (failed: unknown) => (error = failed) });
  return { clock, written, stop, error: () => error };
}

/** Appends a record a second to a partition; `jump` may move a record's time. */
function fill(
  log: TransactionalLog,
  partition: number,
  seconds: number,
  jump: (i: number) => number = () => 0,
): void {
  for (let i = 0; i < seconds; i++) {
    const value = Buffer.from('{"k":"a"}');
    log.append(partition, { key: null, value, headers: [], timestamp: begin + 1000 * i + jump(i) });
  }
}

/** How many records come after a record of a later window has closed theirs. */
function lateOnes(written: readonly Written[], every: number, grace = 0): number {
  let latest = -Infinity;
  let late = 0;
  for (const time of written.flatMap(({ times }) => times)) {
    latest = Math.max(latest, time);
    if ((Math.floor(time / every) + 1) * every + grace <= latest) late++;
  }
  return late;
}

const windows = { every: "1m", grace: "0s" };

test("a backlog of several partitions closes no window that another partition has records of", async () => {
  const log = new TransactionalLog(3);
  for (const partition of [0, 1, 2]) fill(log, partition, 600);
  const { written, error } = running(log, { aggregate: windows });
  await quiet();
  for (let i = 0; i < 40; i++) await quiet();
  expect(error()).toBeUndefined();
  expect(written.flatMap(({ times }) => times)).toHaveLength(1800);
  expect(lateOnes(written, minute)).toBe(0);
});

test("a longer grace takes longer steps", async () => {
  const commits = async (grace: string): Promise<number> => {
    const log = new TransactionalLog(2);
    for (const partition of [0, 1]) fill(log, partition, 1200);
    const { written } = running(log, { aggregate: { every: "10s", grace } });
    for (let i = 0; i < 60; i++) await quiet();
    expect(written.flatMap(({ times }) => times)).toHaveLength(2400);
    expect(lateOnes(written, 10_000, Number(grace.slice(0, -1)) * 1000)).toBe(0);
    return written.length;
  };
  expect(await commits("0s")).toBeGreaterThan(1.3 * (await commits("60s")));
});

test("without windows a partition leads by at most ten seconds and a commit", async () => {
  const log = new TransactionalLog(2);
  // Partition 0 has four records a second.
  fill(log, 0, 12_000, (i) => -750 * i);
  fill(log, 1, 3000);
  const { written } = running(log, { commit: { maxEvents: 1000 } }, 6000);
  for (let i = 0; i < 60; i++) await quiet();
  expect(written.flatMap(({ times }) => times)).toHaveLength(15_000);
  const last = [0, 0];
  for (const { partition, times } of written) {
    last[partition] = times.at(-1)!;
    if (Math.min(...last) > 0) expect(Math.abs(last[0]! - last[1]!)).toBeLessThanOrEqual(1_010_000);
  }
});

test("an empty partition holds the others for two seconds, and one wrong clock alone waits", async () => {
  const log = new TransactionalLog(3);
  fill(log, 0, 600, (i) => (i === 30 ? 1000 * minute : 0));
  fill(log, 1, 600);
  const { clock, written } = running(log, { aggregate: windows });
  await quiet();
  expect(written).toEqual([]);
  clock.turn(2000);
  for (let i = 0; i < 40; i++) await quiet();
  const times = written.flatMap(({ times }) => times);
  expect(times).toHaveLength(1200);
  // The record of the wrong clock closes no window of the other partition.
  const wrong = times.indexOf(1000 * minute + 30_000);
  expect(times.slice(0, wrong)).toHaveLength(630);
  expect(lateOnes([{ partition: 0, times: times.slice(0, wrong) }], minute)).toBe(0);
});

test("by partition, only partitions of one number wait for each other", async () => {
  const log = new TransactionalLog(2);
  fill(log, 0, 600);
  const { written } = running(log, { aggregate: windows, by: "partition" });
  for (let i = 0; i < 10; i++) await quiet();
  expect(written.flatMap(({ times }) => times)).toHaveLength(600);
});

test("a stop ends the wait", async () => {
  const log = new TransactionalLog(2);
  fill(log, 0, 600);
  const { stop, written, error } = running(log, { aggregate: windows });
  await quiet();
  stop.abort();
  await quiet();
  expect([written, error()]).toEqual([[], undefined]);
});
