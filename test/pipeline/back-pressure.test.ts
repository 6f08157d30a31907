import { map, type Observable } from "rxjs";
import { expect, test } from "vitest";
import type { Clock } from "../../src/pipeline/clock.js";
import type { Assignment, Committer, InputBatch } from "../../src/pipeline/ports.js";
import { run } from "../../src/pipeline/run.js";
import { calm, Group, type Environment } from "../simulate/group.js";
import { TransactionalLog } from "../simulate/log.js";
import { settle } from "../simulate/scheduler.js";
import { jsonRecord } from "./records.js";

const total = 2000;
const batchSize = 16;

/** Tells of every batch that is read from these assignments. */
function watched(
  assignments: Observable<Assignment>,
  read: (batch: InputBatch) => void,
): Observable<Assignment> {
  return assignments.pipe(
    map((inner) => {
      const original = inner.read.bind(inner);
      inner.read = async function* (from, stop) {
        for await (const batch of original(from, stop)) {
          read(batch);
          yield batch;
        }
      };
      return inner;
    }),
  );
}

function logOf(count: number): TransactionalLog {
  const log = new TransactionalLog(1);
  for (let i = 0; i < count; i++) log.append(0, jsonRecord(i, `key-${i % 3}`, { value: i % 7 }));
  return log;
}

/** Its time stands still: the pauses between attempts take a turn, and no snapshot is ever due. */
const clock: Clock = {
  now: () => 0,
  sleep: async (milliseconds, signal) => {
    if (milliseconds <= 10_000) await settle();
    else await new Promise((resolve) => signal.addEventListener("abort", resolve));
  },
};

test.each([1, 5, batchSize, 1000])(
  "a committer that is slow holds up the source, with commits of up to %d records",
  async (maxEvents) => {
    const log = logOf(total);
    const member = new Group(log, { ...calm, batchSize: () => batchSize }).join("m");
    let taken = 0;
    let most = 0;
    const waiting: (() => void)[] = [];
    const committer: Committer = {
      async commit(assignment, commit) {
        await new Promise<void>((resolve) => waiting.push(resolve));
        await member.committer.commit(assignment, commit);
      },
    };
    const source = {
      assignments: watched(member.source.assignments, ({ records }) => {
        taken += records.length;
        most = Math.max(most, taken - (log.committed(0) ?? 0));
      }),
    };
    const stop = new AbortController();
    const subscription = run(source, committer, {
      forecaster: { hidden: 4 },
      commit: { maxEvents },
      stop: stop.signal,
    }).subscribe();
    while (waiting.length === 0) await settle();
    // However long a commit takes: its records, those of the next, and the batch that one comes from, are all there is.
    for (let turn = 0; turn < 500; turn++) await settle();
    expect(taken).toBeLessThanOrEqual(2 * batchSize);
    while ((log.committed(0) ?? 0) < total) {
      // There is never a second commit under way.
      expect(waiting.length).toBeLessThanOrEqual(1);
      waiting.shift()?.();
      await settle();
    }
    expect(most).toBeLessThanOrEqual(3 * batchSize);
    expect(taken).toBe(total);
    subscription.unsubscribe();
  },
);

test("what comes while a reader has enough counts into the lag, where the source hears of it", async () => {
  const log = logOf(batchSize);
  const member = new Group(log, { ...calm, batchSize: () => batchSize }).join("m");
  const lags: number[] = [];
  const assignments = member.source.assignments.pipe(
    map((assignment) => Object.defineProperty(assignment, "endOffset", { get: () => log.endOffset(0) })),
  );
  const committer: Committer = {
    async commit(assignment, commit) {
      for (let i = 0; lags.length === 0 && i < 100; i++) {
        log.append(0, jsonRecord(batchSize + i, "key-0", { value: 1 }));
      }
      await member.committer.commit(assignment, commit);
    },
  };
  const subscription = run({ assignments }, committer, { forecaster: { hidden: 4 } }).subscribe((event) => {
    if (event.type === "committed") lags.push(event.lag);
  });
  while (lags.at(-1) !== 0) await settle();
  subscription.unsubscribe();
  // The first commit is that of the empty state, at offset 0.
  expect(lags[0]).toBe(batchSize + 100);
});

const half = total / 2;
/** What the log is in the end where nothing fails. */
const undisturbed = (async (): Promise<TransactionalLog> => {
  const log = logOf(half);
  const { source, committer } = new Group(log, calm).join("m");
  const subscription = run(source, committer, { forecaster: { hidden: 4 } }).subscribe();
  while ((log.committed(0) ?? 0) < half) await settle();
  subscription.unsubscribe();
  return log;
})();

test.each(["lost", "in-doubt", "landed-unheard"] as const)(
  "a committer that fails for a while, each time %s, holds up the source too, and loses and doubles nothing",
  async (failure) => {
    const log = logOf(half);
    let [commits, takenTo, most] = [0, 0, 0];
    const environment: Environment = {
      ...calm,
      batchSize: () => batchSize,
      // Twice nine in a row: a tenth would end the task.
      commitOutcome: () => (++commits % 30 >= 21 && commits < 60 ? failure : "landed"),
      lands: () => commits % 2 === 0,
    };
    const member = new Group(log, environment).join("m");
    const source = {
      assignments: watched(member.source.assignments, ({ nextOffset }) => {
        takenTo = Math.max(takenTo, nextOffset);
        most = Math.max(most, takenTo - (log.committed(0) ?? 0));
      }),
    };
    const restarts: string[] = [];
    const failures: unknown[] = [];
    const subscription = run(source, member.committer, {
      forecaster: { hidden: 4 },
      snapshot: { everyEvents: 100 },
      clock,
    }).subscribe({
      next: (event) => event.type === "restarting" && restarts.push(event.error.code),
      error: (error: unknown) => failures.push(error),
    });
    while ((log.committed(0) ?? 0) < half && failures.length === 0) await settle();
    subscription.unsubscribe();
    expect(failures).toEqual([]);
    expect(restarts).toEqual(new Array<string>(18).fill("COMMIT_UNCERTAIN"));
    expect(most).toBeLessThanOrEqual(3 * batchSize);
    expect(log.visible(0)).toEqual((await undisturbed).visible(0));
  },
);
