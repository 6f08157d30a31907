/**
 * A consumer group on a transactional log: members with the ports Source and Committer. Every await of theirs is a step
 * that the environment grants, so that a simulator decides what happens between any two of them.
 */
import { Observable, type Subscriber } from "rxjs";
import { UndercurrentError } from "../../src/errors/errors.js";
import type {
  Assignment,
  Commit,
  Committer,
  InputBatch,
  Source,
  Takeover,
} from "../../src/pipeline/ports.js";
import type { CommitOutcome, TransactionalLog } from "./log.js";

/** What decides on time and fate. */
export interface Environment {
  /** Resolves when a member may go on; rejects once it has crashed. */
  step(member: string, what: string): Promise<void>;
  /** How many records the next fetch brings. */
  batchSize(): number;
  commitOutcome(): CommitOutcome;
  /** Whether a commit that was in doubt lands. */
  lands(): boolean;
}

/** Grants every step at once, and lets everything end well. */
export const calm: Environment = {
  step: () => Promise.resolve(),
  batchSize: () => 16,
  commitOutcome: () => "landed",
  lands: () => true,
};

export class Group {
  readonly log: TransactionalLog;
  readonly environment: Environment;
  readonly #members: Member[] = [];
  #generation = 0;

  constructor(log: TransactionalLog, environment: Environment = calm) {
    this.log = log;
    this.environment = environment;
  }

  get members(): readonly Member[] {
    return this.#members;
  }

  join(name: string): Member {
    return new Member(name, this);
  }

  enter(member: Member): void {
    this.#members.push(member);
    this.rebalance();
  }

  leave(member: Member): void {
    const at = this.#members.indexOf(member);
    if (at < 0) return;
    this.#members.splice(at, 1);
    this.rebalance();
  }

  /** Deals the partitions anew; members that are `eager` lose even those that they keep. */
  rebalance(eager = false): void {
    this.#generation++;
    for (let partition = 0; partition < this.log.partitions; partition++) {
      const owner = this.#members[(partition + this.#generation) % this.#members.length];
      for (const member of this.#members) {
        if (member !== owner || eager) member.revoke(partition);
      }
      owner?.assign(partition);
    }
  }
}

/** One instance of the service in the group. */
export class Member {
  readonly name: string;
  readonly source: Source;
  readonly committer: Committer;
  readonly #group: Group;
  readonly #assignments = new Map<number, MemoryAssignment>();
  readonly #held = new Set<MemoryAssignment>();
  #subscriber: Subscriber<Assignment> | undefined;
  #leaving = false;

  constructor(name: string, group: Group) {
    this.name = name;
    this.#group = group;
    this.source = {
      assignments: new Observable((subscriber) => {
        this.#subscriber = subscriber;
        group.enter(this);
        return () => {
          this.#leaving = true;
          this.#leaveWhenReleased();
        };
      }),
    };
    this.committer = {
      commit: (assignment, commit) => {
        if (!(assignment instanceof MemoryAssignment)) throw new TypeError("not an assignment of this log");
        return assignment.commit(commit);
      },
    };
  }

  /** Takes a partition away; the member hears of it at its next step. */
  revoke(partition: number): void {
    const assignment = this.#assignments.get(partition);
    if (assignment === undefined) return;
    this.#assignments.delete(partition);
    this.#hear("is revoked", () => assignment.revoke());
  }

  assign(partition: number): void {
    if (this.#assignments.has(partition) || this.#leaving) return;
    const assignment = new MemoryAssignment(this.name, partition, this.#group, () => {
      this.#held.delete(assignment);
      this.#leaveWhenReleased();
    });
    this.#assignments.set(partition, assignment);
    this.#hear("is assigned", () => {
      if (this.#leaving || assignment.revoked.aborted) return;
      this.#held.add(assignment);
      this.#subscriber?.next(assignment);
    });
  }

  #leaveWhenReleased(): void {
    if (this.#leaving && this.#held.size === 0) this.#group.leave(this);
  }

  #hear(what: string, then: () => void): void {
    this.#group.environment.step(this.name, what).then(then, () => undefined);
  }
}

class MemoryAssignment implements Assignment {
  readonly topic: string;
  readonly partition: number;
  /** The partition of the log. */
  readonly #index: number;
  readonly #member: string;
  readonly #group: Group;
  readonly #revoked = new AbortController();
  readonly #released: () => void;
  /** No epoch of the log, until it has been taken over. */
  #epoch = -1;

  constructor(member: string, index: number, group: Group, released: () => void) {
    this.#member = member;
    this.#index = index;
    ({ topic: this.topic, partition: this.partition } = group.log.placeOf(index));
    this.#group = group;
    this.#released = released;
  }

  get revoked(): AbortSignal {
    return this.#revoked.signal;
  }

  revoke(): void {
    this.#revoked.abort();
  }

  async takeOver(): Promise<Takeover> {
    await this.#step("asks to take over");
    const { log, environment } = this.#group;
    const { epoch, takeover } = log.takeOver(this.#index, () => environment.lands());
    this.#epoch = epoch;
    await this.#step("has taken over");
    return takeover;
  }

  async *read(from: number, stop: AbortSignal): AsyncGenerator<InputBatch> {
    const { log, environment } = this.#group;
    const end = AbortSignal.any([stop, this.revoked]);
    const ended = (): boolean => end.aborted;
    for (let next = from; ;) {
      await log.arrival(this.#index, next, end);
      if (ended()) return;
      await this.#step("reads");
      if (ended()) return;
      const batch = log.poll(this.#index, next, environment.batchSize());
      if (batch === undefined) continue;
      next = batch.nextOffset;
      yield batch;
    }
  }

  async *readFeedback(from: number | undefined, stop: AbortSignal): AsyncGenerator<InputBatch> {
    const { log, environment } = this.#group;
    const end = AbortSignal.any([stop, this.revoked]);
    const ended = (): boolean => end.aborted;
    for (let next = from ?? 0; ;) {
      await log.feedbackArrival(this.#index, next, end);
      if (ended()) return;
      await this.#step("reads feedback of");
      if (ended()) return;
      const batch = log.pollFeedback(this.#index, next, 1 + environment.batchSize());
      if (batch === undefined) continue;
      next = batch.nextOffset;
      yield batch;
    }
  }

  async commit(commit: Commit): Promise<void> {
    await this.#step("begins a commit");
    if (this.revoked.aborted) throw new UndercurrentError("FENCED", "the assignment was revoked");
    const { log, environment } = this.#group;
    log.commit(this.#index, this.#epoch, commit, environment.commitOutcome());
    await this.#step("hears of its commit");
  }

  async release(): Promise<void> {
    await this.#step("releases").finally(this.#released);
  }

  #step(what: string): Promise<void> {
    return this.#group.environment.step(this.#member, `${what} ${this.#index}`);
  }
}
