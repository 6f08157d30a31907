/** Holds the model of a partition in one task run: the forecaster, its position, and the content of the next commit. */
import { wasmEngine } from "../../engine/wasm/engine.js";
import type { EngineFactory } from "../../engine/port.js";
import { UndercurrentError } from "../../errors/errors.js";
import { Forecaster } from "../../forecast/forecaster.js";
import { forecasterSettings, type ForecasterSettings } from "../../forecast/settings.js";
import { tuningNames } from "../../forecast/snapshot/signature.js";
import type { Origin } from "../decode/decode.js";
import type { Commit, InputRecord } from "../ports.js";
import type { RecoveryPlan, ResumePlan } from "./recovery.js";
import type { PipelineSettings } from "../settings.js";
import type { KeyPartitions } from "./key-partitions.js";
import type { SnapshotSchedule } from "./snapshot-schedule.js";
import { Stage, type StageOutput } from "./stage.js";
import type { UserSteps } from "./user-steps.js";
import { replaceState, stateCommit, writeState } from "../state/state-records.js";
import type { Telemetry } from "../telemetry.js";

/** What the models of all partitions share. */
export interface ModelContext {
  readonly forecaster: ForecasterSettings;
  readonly settings: PipelineSettings;
  readonly engine?: EngineFactory | undefined;
  readonly telemetry?: Telemetry | undefined;
  /** Takes the keys of every partition of the pipeline. */
  readonly keys?: KeyPartitions | undefined;
}

export class PartitionModel {
  /** Where reading begins: the offset that the state it was opened with stands for. */
  readonly from: number;
  /** Input below this offset is replayed, and nothing is emitted. */
  readonly liveFrom: number;

  readonly #context: ModelContext;
  readonly #plan: RecoveryPlan;
  readonly #origin: Origin;
  readonly #steps: UserSteps | undefined;
  #forecaster: Forecaster;
  #stage: Stage;
  #live = false;
  #position: number;
  #snapshotOffset: number;
  #eventsSinceSnapshot = 0;

  /**
   * Restores the state. Throws SNAPSHOT_FOREIGN and the like, and holds no memory then. The user's `steps` stay the
   * caller's.
   */
  constructor(context: ModelContext, plan: RecoveryPlan, origin: Origin, steps?: UserSteps) {
    this.#context = context;
    this.#plan = plan;
    this.#origin = origin;
    this.#steps = steps;
    this.from = plan.kind === "fresh" ? plan.from : plan.state.offset;
    this.liveFrom = plan.kind === "fresh" ? plan.from : plan.committed;
    this.#position = this.from;
    this.#snapshotOffset = this.from;
    this.#forecaster = this.#open(plan);
    this.#stage = this.#newStage();
  }

  /** The input offset that the state stands for now. */
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
    return this.#forecaster.keys;
  }

  /** Bytes of that state. */
  get bytes(): number {
    return this.#forecaster.bytes;
  }

  /** Offset of the last snapshot. */
  get snapshotOffset(): number {
    return this.#snapshotOffset;
  }

  /** Takes records below `liveFrom` into the state; `next` is where the following ones begin. */
  replay(records: readonly InputRecord[], next: number): void | Promise<void> {
    if (this.#steps?.waits !== true) {
      this.#stage.replay(records);
      this.#advance(records.length, next);
      return undefined;
    }
    return this.#stage.replayAndWait(records).then(() => this.#advance(records.length, next));
  }

  /** Moves on over offsets that hold no records. */
  skip(next: number): void {
    this.#position = next;
  }

  /**
   * To be called when the position has come to `liveFrom`. Where the durable state is not the one to go on with, there
   * is a commit that makes it so, before any other.
   */
  goLive(): Commit | undefined {
    this.#live = true;
    const plan = this.#plan;
    if (plan.kind === "resume") return plan.retuned ? this.#retune() : undefined;
    const snapshot = writeState(this.#position, this.#forecaster);
    return stateCommit(this.#position, replaceState(plan.discarded, snapshot));
  }

  /**
   * The commit that stands for these records. The commit holds a snapshot where one is due. Returns a
   * promise only where a batch hook is waited for; until it is resolved, `snapshot` must not be called.
   */
  process(
    records: readonly InputRecord[],
    next: number,
    schedule: SnapshotSchedule,
  ): Commit | Promise<Commit> {
    const made = (output: StageOutput): Commit => {
      // Step 5 of a commit.
      this.#advance(records.length, next);
      return {
        ...output,
        snapshot: schedule.takeIfDue(this.#eventsSinceSnapshot) ? this.#snapshot() : undefined,
        offset: next,
      };
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
  }

  #advance(events: number, next: number): void {
    this.#position = next;
    this.#eventsSinceSnapshot += events;
  }

  #snapshot(): NonNullable<Commit["snapshot"]> {
    this.#snapshotOffset = this.#position;
    this.#eventsSinceSnapshot = 0;
    return writeState(this.#position, this.#forecaster);
  }

  /** Goes on with the state under the new settings; what was committed came from the old ones, replay included. */
  #retune(): Commit {
    const earlier = this.#forecaster;
    const forecaster = this.#newForecaster(this.#context.forecaster);
    forecaster.restore(earlier.snapshot(), { anyTuning: true });
    this.#forecaster = forecaster;
    this.#stage = this.#newStage();
    const snapshot = writeState(this.#position, forecaster, earlier.changes());
    earlier.dispose();
    this.#snapshotOffset = this.#position;
    this.#eventsSinceSnapshot = 0;
    return stateCommit(this.#position, snapshot);
  }

  #open(plan: RecoveryPlan): Forecaster {
    if (plan.kind === "fresh") return this.#newForecaster(this.#context.forecaster);
    const forecaster = this.#newForecaster(
      plan.retuned ? forecasterSettings(plan.state.settings) : this.#context.forecaster,
    );
    try {
      forecaster.restore(plan.state.snapshot);
      return forecaster;
    } catch (error) {
      forecaster.dispose();
      throw located(error, plan, this.#origin);
    }
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
    const { settings, telemetry, keys } = this.#context;
    const stage = new Stage(this.#forecaster, settings, this.#origin, { steps: this.#steps, telemetry });
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
