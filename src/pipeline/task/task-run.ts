/** One attempt of a task: from a takeover, through replay in silence, from batch to batch and commit to commit. */
import { UndercurrentError } from "../../errors/errors.js";
import { chunksOf, type Chunk } from "./chunks.js";
import type { Clock } from "../clock.js";
import { CommitQueue } from "./commits.js";
import type { Origin } from "../decode/decode.js";
import type { TaskEvent } from "../events.js";
import type { Assignment, Commit, Committer } from "../ports.js";
import { Progress } from "./progress.js";
import { planRecovery } from "./recovery.js";
import type { Operators } from "../operator.js";
import { PartitionModel, type SessionContext } from "./partition-model.js";
import { UserSteps } from "./user-steps.js";

export interface AttemptContext extends SessionContext {
  readonly committer: Committer;
  readonly clock: Clock;
  readonly operators: Operators;
  /** Time limit of a batch hook. */
  readonly hookTimeoutMs: number;
}

/** The task's side of an attempt. */
export interface AttemptOwner {
  /** Aborted when the task is to end: gracefully, unless the partition is lost. */
  readonly ending: AbortSignal;
  /** Aborted when the right to commit is gone. */
  readonly lost: AbortSignal;
  emit(event: TaskEvent): void;
}

export class TaskRun {
  readonly #assignment: Assignment;
  readonly #context: AttemptContext;
  readonly #owner: AttemptOwner;
  readonly #origin: Origin;
  /** Aborted when reading is to end: by the task, or because nothing further can land. */
  readonly #end = new AbortController();
  /** Aborted when nothing further can land: the partition is lost, or a commit or an operator has failed. */
  readonly #void = new AbortController();
  readonly #commits = new CommitQueue(
    (commit) => this.#commit(commit),
    () => this.#giveUp(),
  );
  /** The records that are being taken, until their commit waits its turn. */
  #taking: Promise<void> | undefined;
  #steps: UserSteps | undefined;
  #heldBack: UndercurrentError | undefined;
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

  /** Where the partition was lost: the error of an operator that held values back then. */
  get heldBack(): UndercurrentError | undefined {
    return this.#heldBack;
  }

  /** Resolves at the end of the task or of the input, rejects with the first error; nothing is under way then. */
  async run(): Promise<void> {
    const { ending, lost } = this.#owner;
    const abort = (): void => this.#end.abort();
    const giveUp = (): void => this.#giveUp();
    ending.addEventListener("abort", abort);
    lost.addEventListener("abort", giveUp);
    if (ending.aborted) abort();
    if (lost.aborted) giveUp();
    try {
      const session = await this.#takeOver();
      try {
        await this.#follow(session);
      } finally {
        session.dispose();
      }
    } finally {
      ending.removeEventListener("abort", abort);
      lost.removeEventListener("abort", giveUp);
      abort();
      // A commit that is under way must have an end before the partition is released.
      await this.#commits.settled().catch(() => undefined);
      if (lost.aborted) this.#heldBack = this.#steps?.end();
      this.#steps?.dispose();
    }
  }

  /** Lets nothing further land. */
  #giveUp(): void {
    this.#void.abort();
    this.#end.abort();
  }

  #newSteps(): UserSteps {
    const { operators, hookTimeoutMs: timeoutMs, clock } = this.#context;
    const cancelled = this.#void.signal;
    const steps = new UserSteps(operators, { timeoutMs, clock, origin: this.#origin, cancelled });
    steps.failed.addEventListener("abort", () => this.#giveUp());
    return steps;
  }

  async #takeOver(): Promise<PartitionModel> {
    const { forecaster, settings } = this.#context;
    this.#owner.emit({ type: "taking-over", ...this.#origin });
    const plan = planRecovery(await this.#assignment.takeOver(), forecaster, settings.recovery, this.#origin);
    this.#steps = this.#newSteps();
    const session = new PartitionModel(this.#context, plan, this.#origin, this.#steps);
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
          if (this.#owner.lost.aborted) return;
          this.#taking = this.#take(session, chunk, progress);
          await this.#taking;
        }
      }
    } catch (error) {
      // What made a hook's result unwanted is the error, and follows here.
      if (!isAborted(this.#void.signal) || isAborted(this.#owner.lost)) throw error;
      this.#steps?.check();
      await this.#commits.settled();
      throw error;
    } finally {
      this.#end.abort();
      await idle;
    }
    await this.#commits.settled();
    this.#steps?.check();
    if (this.#owner.lost.aborted) return;
    await this.#steps?.endAndWait();
    if (isAborted(this.#owner.lost) || !session.live || session.position === session.snapshotOffset) return;
    await this.#commits.add(session.snapshot());
    await this.#commits.settled();
  }

  async #take(session: PartitionModel, chunk: Chunk, progress: Progress): Promise<void> {
    try {
      await this.#takeRecords(session, chunk, progress);
    } catch (error) {
      // At once: there must be no snapshot of a state that is ahead of its offset.
      this.#end.abort();
      throw error;
    } finally {
      this.#taking = undefined;
    }
  }

  async #takeRecords(session: PartitionModel, { records, next }: Chunk, progress: Progress): Promise<void> {
    // There may be no record at all between the last one replayed and the committed offset.
    if (!session.live && records.length > 0 && records[0]!.offset >= session.liveFrom) {
      session.skip(session.liveFrom);
      await this.#goLive(session, progress);
    }
    if (records.length === 0) {
      session.skip(next);
    } else if (session.live) {
      const began = this.#context.clock.now();
      const made = session.process(records, next, () => this.#snapshotDue(session));
      const commit = made instanceof Promise ? await made : made;
      this.#processing.set(commit, (this.#context.clock.now() - began) / 1000);
      this.#holds(session);
      await this.#commits.add(commit);
    } else {
      await session.replay(records, next);
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
      // Records that a hook waits for may carry the snapshot with them.
      while (this.#taking !== undefined) await this.#taking.catch(() => undefined);
      if (isAborted(signal)) return;
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
    this.#steps?.check();
    if (this.#owner.lost.aborted) {
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

/** Reads a signal anew: it may have been aborted while something was waited for. */
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}
