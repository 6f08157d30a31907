/** A pipeline on a log in memory, with a clock that the test turns. */
import type { Clock } from "../../src/pipeline/clock.js";
import type { TaskEvent } from "../../src/pipeline/events.js";
import type { Assignment, Commit, Committer } from "../../src/pipeline/ports.js";
import { run, type RunOptions } from "../../src/pipeline/run.js";
import { calm, Group } from "../simulate/group.js";
import { TransactionalLog, type CommitOutcome } from "../simulate/log.js";
import { settle } from "../simulate/scheduler.js";
import { jsonRecord } from "./records.js";

/** A clock that stands still; sleepers wake when it is turned. */
export class TurnedClock implements Clock {
  readonly slept: number[] = [];
  /** Milliseconds that pass where somebody only lets others have their turn. */
  turnTakes = 0;
  #now = 0;
  readonly #sleepers = new Set<() => void>();

  now(): number {
    return this.#now;
  }

  async sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
    if (milliseconds === 0) {
      this.#now += this.turnTakes;
      return;
    }
    this.slept.push(milliseconds);
    const due = this.#now + milliseconds;
    await new Promise<void>((resolve) => {
      const wake = (): void => {
        if (!signal.aborted && this.#now < due) return;
        this.#sleepers.delete(wake);
        signal.removeEventListener("abort", wake);
        resolve();
      };
      this.#sleepers.add(wake);
      signal.addEventListener("abort", wake);
      wake();
    });
  }

  turn(milliseconds: number): void {
    this.#now += milliseconds;
    for (const wake of [...this.#sleepers]) wake();
  }
}

export const quiet = async (): Promise<void> => {
  for (let turn = 0; turn < 60; turn++) await settle();
};

export interface Running {
  readonly events: TaskEvent[];
  readonly commits: Commit[];
  readonly clock: TurnedClock;
  readonly stop: AbortController;
  /** "completed", or the error; undefined while it runs. */
  readonly outcome: () => unknown;
  readonly abandon: () => void;
  readonly group: Group;
}

/** A pipeline of one member; `meet` may change what becomes of its commits, which take a quarter of a second. */
export function start(
  log: TransactionalLog,
  options: RunOptions = {},
  meet: { outcome?: () => CommitOutcome; commit?: () => Promise<void> } = {},
): Running {
  const clock = new TurnedClock();
  const group = new Group(log, { ...calm, commitOutcome: meet.outcome ?? ((): CommitOutcome => "landed") });
  const member = group.join("m");
  const commits: Commit[] = [];
  const committer: Committer = {
    commit: async (assignment: Assignment, commit: Commit) => {
      commits.push(commit);
      await meet.commit?.();
      await member.committer.commit(assignment, commit);
      clock.turn(250);
    },
  };
  const stop = new AbortController();
  const events: TaskEvent[] = [];
  let outcome: unknown;
  const subscription = run(member.source, committer, {
    forecaster: { hidden: 4, readout: "shared" },
    clock,
    stop: stop.signal,
    ...options,
  }).subscribe({
    next: (event) => events.push(event),
    error: (error: unknown) => (outcome = error),
    complete: () => (outcome = "completed"),
  });
  return {
    events,
    commits,
    clock,
    stop,
    group,
    outcome: () => outcome,
    abandon: () => subscription.unsubscribe(),
  };
}

export function filled(count: number): TransactionalLog {
  const log = new TransactionalLog(1);
  append(log, count);
  return log;
}

/** Appends records whose values follow from their numbers, from number `from` on. */
export function append(log: TransactionalLog, count: number, from = 0): void {
  for (let i = from; i < from + count; i++) log.append(0, jsonRecord(i, `key-${i % 3}`, { value: i % 7 }));
}
