/** Holds the model of a partition in one task run: the forecaster, its position, and the content of the next commit. */
import { wasmEngine } from "../../engine/wasm/engine.js";
import type { EngineFactory } from "../../engine/port.js";
import { UndercurrentError } from "../../errors/errors.js";
import { Forecaster } from "../../forecast/forecaster.js";
import type { IncidentCounts } from "../../forecast/incidents/watcher.js";
import { forecasterSettings, type ForecasterSettings } from "../../forecast/settings.js";
import type { SnapshotChange } from "../../forecast/snapshot/snapshot.js";
import { tuningNames } from "../../forecast/snapshot/signature.js";
import type { Origin } from "../decode/dead-letter.js";
import type { ValueFormat } from "../decode/format.js";
import { applyFeedback, FeedbackReplay, type AppliedFeedback, type Feedback } from "../state/feedback.js";
import type { FeedbackIntake } from "../state/feedback-intake.js";
import type { Commit, InputRecord, SnapshotWrite } from "../ports.js";
import { Candidate, type CandidateSettings } from "./candidate/candidate.js";
import { reportKey, type KeyReport } from "../query/key-report.js";
import type { CandidatePlan, RecoveryPlan, ResumePlan } from "./recovery.js";
import type { PipelineSettings } from "../settings.js";
import type { KeyPartitions } from "./key-partitions.js";
import type { SnapshotSchedule } from "./snapshot-schedule.js";
import { Stage, type StageOutput } from "./stage.js";
import type { UserSteps } from "./user-steps.js";
import { replaceState, stateCommit, writeFeedback, writeState } from "../state/state-records.js";
import type { Telemetry } from "../telemetry.js";

/** Settings and services that the models of all partitions share. */
export interface ModelContext {
  readonly forecaster: ForecasterSettings;
  readonly settings: PipelineSettings;
  /** A second model on the same records. */
  readonly candidate?: CandidateSettings | undefined;
  readonly engine?: EngineFactory | undefined;
  readonly telemetry?: Telemetry | undefined;
  /** Parser of values whose format needs a schema. */
  readonly format?: ValueFormat | undefined;
  /** Takes the keys of every partition of the pipeline. */
  readonly keys?: KeyPartitions | undefined;
}

/** Optional parts of a model. */
export interface ModelParts {
  /** The user's own steps; they stay the caller's. */
  readonly steps?: UserSteps | undefined;
  /** Returns what reads the feedback from an offset on. */
  readonly intakeFrom?: ((from: number | undefined) => FeedbackIntake) | undefined;
}

/** Records of the incidents topic without feedback after which a snapshot notes how far they were read. */
const feedbackEvery = 1000;

export class PartitionModel {
  /** Offset at which reading begins: that of the opened state. */
  readonly from: number;
  /** Input below this offset is replayed, and nothing is emitted. */
  readonly liveFrom: number;

  readonly #context: ModelContext;
  readonly #plan: RecoveryPlan;
  readonly #origin: Origin;
  readonly #steps: UserSteps | undefined;
  #forecaster: Forecaster;
  #stage: Stage;
  #candidate: Candidate | undefined;
  /** Keys of records of a candidate that cannot be used. */
  #stale: readonly string[];
  #live = false;
  #position: number;
  #snapshotOffset: number;
  #eventsSinceSnapshot = 0;
  /** Feedback of the state that a replay has still to apply, and what was applied since the snapshot. */
  readonly #feedbackReplay: FeedbackReplay;
  #applied: readonly AppliedFeedback[] = [];
  /** Offset of the incidents at which feedback is read on, as the state topic has it. */
  #feedbackNext: number | undefined;
  /** Offset behind the feedback that was taken. */
  #readTo: number | undefined;
  readonly #intake: FeedbackIntake | undefined;

  /**
   * Restores the state. Throws SNAPSHOT_FOREIGN and the like, and holds no memory then.
   */
  constructor(
    context: ModelContext,
    plan: RecoveryPlan,
    origin: Origin,
    { steps, intakeFrom }: ModelParts = {},
  ) {
    this.#context = context;
    this.#plan = plan;
    this.#origin = origin;
    this.#steps = steps;
    this.from = plan.kind === "fresh" ? plan.from : plan.state.offset;
    this.liveFrom = plan.kind === "fresh" ? plan.from : plan.committed;
    this.#position = this.from;
    this.#snapshotOffset = this.from;
    this.#stale = plan.candidateKeys;
    const feedback = plan.kind === "fresh" ? undefined : plan.state.feedback;
    this.#applied = feedback?.applied ?? [];
    this.#feedbackReplay = new FeedbackReplay(this.#applied);
    this.#feedbackNext = feedback?.next;
    this.#intake = intakeFrom?.(feedback?.next);
    this.#forecaster = this.#open(plan);
    const { candidate } = plan;
    if (candidate !== undefined) this.#openCandidate(candidate);
    this.#stage = this.#newStage();
  }

  /** Reads feedback until the signal is aborted. */
  readFeedback(signal: AbortSignal): Promise<void> {
    return this.#intake?.run(signal) ?? Promise.resolve();
  }

  /** The current input offset of the state. */
  get position(): number {
    return this.#position;
  }

  /** What of a restored state is not as it was; undefined where all is. */
  get remark(): string | undefined {
    if (this.#plan.kind === "fresh" || this.#plan.state.kernel === this.#forecaster.kernel) return undefined;
    const { kernel } = this.#plan.state;
    return `the state was made with the kernel ${kernel} and goes on with ${this.#forecaster.kernel}: last bits may differ`;
  }

  get live(): boolean {
    return this.#live;
  }

  /** Keys that it holds a state of. */
  get keys(): number {
    return this.#forecaster.keyCount;
  }

  /** Incidents that are open, by what they are of. */
  get incidentCounts(): IncidentCounts {
    return this.#forecaster.incidentCounts;
  }

  /** Bytes of that state. */
  get bytes(): number {
    return this.#forecaster.bytes + (this.#candidate?.bytes ?? 0);
  }

  /** Offset of the last snapshot. */
  get snapshotOffset(): number {
    return this.#snapshotOffset;
  }

  /** Returns what the state holds of a key; undefined for a key without a state. Changes nothing. */
  report(key: string): KeyReport | undefined {
    return reportKey(this.#forecaster, this.#origin, key, this.#position);
  }

  /** Takes records below `liveFrom` into the state; `next` is where the following ones begin. */
  replay(records: readonly InputRecord[], next: number): void | Promise<void> {
    if (this.#steps?.waits === true) return this.#replayAndWait(records, next);
    for (const part of this.#feedbackReplay.parts(records)) {
      this.#applyAll(part.due);
      this.#stage.replay(part.records);
    }
    this.#advance(records.length, next);
    return undefined;
  }

  async #replayAndWait(records: readonly InputRecord[], next: number): Promise<void> {
    for (const part of this.#feedbackReplay.parts(records)) {
      this.#applyAll(part.due);
      await this.#stage.replayAndWait(part.records);
    }
    this.#advance(records.length, next);
  }

  /** Moves on over offsets that hold no records. */
  skip(next: number): void {
    this.#position = next;
  }

  /**
   * Call this when the position reaches `liveFrom`. If the durable state is not the one to resume with, returns the commit that
   * replaces it, which must precede any other commit.
   */
  goLive(): Commit | undefined {
    this.#live = true;
    this.#applyAll(this.#feedbackReplay.rest(this.#position));
    const plan = this.#plan;
    if (plan.kind === "fresh") {
      if (this.#candidate !== undefined) this.#candidate.live = true;
      return stateCommit(this.#position, replaceState(plan.discarded, this.#write()));
    }
    // A candidate without a state begins here. That is durable, because every later start has to begin it here too.
    const begins = plan.candidate !== undefined && this.#candidate === undefined;
    if (begins) {
      this.#candidate = this.#newCandidate(plan.candidate.settings);
      this.#candidate.joinWindows(this.#forecaster);
    }
    if (this.#candidate !== undefined) this.#candidate.live = true;
    if (plan.retuned) return this.retune(plan.model);
    if (begins) this.#stage = this.#newStage();
    if (!begins && this.#stale.length === 0) return undefined;
    return stateCommit(this.#position, replaceState(this.#stale, this.#snapshot()));
  }

  /** Settings of the live model. */
  get model(): ForecasterSettings {
    return this.#forecaster.settings;
  }

  /**
   * Resumes with the state under other settings, and returns the commit that makes them durable. Earlier commits and the replay
   * before had the old ones. If it throws, the old ones stay.
   */
  retune(model: ForecasterSettings): Commit {
    const earlier = this.#forecaster;
    const forecaster = this.#newForecaster(model);
    try {
      forecaster.restore(earlier.snapshot(), { anyTuning: true });
    } catch (error) {
      forecaster.dispose();
      throw error;
    }
    this.#forecaster = forecaster;
    this.#candidate?.joinWindows(forecaster);
    this.#stage = this.#newStage();
    const snapshot = this.#withFeedback(replaceState(this.#stale, this.#write(earlier.changes())));
    earlier.dispose();
    this.#snapshotOffset = this.#position;
    this.#eventsSinceSnapshot = 0;
    return stateCommit(this.#position, snapshot);
  }

  /**
   * Returns the commit of these records, or of the first of them, with a snapshot if one is due. Returns a promise only while a batch hook runs; until
   * it resolves, `snapshot` must not be called.
   */
  process(
    records: readonly InputRecord[],
    next: number,
    schedule: SnapshotSchedule,
  ): Commit | Promise<Commit> {
    // Step 0 of a commit.
    const hasFeedback = this.#takeFeedback();
    const made = ({ taken, ...output }: StageOutput): Commit => {
      // Step 5 of a commit.
      const offset = taken < records.length ? records[taken]!.offset : next;
      this.#advance(taken, offset);
      const isDue = schedule.takeIfDue(this.#eventsSinceSnapshot);
      const feedback = hasFeedback && !isDue ? this.#feedbackWrite() : undefined;
      return { ...output, snapshot: isDue ? this.#snapshot() : feedback, offset };
    };
    if (this.#steps?.waits !== true) return made(this.#stage.process(records));
    return this.#stage.processAndWait(records).then(made);
  }

  /** A commit of nothing but a snapshot. */
  snapshot(): Commit {
    return stateCommit(this.#position, this.#snapshot());
  }

  dispose(): void {
    this.#forecaster.dispose();
    this.#candidate?.dispose();
  }

  #advance(events: number, next: number): void {
    this.#position = next;
    this.#eventsSinceSnapshot += events;
  }

  #snapshot(): NonNullable<Commit["snapshot"]> {
    this.#snapshotOffset = this.#position;
    this.#eventsSinceSnapshot = 0;
    return this.#withFeedback(this.#write());
  }

  /** The changes of both models' states. */
  #write(earlier: readonly SnapshotChange[] = []): SnapshotWrite {
    const live = writeState(this.#position, this.#forecaster, earlier);
    const candidate = this.#candidate?.changes(this.#position) ?? [];
    return candidate.length === 0 ? live : { ...live, records: [...live.records, ...candidate] };
  }

  /** Applies feedback that came since the last commit, before its records; returns whether there was any. */
  #takeFeedback(): boolean {
    const taken = this.#intake?.take();
    if (taken === undefined) return false;
    this.#readTo = taken.next;
    const at = this.#position;
    const entries = taken.entries.map((entry) => ({ ...entry, at }));
    this.#applyAll(entries);
    this.#applied = [...this.#applied, ...entries];
    return entries.length > 0;
  }

  #applyAll(entries: readonly Feedback[]): void {
    for (const entry of entries) applyFeedback(this.#forecaster, entry);
  }

  /** Where nothing but feedback is written. */
  #feedbackWrite(): NonNullable<Commit["snapshot"]> {
    this.#feedbackNext = this.#readTo;
    const record = writeFeedback(this.#position, { next: this.#readTo!, applied: this.#applied });
    return { offset: this.#position, records: [record] };
  }

  /**
   * A snapshot holds all that was applied. The record keeps it for those who replay from an earlier snapshot; how far was read
   * is written with it, and now and then without it.
   */
  #withFeedback({ offset, records }: NonNullable<Commit["snapshot"]>): NonNullable<Commit["snapshot"]> {
    const next = this.#readTo ?? this.#feedbackNext;
    const isFar = next !== undefined && next - (this.#feedbackNext ?? 0) >= feedbackEvery;
    if (next === undefined || (this.#applied.length === 0 && !isFar)) return { offset, records };
    const record = writeFeedback(offset, { next, applied: this.#applied });
    this.#applied = [];
    this.#feedbackNext = next;
    return { offset, records: [...records, record] };
  }

  #open(plan: RecoveryPlan): Forecaster {
    if (plan.kind === "fresh") return this.#newForecaster(plan.model);
    const forecaster = this.#newForecaster(
      plan.retuned ? forecasterSettings(plan.state.settings) : plan.model,
    );
    try {
      forecaster.restore(plan.state.snapshot);
      return forecaster;
    } catch (error) {
      forecaster.dispose();
      throw located(error, plan, this.#origin);
    }
  }

  /** Restores the candidate, or begins it with the live model. Without a usable state it begins where the run is live. */
  #openCandidate({ settings, state }: CandidatePlan): void {
    if (this.#plan.kind === "resume" && state === undefined) return;
    const candidate = this.#newCandidate(settings);
    if (state !== undefined && !candidate.restore(state)) {
      candidate.dispose();
      return;
    }
    candidate.joinWindows(this.#forecaster);
    this.#candidate = candidate;
    this.#stale = [];
  }

  #newCandidate(settings: ForecasterSettings): Candidate {
    const { engine = wasmEngine, settings: encode, candidate, telemetry } = this.#context;
    return new Candidate(settings, {
      engine,
      origin: this.#origin,
      encode: candidate?.emit === true ? encode : undefined,
      telemetry: telemetry?.candidate,
    });
  }

  #newForecaster(settings: ForecasterSettings): Forecaster {
    return new Forecaster(settings, this.#context.engine ?? wasmEngine, {
      onUpdate: (update) => {
        if (this.#live) this.#context.telemetry?.update(update);
      },
      onForgotten: (keys) => {
        if (this.#live) this.#context.telemetry?.forgotten?.(keys);
      },
    });
  }

  #newStage(): Stage {
    const { settings, telemetry, keys, format } = this.#context;
    const stage = new Stage(this.#forecaster, settings, this.#origin, {
      steps: this.#steps,
      telemetry,
      format,
      candidate: this.#candidate,
    });
    const { partition } = this.#origin;
    if (keys !== undefined) stage.onFirstEvent((key) => keys.add(partition, key));
    return stage;
  }
}

/** The error with the partition it is about, and the choices there are. */
function located(error: unknown, plan: ResumePlan, { topic, partition }: Origin): unknown {
  if (!(error instanceof UndercurrentError)) return error;
  const choices =
    error.code === "SNAPSHOT_FOREIGN"
      ? "; the recovery setting changedModel says what to do: fresh begins with an empty state, migrate takes the state over where nothing else was changed than " +
        tuningNames.join(", ")
      : "";
  return new UndercurrentError(
    error.code,
    `${topic}, partition ${partition}, state of offset ${plan.state.offset}: ${error.message}${choices}`,
    { cause: error },
  );
}
