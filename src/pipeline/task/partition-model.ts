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
import { compareSettings } from "../../forecast/snapshot/signature.js";
import { applyFeedback, FeedbackReplay, type AppliedFeedback, type Feedback } from "../state/feedback.js";
import type { FeedbackIntake } from "../state/feedback-intake.js";
import { nextIn, type FeedbackPosition } from "../state/feedback-position.js";
import { hasLearnedNothing, type Learned, type Promotion } from "../state/promotion.js";
import {
  liveSince,
  otherPlace,
  withRole,
  writeRoles,
  type NewRole,
  type Place,
  type RoleHistory,
} from "../state/role-history.js";
import { inPlace } from "../state/roles.js";
import type { Commit, InputRecord, OutputRecord, SnapshotWrite } from "../ports.js";
import { Candidate, type CandidateSettings } from "./candidate/candidate.js";
import { handOver } from "./candidate/hand-over.js";
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
  /** Returns what reads the feedback from a position on. */
  readonly intakeFrom?: ((position: FeedbackPosition | undefined) => FeedbackIntake) | undefined;
}

/** What became of a command to make a model the live one. */
export interface PromotionOutcome {
  /** The input offset from which it holds. */
  readonly offset: number;
  /** Name and version of the live model. */
  readonly model: string;
  /** Whether the model of the command was the live one before. */
  readonly wasLive?: boolean;
  /** Why another model is not the live one; undefined where it is. */
  readonly refusal?: string;
}

/** What a commit takes up before its records. */
interface TakenUp {
  readonly hasFeedback: boolean;
  readonly isPromoted: boolean;
  /** Incidents that changed hands. */
  readonly incidents: readonly OutputRecord[];
  readonly candidateIncidents?: readonly OutputRecord[] | undefined;
}

/** Records of the topic without feedback after which a snapshot notes how far they were read. */
const feedbackEvery = 1000;

const learnedBy = ({ settings, version, keyCount: keys }: Forecaster): Learned => ({
  ...{ settings: { ...settings }, version, keys },
});

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
  /** Where feedback is read on, as the state topic has it. */
  #feedbackNext: FeedbackPosition | undefined;
  /** Behind the feedback that was taken. */
  #readTo: FeedbackPosition | undefined;
  readonly #intake: FeedbackIntake | undefined;
  /** Where the live model's records are, and since when: the state topic has it unless there is news. */
  #place: Place;
  #history: RoleHistory | undefined;
  #hasNewRoles = false;
  /** Whether commands were taken that no record notes yet. */
  #hasTakenCommands = false;
  #outcomes: PromotionOutcome[] = [];

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
    this.#place = plan.place;
    this.#history = plan.history;
    const position: FeedbackPosition | undefined =
      plan.kind === "fresh" ? plan.feedback : plan.state.feedback;
    this.#applied = plan.kind === "fresh" ? [] : (plan.state.feedback?.applied ?? []);
    this.#feedbackReplay = new FeedbackReplay(this.#applied);
    this.#feedbackNext = position;
    // A fresh start deletes the record that notes them.
    this.#hasTakenCommands = plan.kind === "fresh" && plan.feedback !== undefined;
    this.#intake = intakeFrom?.(position);
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
      this.#noteFreshRoles();
      return stateCommit(this.#position, replaceState(plan.discarded, this.#withFeedback(this.#write())));
    }
    // A candidate without a state begins here. That is durable, because every later start has to begin it here too.
    const begins = plan.candidate !== undefined && this.#candidate === undefined;
    if (begins) {
      this.#candidate = this.#newCandidate(plan.candidate.settings);
      this.#candidate.join(this.#forecaster);
      this.#noteRole({ place: otherPlace(this.#place), begins: true, settings: plan.candidate.settings });
    }
    const retunes = !begins && plan.candidate?.retuned === true;
    const earlier = retunes ? this.#retuneCandidate(plan.candidate.settings) : [];
    if (plan.retuned) return this.retune(plan.model, earlier);
    if (begins || retunes) this.#stage = this.#newStage();
    if (!begins && !retunes && this.#stale.length === 0) return undefined;
    return stateCommit(this.#position, replaceState(this.#stale, this.#snapshot(earlier)));
  }

  /** Settings of the live model. */
  get model(): ForecasterSettings {
    return this.#forecaster.settings;
  }

  /**
   * Resumes with the state under other settings, and returns the commit that makes them durable. Earlier commits and the replay
   * before had the old ones. If it throws, the old ones stay. `ofCandidate` are changes of a candidate that was tuned too.
   */
  retune(model: ForecasterSettings, ofCandidate: readonly SnapshotChange[] = []): Commit {
    const earlier = this.#forecaster;
    const forecaster = this.#tuned(earlier, model);
    this.#forecaster = forecaster;
    this.#candidate?.join(forecaster);
    this.#stage = this.#newStage();
    const snapshot = this.#withFeedback(
      replaceState(this.#stale, this.#write(earlier.changes(), ofCandidate)),
    );
    earlier.dispose();
    this.#snapshotOffset = this.#position;
    this.#eventsSinceSnapshot = 0;
    return stateCommit(this.#position, snapshot);
  }

  /** Gives the candidate other settings, and returns the changes of its state before. */
  #retuneCandidate(settings: ForecasterSettings): readonly SnapshotChange[] {
    const { forecaster } = this.#candidate!;
    this.#candidate = this.#asCandidate(this.#tuned(forecaster, settings));
    this.#candidate.join(this.#forecaster);
    const earlier = forecaster.changes();
    forecaster.dispose();
    return earlier;
  }

  /** Returns a forecaster with another one's state under other settings. */
  #tuned(earlier: Forecaster, settings: ForecasterSettings): Forecaster {
    const forecaster = this.#newForecaster(settings);
    try {
      forecaster.restore(earlier.snapshot(), { anyTuning: true });
      return forecaster;
    } catch (error) {
      forecaster.dispose();
      throw error;
    }
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
    const { hasFeedback, isPromoted, incidents, candidateIncidents } = this.#takeUp();
    const made = ({ taken, ...output }: StageOutput): Commit => {
      // Step 5 of a commit.
      const offset = taken < records.length ? records[taken]!.offset : next;
      this.#advance(taken, offset);
      const isDue = schedule.takeIfDue(this.#eventsSinceSnapshot) || isPromoted;
      const feedback = hasFeedback && !isDue ? this.#feedbackWrite() : undefined;
      const snapshot = isDue ? this.#snapshot() : feedback;
      return {
        ...output,
        incidents: [...incidents, ...output.incidents],
        ...(candidateIncidents !== undefined && {
          candidateIncidents: [...candidateIncidents, ...(output.candidateIncidents ?? [])],
        }),
        ...{ snapshot, offset },
      };
    };
    if (this.#steps?.waits !== true) return made(this.#stage.process(records));
    return this.#stage.processAndWait(records).then(made);
  }

  /** Whether a command waits that `takeUp` or the next commit takes up. */
  get hasCommand(): boolean {
    return this.#intake?.hasPromotion === true;
  }

  /** Returns the commit of feedback and commands that came meanwhile, where no records come with it; undefined without any. */
  takeUp(): Commit | undefined {
    const { hasFeedback, isPromoted, ...handedOver } = this.#takeUp();
    if (!hasFeedback) return undefined;
    const snapshot = isPromoted ? this.#snapshot() : this.#feedbackWrite();
    return { ...stateCommit(this.#position, snapshot), ...handedOver };
  }

  /** What became of commands that were taken up since the last call. */
  takeOutcomes(): readonly PromotionOutcome[] {
    return this.#outcomes.splice(0);
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

  #snapshot(ofCandidate: readonly SnapshotChange[] = []): NonNullable<Commit["snapshot"]> {
    this.#snapshotOffset = this.#position;
    this.#eventsSinceSnapshot = 0;
    return this.#withFeedback(this.#write([], ofCandidate));
  }

  /** The changes of both models' states, with those of the forecasters before them. */
  #write(
    earlier: readonly SnapshotChange[] = [],
    ofCandidate: readonly SnapshotChange[] = [],
  ): SnapshotWrite {
    const offset = this.#position;
    const live = inPlace(writeState(offset, this.#forecaster, earlier), this.#place);
    const candidate = this.#candidate?.changes(offset, otherPlace(this.#place), ofCandidate) ?? [];
    const roles = this.#hasNewRoles ? [writeRoles(offset, this.#history!)] : [];
    this.#hasNewRoles = false;
    return { offset, records: [...live, ...candidate, ...roles] };
  }

  /** Takes up feedback and commands that came since the last commit, before its records. */
  #takeUp(): TakenUp {
    const taken = this.#intake?.take();
    if (taken === undefined) return { hasFeedback: false, isPromoted: false, incidents: [] };
    this.#readTo = taken.position;
    const at = this.#position;
    const entries = taken.entries.map((entry) => ({ ...entry, at }));
    this.#applyAll(entries);
    this.#applied = [...this.#applied, ...entries];
    const { promotions } = taken;
    this.#hasTakenCommands ||= promotions.length > 0;
    const former = this.#forecaster;
    for (const promotion of promotions) this.#promote(promotion);
    const isPromoted = this.#forecaster !== former;
    const handedOver = isPromoted ? this.#handOver(former) : { incidents: [] };
    return { hasFeedback: entries.length + promotions.length > 0, isPromoted, ...handedOver };
  }

  /** Closes and opens incidents where another model is live from the position on. */
  #handOver(former: Forecaster): Pick<TakenUp, "incidents" | "candidateIncidents"> {
    const { settings, candidate } = this.#context;
    const { encode, application } = settings;
    const at = this.#position;
    const changes = this.#history!.changes.filter((role) => role.live === true && role.at === at).length;
    const output = { encode, application, at, changes };
    const [origin, next] = [this.#origin, this.#forecaster];
    const incidents = handOver(former, next, origin, output);
    if (candidate?.emitIncidents !== true) return { incidents };
    return {
      incidents,
      candidateIncidents: handOver(next, former, origin, { ...output, isCandidate: true }),
    };
  }

  #applyAll(entries: readonly Feedback[]): void {
    for (const entry of entries) {
      applyFeedback(this.#forecaster, entry);
      this.#candidate?.apply(entry);
    }
  }

  /** The two models exchange their roles before the next record, if the command names the candidate. */
  #promote({ settings, given, isForced }: Promotion): void {
    // A command that an earlier state was given is over.
    if (given !== null && given < (liveSince(this.#history) ?? -1)) return;
    const [former, candidate] = [this.#forecaster, this.#candidate];
    const isLive = compareSettings(settings, former.settings) === "same";
    const refuse = (refusal: string): void => {
      this.#outcomes.push({ offset: this.#position, model: former.modelName(), refusal });
    };
    if (
      !isLive &&
      candidate !== undefined &&
      compareSettings(settings, candidate.forecaster.settings) === "same"
    ) {
      if (!isForced && hasLearnedNothing(learnedBy(candidate.forecaster), learnedBy(former))) {
        refuse("the model has learned nothing yet; promote it later, or with --force");
        return;
      }
      this.#forecaster = candidate.forecaster;
      this.#candidate = this.#asCandidate(former);
      this.#candidate.join(this.#forecaster);
      this.#place = otherPlace(this.#place);
      const models = { settings: this.#forecaster.settings, former: former.settings };
      this.#noteRole({ place: this.#place, live: true, ...models });
      this.#stage = this.#newStage();
    } else if (!isLive) {
      refuse("neither the live model nor the candidate has the settings of the command");
      return;
    }
    this.#outcomes.push({ offset: this.#position, model: this.#forecaster.modelName(), wasLive: isLive });
  }

  /** From the position on, a model has another role; the next snapshot says so. */
  #noteRole(role: Omit<NewRole, "at">): void {
    this.#history = withRole(this.#history, { at: this.#position, ...role });
    this.#hasNewRoles = true;
  }

  /** Without a candidate there is no history, unless there once was one. */
  #noteFreshRoles(): void {
    const [live, candidate] = [this.#forecaster, this.#candidate?.forecaster];
    if (candidate === undefined && this.#history === undefined) return;
    this.#noteRole({ place: "", begins: true, live: true, settings: live.settings });
    if (candidate === undefined) return;
    this.#noteRole({ place: "candidate:", begins: true, settings: candidate.settings });
  }

  /** Where nothing but feedback is written. */
  #feedbackWrite(): NonNullable<Commit["snapshot"]> {
    this.#feedbackNext = this.#readTo;
    this.#hasTakenCommands = false;
    const record = writeFeedback(this.#position, { ...this.#readTo!, applied: this.#applied });
    return { offset: this.#position, records: [record] };
  }

  /**
   * A snapshot holds all that was applied. The record keeps it for those who replay from an earlier snapshot; how far was read
   * is written with it, and now and then without it.
   */
  #withFeedback({ offset, records }: NonNullable<Commit["snapshot"]>): NonNullable<Commit["snapshot"]> {
    const next = this.#readTo ?? this.#feedbackNext;
    const from = next && nextIn(this.#feedbackNext, next.topic);
    const isFar = next !== undefined && next.next - (from ?? 0) >= feedbackEvery;
    const isNews = this.#applied.length > 0 || this.#hasTakenCommands || isFar;
    if (next === undefined || !isNews) return { offset, records };
    const record = writeFeedback(offset, { ...next, applied: this.#applied });
    this.#hasTakenCommands = false;
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
  #openCandidate({ settings, state, retuned }: CandidatePlan): void {
    if (this.#plan.kind === "resume" && state === undefined) return;
    // With another tuning it changes where the run is live, as the live model does.
    const candidate = this.#newCandidate(retuned ? forecasterSettings(state!.settings) : settings);
    if (state !== undefined && !candidate.restore(state)) {
      candidate.dispose();
      return;
    }
    candidate.join(this.#forecaster);
    this.#candidate = candidate;
    this.#stale = [];
  }

  #newCandidate(settings: ForecasterSettings): Candidate {
    return this.#asCandidate(this.#newForecaster(settings));
  }

  #asCandidate(forecaster: Forecaster): Candidate {
    const { settings: encode, candidate, telemetry } = this.#context;
    return new Candidate(forecaster, {
      origin: this.#origin,
      encode,
      emits: candidate,
      telemetry: telemetry?.candidate,
    });
  }

  #newForecaster(settings: ForecasterSettings): Forecaster {
    // A promotion changes whose reports these are.
    const telemetry = (): Telemetry | undefined => {
      if (!this.#live) return undefined;
      const { telemetry } = this.#context;
      return forecaster === this.#candidate?.forecaster ? telemetry?.candidate : telemetry;
    };
    const forecaster: Forecaster = new Forecaster(settings, this.#context.engine ?? wasmEngine, {
      onUpdate: (update) => telemetry()?.update(update),
      onForgotten: (keys) => telemetry()?.forgotten?.(keys),
    });
    return forecaster;
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
