/** What a task tells of its life, on a log in memory and a clock that the test turns. */
import { filter, tap } from "rxjs";
import { expect, test } from "vitest";
import { UndercurrentError } from "../../../src/errors/errors.js";
import type { Committed, TaskEvent } from "../../../src/pipeline/events.js";
import { run } from "../../../src/pipeline/run.js";
import { Group } from "../../simulate/group.js";
import { TransactionalLog } from "../../simulate/log.js";
import { bytes, jsonRecord } from "../records.js";
import { append, filled, quiet, start, TurnedClock } from "../running.js";

const origin = { topic: "readings", partition: 0 };
const typesOf = (events: readonly TaskEvent[]): string[] => events.map(({ type }) => type);
const committedOf = (events: readonly TaskEvent[]): Committed[] =>
  events.filter((event): event is Committed => event.type === "committed");

test("a new partition is taken over, live at once, committed in pieces, and given back with a snapshot", async () => {
  const log = filled(40);
  log.append(0, { ...jsonRecord(0, "key-0", 0), value: bytes("{") });
  const { events, commits, stop, outcome } = start(log, { commit: { maxEvents: 10 } });
  await quiet();
  stop.abort();
  await quiet();
  expect(outcome()).toBe("completed");
  const [takingOver, takenOver, live] = events;
  expect(takingOver).toEqual({ type: "taking-over", ...origin });
  expect(takenOver).toEqual({
    type: "taken-over",
    ...origin,
    plan: "fresh",
    reason: undefined,
    keys: 0,
    from: 0,
    liveFrom: 0,
  });
  const state = { keys: 0, bytes: expect.any(Number) as number };
  expect(live).toEqual({
    ...{ type: "live", ...origin, offset: 0, ...state },
    ...{ openIncidents: { keys: 0, silences: 0, groups: 0, waitingSilences: 0 }, replayed: 0, seconds: 0 },
  });
  const committed = committedOf(events);
  // The first makes the empty state durable; batches of 16 are cut at 10.
  expect(committed.map(({ offset }) => offset)).toEqual([0, 10, 16, 26, 32, 41, 41]);
  expect(committed.map(({ forecasts }) => forecasts)).toEqual([0, 10, 6, 10, 6, 8, 0]);
  expect(committed.map(({ deadLetters }) => deadLetters)).toEqual([0, 0, 0, 0, 0, 1, 0]);
  expect(committed.map(({ snapshot }) => snapshot?.records)).toEqual([
    1,
    undefined,
    undefined,
    undefined,
    undefined,
    undefined,
    4,
  ]);
  for (const [i, event] of committed.entries()) {
    const { snapshot, forecasts } = commits[i]!;
    expect(event).toMatchObject({ ...origin, routed: 0, seconds: 0.25 });
    expect(event.processingSeconds).toBe(forecasts.length === 0 ? undefined : 0);
    expect(event.oldest).toBe(forecasts[0]?.timestamp);
    const written = snapshot?.records.map(({ key, value }) => key.length + value!.length);
    expect(event.snapshot?.bytes).toBe(written?.reduce((sum, length) => sum + length));
  }
  expect(committed.at(-1)).toMatchObject({ keys: 3, lag: 0 });
  expect(committed.at(-1)!.bytes).toBeGreaterThan(1000);
  expect(committed[2]!.lag).toBe(41 - 16);
  expect(events.at(-1)).toEqual({ type: "released", ...origin, because: "stopped" });
});

test("a stop finishes the records of the commit under way, and leaves the rest of their batch to the next run", async () => {
  const log = filled(16);
  const stopping: { commits: number; stop?: AbortController } = { commits: 0 };
  const commit = (): Promise<void> => {
    // The first makes the empty state durable.
    if (++stopping.commits === 2) stopping.stop!.abort();
    return Promise.resolve();
  };
  const first = start(log, { commit: { maxEvents: 4 } }, { commit });
  stopping.stop = first.stop;
  await quiet();
  expect(first.outcome()).toBe("completed");
  // One more chunk may have been taken while the commit was under way.
  expect(committedOf(first.events).at(-1)!.offset).toBeLessThanOrEqual(8);
  const next = start(log, { commit: { maxEvents: 4 } });
  await quiet();
  next.stop.abort();
  await quiet();
  expect(committedOf(next.events).at(-1)!.offset).toBe(16);
  const forecasts = [...first.commits, ...next.commits].flatMap(({ forecasts: records }) => records);
  expect(forecasts).toHaveLength(16);
});

test("a successor says what it goes on from, replays it in silence, and is live from the committed offset on", async () => {
  const log = filled(40);
  const first = start(log, { commit: { maxEvents: 10 }, snapshot: { everyEvents: 20 } });
  await quiet();
  first.abandon();
  await quiet();
  expect(first.outcome()).toBeUndefined();
  const snapshots = committedOf(first.events).filter(({ snapshot }) => snapshot !== undefined);
  expect(snapshots.map(({ offset }) => offset)).toEqual([0, 26]);
  append(log, 6);
  const { events, commits } = start(log, { snapshot: { everyEvents: 20 } });
  await quiet();
  expect(typesOf(events).slice(0, 4)).toEqual(["taking-over", "taken-over", "live", "committed"]);
  expect(events[1]).toMatchObject({ plan: "resume", reason: undefined, keys: 3, from: 26, liveFrom: 40 });
  expect(events[2]).toMatchObject({ offset: 40, replayed: 14, keys: 3 });
  // The replay counts for the next snapshot: what is read again is what there is since the last.
  expect(commits.map(({ offset, snapshot }) => [offset, snapshot !== undefined])).toEqual([
    [42, false],
    [46, true],
  ]);
});

test("records behind offsets that hold none are live, where those end at the committed offset", async () => {
  // A fetch of 16 records ends with the last of them, and so before the committed offset.
  const log = filled(16);
  log.appendControl(0, 4);
  const first = start(log);
  await quiet();
  first.abandon();
  await quiet();
  expect(log.committed(0)).toBe(20);
  append(log, 3);
  const { events } = start(log);
  await quiet();
  expect(events.find(({ type }) => type === "live")).toMatchObject({ offset: 20, replayed: 16 });
  expect(committedOf(events).map(({ offset, forecasts }) => [offset, forecasts])).toEqual([[23, 3]]);
});

test("a commit tells how many seconds its records took to process", async () => {
  const clock = new TurnedClock();
  const { events } = start(filled(4), {
    clock,
    commit: { maxEvents: 2 },
    before: tap(() => clock.turn(250)),
  });
  await quiet();
  expect(committedOf(events).map(({ processingSeconds }) => processingSeconds)).toEqual([
    undefined,
    0.5,
    0.5,
  ]);
});

test("a replay of more than a second tells how far it is", async () => {
  const log = filled(100);
  const first = start(log);
  await quiet();
  first.abandon();
  const second = start(log);
  second.clock.turnTakes = 300;
  await quiet();
  expect(second.events.filter(({ type }) => type === "replaying")).toEqual([
    // At 80 records in 1.2 seconds.
    { type: "replaying", ...origin, offset: 80, liveFrom: 100, secondsLeft: expect.closeTo(0.3) as number },
  ]);
  expect(second.events.find(({ type }) => type === "live")).toMatchObject({
    offset: 100,
    replayed: 100,
    seconds: 2.1,
  });
});

test("a quiet partition has its snapshot in time, and no further one while nothing comes", async () => {
  const log = filled(10);
  const { events, clock } = start(log, { snapshot: { everyMs: 60_000 } });
  await quiet();
  const snapshots = (): number[] =>
    committedOf(events)
      .filter(({ snapshot }) => snapshot !== undefined)
      .map(({ offset }) => offset);
  expect(snapshots()).toEqual([0]);
  clock.turn(59_000);
  await quiet();
  expect(snapshots()).toEqual([0]);
  clock.turn(1000);
  await quiet();
  expect(snapshots()).toEqual([0, 10]);
  clock.turn(60_000);
  await quiet();
  expect(snapshots()).toEqual([0, 10]);
  append(log, 1);
  await quiet();
  clock.turn(60_000);
  await quiet();
  expect(snapshots()).toEqual([0, 10, 11]);
  // Records that come when the time is up carry the snapshot with them.
  clock.turn(59_999);
  append(log, 1);
  await quiet();
  expect(snapshots()).toEqual([0, 10, 11]);
});

test("commits that fail are tried anew after longer and longer waits, ten times in a row at most", async () => {
  const log = filled(10);
  const { events, clock, outcome } = start(log, {}, { outcome: () => "lost" });
  for (let turn = 0; turn < 20; turn++) {
    await quiet();
    clock.turn(5000);
  }
  await quiet();
  const restarts = events.filter((event) => event.type === "restarting");
  expect(restarts.map(({ error }) => error.code)).toEqual(Array<string>(9).fill("COMMIT_UNCERTAIN"));
  expect(restarts[0]).toMatchObject(origin);
  const idle = 300_000;
  expect(clock.slept.filter((milliseconds) => milliseconds < idle)).toEqual([
    50, 100, 200, 400, 800, 1600, 3200, 5000, 5000,
  ]);
  expect(outcome()).toMatchObject({ code: "COMMIT_UNCERTAIN" });
  expect(events.at(-1)).toEqual({ type: "released", ...origin, because: "failed" });
});

test("one commit that lands begins the count of attempts, and the waits, anew", async () => {
  const log = filled(1);
  let commits = 0;
  // Each attempt has one commit that lands before the one that fails.
  const { events, clock, outcome } = start(
    log,
    { commit: { maxEvents: 1 } },
    {
      outcome: () => (commits++ % 2 === 0 ? "landed" : "lost"),
    },
  );
  for (let turn = 0; turn < 30; turn++) {
    append(log, 3);
    await quiet();
    clock.turn(1000);
  }
  expect(events.filter(({ type }) => type === "restarting").length).toBeGreaterThan(12);
  expect(clock.slept.filter((milliseconds) => milliseconds < 50_000).every((slept) => slept === 50)).toBe(
    true,
  );
  expect(outcome()).toBeUndefined();
});

test("an error that a new takeover does not settle ends the pipeline with it, after the partition was released", async () => {
  const broken = new Error("the disk is full");
  const { events, outcome } = start(filled(10), {}, { commit: () => Promise.reject(broken) });
  await quiet();
  expect(outcome()).toBe(broken);
  expect(events.filter(({ type }) => type === "restarting")).toEqual([]);
  expect(events.at(-1)).toEqual({ type: "released", ...origin, because: "failed" });
  const refused = new UndercurrentError("RECORD_TOO_LARGE", "topic f");
  const other = start(filled(10), {}, { commit: () => Promise.reject(refused) });
  await quiet();
  expect(other.outcome()).toBe(refused);
});

test("a failed partition ends the others gracefully: with a snapshot", async () => {
  const log = new TransactionalLog(2);
  append(log, 20);
  for (let i = 0; i < 20; i++) log.append(1, jsonRecord(i, "bad", { value: i }));
  const refused = new UndercurrentError("RECORD_TOO_LARGE", "topic f");
  const { events, outcome } = start(log, {
    commit: { maxEvents: 5 },
    before: filter(({ key, record }) => {
      if (key === "bad" && record.offset === 12) throw refused;
      return true;
    }),
  });
  await quiet();
  expect(outcome()).toMatchObject({ code: "OPERATOR_FAILED" });
  const last = committedOf(events).findLast(({ partition }) => partition === 0)!;
  expect(last.snapshot).toBeDefined();
  const released = events.filter((event) => event.type === "released");
  expect(released.map(({ partition, because }) => [partition, because]).sort()).toEqual([
    [0, "stopped"],
    [1, "failed"],
  ]);
});

test("a partition that is taken away ends at once, without an error and without a last commit", async () => {
  const log = filled(10);
  const { events, commits, group, outcome } = start(log);
  await quiet();
  const before = commits.length;
  group.rebalance(true);
  await quiet();
  const released = events.find((event) => event.type === "released");
  expect(released).toEqual({ type: "released", ...origin, because: "revoked" });
  expect(commits).toHaveLength(before);
  // It was given back: the new assignment goes on from what was committed.
  expect(events.filter(({ type }) => type === "live")).toHaveLength(2);
  expect(outcome()).toBeUndefined();
});

test("a partition that is taken away while a commit is under way is not taken over again, though the commit fails", async () => {
  let revoke: (() => Promise<void>) | undefined;
  const { events, group, outcome } = start(
    filled(10),
    {},
    {
      commit: async () => {
        const once = revoke;
        revoke = undefined;
        await once?.();
      },
    },
  );
  revoke = () => {
    group.rebalance(true);
    return quiet();
  };
  await quiet();
  await quiet();
  expect(typesOf(events)).not.toContain("restarting");
  expect(events.find((event) => event.type === "released")).toMatchObject({ because: "revoked" });
  expect(outcome()).toBeUndefined();
});

test("a pipeline that is stopped before it begins does nothing, and completes", async () => {
  const clock = new TurnedClock();
  const member = new Group(filled(10)).join("m");
  const events: TaskEvent[] = [];
  let completed = false;
  run(member.source, member.committer, { clock, stop: AbortSignal.abort() }).subscribe({
    next: (event) => events.push(event),
    complete: () => (completed = true),
  });
  await quiet();
  expect(events).toEqual([]);
  expect(completed).toBe(true);
});

test("an abandoned pipeline takes no further record, and commits nothing more", async () => {
  const log = filled(10);
  const { events, commits, abandon } = start(log, { snapshot: { everyEvents: 1 } });
  await quiet();
  abandon();
  const [told, made] = [events.length, commits.length];
  append(log, 10);
  await quiet();
  expect(commits).toHaveLength(made);
  expect(events).toHaveLength(told);
  expect(log.committed(0)).toBe(10);
});
