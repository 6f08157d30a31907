/** Runs a task once, from a takeover to a stop or an error: replay first, then batches and commits. */
import { UndercurrentError } from "../../errors/errors.js";
import { chunksOf, type Chunk } from "./chunks.js";
import type { IncidentCounts } from "../../forecast/incidents/watcher.js";
import type { Clock } from "../clock.js";
import { CommitQueue } from "./commits.js";
import { FeedbackIntake } from "../state/feedback-intake.js";
import type { ModelControl } from "../state/model-control.js";
import { isSnapshot } from "../state/state-records.js";
import type { Origin } from "../decode/dead-letter.js";
import type { TaskEvent } from "../events.js";
import type { Assignment, Commit, Committer, InputRecord } from "../ports.js";
import type { BatchTrace, BatchTracer } from "../telemetry.js";
import { Progress } from "./progress.js";
import { planRecovery } from "./recovery.js";
import type { Operators } from "../operator.js";
import { PartitionModel, type ModelContext } from "./partition-model.js";
import { CommittedReader } from "../query/committed-reader.js";
import type { HeldPartition } from "../query/key-queries.js";
import { localTimesIn } from "../decode/record-reader.js";
import { SnapshotSchedule } from "./snapshot-schedule.js";
import { UserSteps } from "./user-steps.js";

/** Settings and services that the runs of all tasks share. */
export interface TaskRunContext extends ModelContext {
  readonly committer: Committer;
  readonly clock: Clock;
  readonly operators: Operators;
  /** Time limit of a batch hook. */
  readonly hookTimeoutMs: number;
  readonly tracer?: BatchTracer | undefined;
  /** Settings of the live model that change while the run goes on. */
  readonly control?: ModelControl | undefined;
}

/** The task of a run. */
export interface TaskRunOwner {
  /** Aborted when the task is to end: gracefully, unless the partition is lost. */
  readonly ending: AbortSignal;
  /** Aborted when the partition is revoked. */
  readonly lost: AbortSignal;
  emit(event: TaskEvent): void;
  /** Where the run lets others read its state. */
  readonly held?: HeldPartition | undefined;
}

export class TaskRun {
  readonly #assignment: Assignment;
  readonly #context: TaskRunContext;
  readonly #owner: TaskRunOwner;
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
  /** Reads the state between batches, while the run is live. */
  #reader: CommittedReader | undefined;
  #unfollow: (() => void) | undefined;
  /** Takes up commands, while the run is live. */
  #onCommand: (() => void) | undefined;
  #failure: Error | undefined;
  /** Whether the run ended while it waited for a schema: later records must not be taken. */
  #interrupted = false;
  #heldBack: UndercurrentError | undefined;
  #landed = false;
  #notedTimes = false;
  #keys = 0;
  #incidents: IncidentCounts = { keys: 0, silences: 0, groups: 0, waitingSilences: 0 };
  #bytes = 0;
  /** How long the records of a commit took. */
  readonly #processing = new WeakMap<Commit, number>();
  /** Traces of the batches of commits, where batches are traced. */
  readonly #traces = new WeakMap<Commit, BatchTrace>();
  #endOffset = 0;
  readonly #began: number;
  readonly #schedule: SnapshotSchedule;

  constructor(assignment: Assignment, context: TaskRunContext, owner: TaskRunOwner) {
    this.#assignment = assignment;
    this.#context = context;
    this.#owner = owner;
    this.#origin = { topic: assignment.topic, partition: assignment.partition };
    this.#began = context.clock.now();
    this.#schedule = new SnapshotSchedule(context.clock, context.settings.snapshot);
  }

  /** Whether a commit of this run has landed. */
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
      const model = await this.#takeOver().catch((error: unknown) => {
        // A takeover that the task's end interrupted has changed nothing.
        if (error !== this.#end.signal.reason) throw error;
      });
      if (model === undefined) return;
      try {
        await this.#follow(model);
      } finally {
        this.#close();
        // Step 6 of a stop.
        model.dispose();
      }
    } finally {
      ending.removeEventListener("abort", abort);
      lost.removeEventListener("abort", giveUp);
      abort();
      // 7. A commit that is under way must have an end before the partition is released.
      await this.#commits.settled().catch(() => undefined);
      // 8.
      if (lost.aborted) this.#heldBack = this.#steps?.end();
      this.#steps?.dispose();
    }
  }

  /** From now on others may read the state, and change settings. */
  #open(model: PartitionModel): void {
    const settled = (): Promise<void> => this.#commits.settled();
    this.#reader = new CommittedReader({ report: (key) => model.report(key), settled });
    if (this.#owner.held !== undefined) this.#owner.held.reader = this.#reader;
    this.#unfollow = this.#context.control?.follow(() => this.#retune(model));
    // They may have changed since the takeover began.
    this.#retune(model);
    this.#onCommand = () => this.#takeUp(model);
    this.#onCommand();
  }

  #close(): void {
    this.#unfollow?.();
    this.#onCommand = undefined;
    if (this.#owner.held !== undefined) this.#owner.held.reader = undefined;
    this.#reader?.close();
  }

  /** Takes up the settings of the control, with a commit of their own between two others. */
  #retune(model: PartitionModel): void {
    const { control, candidate } = this.#context;
    // After a promotion the live model is that of the candidate's settings.
    if (control === undefined || candidate !== undefined) return;
    this.#reader?.between(() => {
      if (model.model === control.model || isAborted(this.#end.signal)) return;
      try {
        this.#commits.add(model.retune(control.model)).catch(() => undefined);
      } catch (error) {
        this.#fail(error);
        return;
      }
      const { position: offset } = model;
      this.#commits.settled().then(
        () => this.#owner.emit({ type: "retuned", ...this.#origin, offset }),
        () => undefined,
      );
    });
  }

  /** Takes up a command that waits, with a commit of its own, unless records come first. */
  #takeUp(model: PartitionModel): void {
    this.#reader?.between(() => {
      if (!model.hasCommand || isAborted(this.#end.signal)) return;
      try {
        const commit = model.takeUp();
        if (commit !== undefined) this.#commits.add(commit).catch(() => undefined);
      } catch (error) {
        this.#fail(error);
        return;
      }
      this.#measure(model);
      this.#reportOutcomes(model);
    });
  }

  /** Reports what became of commands, once the commit in the queue that took them up has landed. */
  #reportOutcomes(model: PartitionModel): void {
    const outcomes = model.takeOutcomes();
    if (outcomes.length === 0) return;
    this.#commits.settled().then(
      () => {
        for (const { offset, model: live, wasLive, refusal } of outcomes) {
          const place = { ...this.#origin, offset, model: live };
          if (refusal !== undefined) {
            this.#owner.emit({ type: "promotion-refused", ...place, reason: refusal });
          } else this.#owner.emit({ type: wasLive === true ? "already-live" : "promoted", ...place });
        }
      },
      () => undefined,
    );
  }

  /** Ends the run with an error that no record raised. */
  #fail(error: unknown): void {
    this.#failure = error instanceof Error ? error : new Error(String(error));
    this.#end.abort();
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

  /**
   * Takes the partition over:
   *
   * 1. Fence every earlier owner, and read the committed offset C, the state and its offset S.
   * 2. Decide how to start: with an empty state, or with that of S. If this throws, nothing was written.
   * 3. Subscribe to the user's operators and restore the state.
   *
   * `#follow` continues:
   *
   * 4. Replay the input from S to C without emitting anything.
   * 5. At C, commit a state that replaces the durable one, unless the plan is simply to resume. The run is live.
   */
  async #takeOver(): Promise<PartitionModel> {
    const { candidate, settings, control } = this.#context;
    const forecaster = control?.model ?? this.#context.forecaster;
    this.#owner.emit({ type: "taking-over", ...this.#origin });
    // 1.
    const takeover = await this.#assignment.takeOver(this.#end.signal);
    // 2.
    const models = { forecaster, candidate: candidate?.forecaster };
    const plan = planRecovery(takeover, models, settings.recovery, this.#origin);
    // 3.
    this.#steps = this.#newSteps();
    const model = new PartitionModel(this.#context, plan, this.#origin, {
      steps: this.#steps,
      intakeFrom: (position) => new FeedbackIntake(this.#assignment, position, () => this.#onCommand?.()),
    });
    this.#endOffset = model.liveFrom;
    this.#owner.emit({
      type: "taken-over",
      ...this.#origin,
      plan: plan.kind === "resume" && plan.retuned ? "migrate" : plan.kind,
      reason: plan.kind === "fresh" ? plan.reason : model.remark,
      keys: plan.kind === "fresh" ? 0 : plan.state.keys.length,
      from: model.from,
      liveFrom: model.liveFrom,
    });
    return model;
  }

  /**
   * Follows the input to the end of this run. A graceful stop, or the end of the input:
   *
   * 1. Stop reading, and finish the records of the commit under way.
   * 2. Stop the snapshots by the clock.
   * 3. Wait for the commits under way.
   * 4. End the operators' input. The stop fails if an operator held values back.
   * 5. Commit a last snapshot, if the state has moved since the previous one.
   *
   * `run` continues, also after an error:
   *
   * 6. Free the model's memory.
   * 7. Wait for the commit under way, if any.
   * 8. Unsubscribe from the operators.
   *
   * Then the task releases the partition. If the partition is lost, steps 4 and 5 are skipped.
   */
  async #follow(model: PartitionModel): Promise<void> {
    const { clock, settings } = this.#context;
    const progress = new Progress(clock, this.#began, model);
    const idle = this.#snapshotWhenIdle(model);
    idle.catch(() => this.#end.abort());
    // Nobody waits for its end: a source may be slow to notice.
    model.readFeedback(this.#end.signal).catch((error: unknown) => this.#fail(error));
    try {
      if (model.position >= model.liveFrom) await this.#goLive(model, progress);
      reading: for await (const batch of this.#assignment.read(model.from, this.#end.signal)) {
        this.#endOffset = Math.max(batch.endOffset, batch.nextOffset);
        for (const chunk of chunksOf(batch, model.liveFrom, settings.commit.maxEvents)) {
          if (this.#owner.lost.aborted) return;
          this.#taking = this.#take(model, chunk, progress);
          await this.#taking;
          // What is left of the batch is for the next run.
          if (this.#interrupted || isAborted(this.#end.signal)) break reading;
        }
      }
    } catch (error) {
      // What made a hook's result unwanted is the error, and follows here.
      if (!isAborted(this.#void.signal) || isAborted(this.#owner.lost)) throw error;
      this.#steps?.check();
      await this.#commits.settled();
      throw error;
    } finally {
      // 1. and 2.
      this.#end.abort();
      await idle;
    }
    if (this.#failure !== undefined) throw this.#failure;
    // 3.
    await this.#commits.settled();
    this.#steps?.check();
    if (this.#owner.lost.aborted) return;
    // 4.
    await this.#steps?.endAndWait();
    // 5.
    if (isAborted(this.#owner.lost) || !model.live || model.position === model.snapshotOffset) return;
    await this.#commits.add(model.snapshot());
    await this.#commits.settled();
  }

  async #take(model: PartitionModel, chunk: Chunk, progress: Progress): Promise<void> {
    try {
      await this.#fetchSchemas(chunk);
      if (!this.#interrupted) await this.#takeRecords(model, chunk, progress);
    } catch (error) {
      // At once: there must be no snapshot of a state that is ahead of its offset, and no report.
      this.#close();
      this.#end.abort();
      throw error;
    } finally {
      this.#taking = undefined;
    }
  }

  /** Waits for schemas that are not at hand: once per schema, not per record. */
  async #fetchSchemas({ records }: Chunk): Promise<void> {
    const { signal } = this.#end;
    const fetched = this.#context.format?.prepare(records, signal);
    if (fetched === undefined) return;
    try {
      await fetched;
    } catch (error) {
      if (!isAborted(signal)) throw error;
      this.#interrupted = true;
    }
  }

  /**
   * Takes the records of one chunk. A live chunk becomes one commit:
   *
   * 0. Apply the feedback on incidents and the promotions that came meanwhile. The commit notes what was applied, and before which
   *    offset. With a promotion it has a snapshot, so that no replay crosses one.
   * 1. Decode the records. Rejected records become dead letters.
   * 2. Pass readings through `before` and `beforeBatch`.
   * 3. Forecast, which changes the state.
   * 4. Pass forecasts through `after` and `afterBatch`, which make routed records.
   * 5. Advance the position, and write a snapshot of the state if one is due.
   * 6. Wait until the previous commit has landed, then pass this one to the committer. Readers see nothing of it before.
   * 7. Report the commit when it has landed.
   *
   * Steps 1 to 4 are in `stage.ts`, step 5 in `partition-model.ts`. While step 6 waits for the broker, steps 1 to 5 of
   * the next chunk continue. An error in steps 1 to 5 ends the run, and one of step 6 rejects every later commit.
   */
  async #takeRecords(model: PartitionModel, { records, next }: Chunk, progress: Progress): Promise<void> {
    // There may be no record at all between the last one replayed and the committed offset.
    if (!model.live && records.length > 0 && records[0]!.offset >= model.liveFrom) {
      model.skip(model.liveFrom);
      await this.#goLive(model, progress);
    }
    if (records.length === 0) {
      model.skip(next);
    } else if (model.live) {
      // One commit, unless the records have very many readings.
      for (let rest = records; rest.length > 0;) {
        const began = this.#context.clock.now();
        const trace = this.#context.tracer?.begin(this.#origin.topic, this.#origin.partition);
        let commit: Commit;
        try {
          // 1. to 5.
          const made = model.process(rest, next, this.#schedule);
          if (made instanceof Promise) this.#reader?.hooked();
          commit = made instanceof Promise ? await made : made;
        } catch (error) {
          trace?.ended(error);
          throw error;
        }
        if (trace !== undefined) this.#trace(trace, rest, commit);
        this.#processing.set(commit, (this.#context.clock.now() - began) / 1000);
        this.#measure(model);
        // 6.
        const added = this.#commits.add(commit);
        this.#reader?.queued();
        this.#reportOutcomes(model);
        await added;
        this.#noteLocalTimes(rest);
        rest = rest.filter(({ offset }) => offset >= commit.offset);
      }
    } else {
      // Step 4 of a takeover.
      await model.replay(records, next);
      if (progress.replayed(records.length, next)) {
        this.#owner.emit({ type: "replaying", ...this.#origin, ...progress.replaying() });
      }
      // Lets timers and sockets have their turn, for a replay may be long.
      await this.#context.clock.sleep(0, this.#end.signal);
    }
    const shared = this.#context.keys?.takeShared(this.#origin.partition);
    if (shared !== undefined) this.#owner.emit({ type: "shared-key", ...this.#origin, ...shared });
    if (!model.live && model.position >= model.liveFrom) await this.#goLive(model, progress);
  }

  /** Looks for local times in the first records that are live. */
  #noteLocalTimes(records: readonly InputRecord[]): void {
    if (this.#notedTimes) return;
    this.#notedTimes = true;
    const { settings, format } = this.#context;
    const note = localTimesIn(records, settings.decode, format);
    if (note !== undefined) this.#owner.emit({ type: "local-times", ...this.#origin, note });
  }

  #trace(trace: BatchTrace, records: readonly InputRecord[], commit: Commit): void {
    trace.forecast(
      records.filter(({ offset }) => offset < commit.offset),
      commit,
    );
    this.#traces.set(commit, trace);
  }

  async #goLive(model: PartitionModel, progress: Progress): Promise<void> {
    // Step 5 of a takeover.
    const first = model.goLive();
    if (first !== undefined) await this.#commits.add(first);
    this.#measure(model);
    this.#open(model);
    this.#owner.emit({
      type: "live",
      ...this.#origin,
      offset: model.position,
      keys: this.#keys,
      openIncidents: this.#incidents,
      bytes: this.#bytes,
      ...progress.live(),
    });
  }

  #measure({ keys, incidentCounts, bytes }: PartitionModel): void {
    this.#keys = keys;
    this.#incidents = incidentCounts;
    this.#bytes = bytes;
  }

  /** A quiet partition needs snapshots too, because its input may be deleted. */
  async #snapshotWhenIdle(model: PartitionModel): Promise<void> {
    const { signal } = this.#end;
    for (;;) {
      await this.#schedule.waitForPeriod(signal);
      if (signal.aborted) return;
      // Records that a hook waits for may carry the snapshot with them.
      while (this.#taking !== undefined) await this.#taking.catch(() => undefined);
      if (isAborted(signal)) return;
      if (!this.#schedule.takeIfDue()) continue;
      if (model.live && model.position > model.snapshotOffset) await this.#commits.add(model.snapshot());
    }
  }

  async #commit(commit: Commit): Promise<void> {
    this.#steps?.check();
    if (this.#owner.lost.aborted) {
      throw new UndercurrentError("FENCED", "the partition was released before this commit began");
    }
    const began = this.#context.clock.now();
    const trace = this.#context.tracer && this.#traces.get(commit);
    trace?.committing();
    try {
      await this.#context.committer.commit(this.#assignment, commit);
    } catch (error) {
      trace?.ended(error);
      throw error;
    }
    trace?.ended();
    const seconds = (this.#context.clock.now() - began) / 1000;
    this.#landed = true;
    // 7.
    const { snapshot } = commit;
    const records = snapshot !== undefined && isSnapshot(snapshot) ? snapshot.records : undefined;
    this.#owner.emit({
      type: "committed",
      ...this.#origin,
      offset: commit.offset,
      lag: Math.max(0, Math.max(this.#endOffset, this.#assignment.endOffset ?? 0) - commit.offset),
      keys: this.#keys,
      openIncidents: this.#incidents,
      bytes: this.#bytes,
      forecasts: commit.forecasts.length,
      incidents: commit.incidents.length,
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

/** Reads a signal again: it may have been aborted during a wait. */
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}
