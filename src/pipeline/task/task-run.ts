/** One attempt of a task: from a takeover, through replay in silence, from batch to batch and commit to commit. */
import { UndercurrentError } from "../../errors/errors.js";
import { chunksOf } from "./chunks.js";
import type { Clock } from "../clock.js";
import { CommitQueue } from "./commits.js";
import type { Origin } from "../decode/decode.js";
import type { TaskEvent } from "../events.js";
import type { Assignment, Commit, Committer, InputRecord } from "../ports.js";
import { Progress } from "./progress.js";
import { planRecovery } from "./recovery.js";
import { PartitionModel, type SessionContext } from "./partition-model.js";

export interface AttemptContext extends SessionContext {
  readonly committer: Committer;
  readonly clock: Clock;
}

/** The task's side of an attempt. */
export interface AttemptOwner {
  /** Aborted when the task is to end: gracefully, unless the partition is lost. */
  readonly ending: AbortSignal;
  /** Whether the right to commit is gone. */
  lost(): boolean;
  emit(event: TaskEvent): void;
}

export class TaskRun {
  readonly #assignment: Assignment;
  readonly #context: AttemptContext;
  readonly #owner: AttemptOwner;
  readonly #origin: Origin;
  /** Aborted when reading is to end: by the task, or by a commit that failed. */
  readonly #end = new AbortController();
  readonly #commits = new CommitQueue(
    (commit) => this.#commit(commit),
    () => this.#end.abort(),
  );
  #landed = false;
  #keys = 0;
  #bytes = 0;
  /** How long the records of a commit took. */
  readonly #processing = new WeakMap<Commit, number>();
  #endOffset = 0;
  #snapshotAt: number;

  constructor(assignment: Assignment, context: AttemptContext, owner: AttemptOwner) {
    this.#assignment = assignment;
    this.#context = context;
    this.#owner = owner;
    this.#origin = { topic: assignment.topic, partition: assignment.partition };
    this.#snapshotAt = context.clock.now();
  }

  /** Whether a commit of this attempt has landed. */
  get landed(): boolean {
    return this.#landed;
  }

  /** Resolves at the end of the task or of the input, rejects with the first error; nothing is under way then. */
  async run(): Promise<void> {
    const { ending } = this.#owner;
    const abort = (): void => this.#end.abort();
    ending.addEventListener("abort", abort);
    if (ending.aborted) abort();
    try {
      const session = await this.#takeOver();
      try {
        await this.#follow(session);
      } finally {
        session.dispose();
      }
    } finally {
      ending.removeEventListener("abort", abort);
      abort();
      // A commit that is under way must have an end before the partition is released.
      await this.#commits.settled().catch(() => undefined);
    }
  }

  async #takeOver(): Promise<PartitionModel> {
    const { forecaster, settings } = this.#context;
    this.#owner.emit({ type: "taking-over", ...this.#origin });
    const plan = planRecovery(await this.#assignment.takeOver(), forecaster, settings.recovery, this.#origin);
    const session = new PartitionModel(this.#context, plan, this.#origin);
    this.#endOffset = session.liveFrom;
    this.#owner.emit({
      type: "taken-over",
      ...this.#origin,
      plan: plan.kind === "resume" && plan.retuned ? "migrate" : plan.kind,
      reason: plan.kind === "fresh" ? plan.reason : session.remark,
      keys: plan.kind === "fresh" ? 0 : plan.state.keys.length,
      from: session.from,
      liveFrom: session.liveFrom,
    });
    return session;
  }

  /** Follows the input to the end of this attempt. */
  async #follow(session: PartitionModel): Promise<void> {
    const { clock, settings } = this.#context;
    const progress = new Progress(clock, this.#snapshotAt, session);
    const idle = this.#snapshotWhenIdle(session);
    idle.catch(() => this.#end.abort());
    try {
      if (session.position >= session.liveFrom) await this.#goLive(session, progress);
      for await (const batch of this.#assignment.read(session.from, this.#end.signal)) {
        this.#endOffset = Math.max(batch.endOffset, batch.nextOffset);
        for (const chunk of chunksOf(batch, session.liveFrom, settings.commit.maxEvents)) {
          if (this.#owner.lost()) return;
          await this.#take(session, chunk.records, chunk.next, progress);
        }
      }
    } finally {
      this.#end.abort();
      await idle;
    }
    await this.#commits.settled();
    if (this.#owner.lost() || !session.live || session.position === session.snapshotOffset) return;
    await this.#commits.add(session.snapshot());
    await this.#commits.settled();
  }

  async #take(
    session: PartitionModel,
    records: readonly InputRecord[],
    next: number,
    progress: Progress,
  ): Promise<void> {
    // There may be no record at all between the last one replayed and the committed offset.
    if (!session.live && records.length > 0 && records[0]!.offset >= session.liveFrom) {
      session.skip(session.liveFrom);
      await this.#goLive(session, progress);
    }
    if (records.length === 0) {
      session.skip(next);
    } else if (session.live) {
      const began = this.#context.clock.now();
      const commit = session.process(records, next, () => this.#snapshotDue(session));
      this.#processing.set(commit, (this.#context.clock.now() - began) / 1000);
      this.#holds(session);
      await this.#commits.add(commit);
    } else {
      session.replay(records, next);
      if (progress.replayed(records.length, next)) {
        this.#owner.emit({ type: "replaying", ...this.#origin, ...progress.replaying() });
      }
      // Lets timers and sockets have their turn, for a replay may be long.
      await this.#context.clock.sleep(0, this.#end.signal);
    }
    const shared = this.#context.keys?.takeShared(this.#origin.partition);
    if (shared !== undefined) this.#owner.emit({ type: "shared-key", ...this.#origin, ...shared });
    if (!session.live && session.position >= session.liveFrom) await this.#goLive(session, progress);
  }

  async #goLive(session: PartitionModel, progress: Progress): Promise<void> {
    const first = session.goLive();
    if (first !== undefined) await this.#commits.add(first);
    this.#holds(session);
    this.#owner.emit({
      type: "live",
      ...this.#origin,
      offset: session.position,
      keys: this.#keys,
      bytes: this.#bytes,
      ...progress.live(),
    });
  }

  #holds({ keys, bytes }: PartitionModel): void {
    this.#keys = keys;
    this.#bytes = bytes;
  }

  /** A quiet partition has its snapshots in time too: its input may not be kept for ever. */
  async #snapshotWhenIdle(session: PartitionModel): Promise<void> {
    const { clock, settings } = this.#context;
    const period = settings.snapshot.everyMs;
    const { signal } = this.#end;
    for (;;) {
      await clock.sleep(Math.max(0, this.#snapshotAt + period - clock.now()), signal);
      if (signal.aborted) return;
      if (clock.now() - this.#snapshotAt < period) continue;
      this.#snapshotAt = clock.now();
      if (session.live && session.position > session.snapshotOffset) {
        await this.#commits.add(session.snapshot());
      }
    }
  }

  #snapshotDue(session: PartitionModel): boolean {
    const { everyEvents, everyMs } = this.#context.settings.snapshot;
    const now = this.#context.clock.now();
    if (session.eventsSinceSnapshot < everyEvents && now - this.#snapshotAt < everyMs) return false;
    this.#snapshotAt = now;
    return true;
  }

  async #commit(commit: Commit): Promise<void> {
    if (this.#owner.lost()) {
      throw new UndercurrentError("FENCED", "the partition was given up before this commit began");
    }
    const began = this.#context.clock.now();
    await this.#context.committer.commit(this.#assignment, commit);
    const seconds = (this.#context.clock.now() - began) / 1000;
    this.#landed = true;
    const records = commit.snapshot?.records;
    this.#owner.emit({
      type: "committed",
      ...this.#origin,
      offset: commit.offset,
      lag: Math.max(0, Math.max(this.#endOffset, this.#assignment.endOffset ?? 0) - commit.offset),
      keys: this.#keys,
      bytes: this.#bytes,
      forecasts: commit.forecasts.length,
      deadLetters: commit.deadLetters.length,
      routed: commit.routed.length,
      snapshot: records && {
        records: records.length,
        bytes: records.reduce((sum, { key, value }) => sum + key.length + (value?.length ?? 0), 0),
      },
      seconds,
      processingSeconds: this.#processing.get(commit),
      oldest: commit.forecasts[0]?.timestamp,
    });
  }
}
