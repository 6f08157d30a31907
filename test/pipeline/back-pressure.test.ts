import { map, type Observable } from "rxjs";
import { expect, test } from "vitest";
import type { Assignment, Committer, InputBatch } from "../../src/pipeline/ports.js";
import { run } from "../../src/pipeline/run.js";
import { calm, Group } from "../simulate/group.js";
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

test.each([1, 5, batchSize, 1000])(
  "a committer that is slow holds up the source, with commits of up to %d records",
  async (maxEvents) => {
    const log = new TransactionalLog(1);
    for (let i = 0; i < total; i++) log.append(0, jsonRecord(i, `key-${i % 3}`, { value: i % 7 }));
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
