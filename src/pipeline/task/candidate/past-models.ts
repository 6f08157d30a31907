/**
 * The models of a partition as they once were: they take input again, and change their roles at the offsets that the state
 * remembers.
 */
import type { EngineFactory } from "../../../engine/port.js";
import { UndercurrentError } from "../../../errors/errors.js";
import { Forecaster } from "../../../forecast/forecaster.js";
import type { UpdateReport } from "../../../forecast/learning/schedule.js";
import { forecasterSettings, type ForecasterSettings } from "../../../forecast/settings.js";
import type { Origin } from "../../decode/dead-letter.js";
import type { ValueFormat } from "../../decode/format.js";
import type { InputRecord, OutputRecord } from "../../ports.js";
import type { PipelineSettings } from "../../settings.js";
import { applyFeedback, FeedbackReplay, type AppliedFeedback } from "../../state/feedback.js";
import type { RoleChange, RoleHistory } from "../../state/role-history.js";
import type { RecordedState } from "../../state/state-records.js";
import type { Telemetry } from "../../telemetry.js";
import { Stage } from "../stage.js";
import { Candidate } from "./candidate.js";
import { handOver } from "./hand-over.js";

/** Which of two models: the one whose forecasts are told, or the one beside it. */
export type ModelRole = "live" | "candidate";

/** Of the batch last taken: forecasts and changes of incidents. */
export interface PastOutput {
  readonly forecasts: readonly OutputRecord[];
  readonly incidents: readonly OutputRecord[];
  readonly deadLetters: readonly OutputRecord[];
}

/** What is known of the models from a place in the input on. */
export interface ModelHistory {
  /** The state to begin with; without one the input begins with its first record. */
  readonly state: RecordedState | undefined;
  /** The state of the other model at the same offset, if there is one. */
  readonly candidate?: RecordedState | undefined;
  /** The feedback on incidents that was applied, in order. */
  readonly feedback?: readonly AppliedFeedback[] | undefined;
  /** Which model was the live one when; without it, there was one. */
  readonly roles?: RoleHistory | undefined;
}

export interface PastModelsOptions extends ModelHistory {
  /** The live model at the begin, unless the history says which. */
  readonly model: ForecasterSettings;
  readonly settings: PipelineSettings;
  readonly origin: Origin;
  readonly engine: EngineFactory;
  readonly format?: ValueFormat | undefined;
  /** The model that is asked for: reports are its own. Default: live. */
  readonly role?: ModelRole | undefined;
  /** What is asked for. */
  readonly tells: "forecasts" | "incidents";
  readonly telemetry: Telemetry;
  readonly onUpdate?: (update: UpdateReport, model: Forecaster) => void;
  /** Receives the incidents of the role that changed hands at a promotion. */
  readonly onHandOver?: (incidents: readonly OutputRecord[]) => void;
}

export class PastModels {
  readonly #options: PastModelsOptions;
  readonly #feedback: FeedbackReplay;
  /** Changes of roles that are still to come. */
  readonly #changes: RoleChange[];
  #live: Forecaster;
  #candidate: Candidate | undefined;
  #stage: Stage;

  /** Throws SNAPSHOT_FOREIGN and the like, and HISTORY_MISSING where it is not known which model was live. */
  constructor(options: PastModelsOptions) {
    const { state, candidate, roles } = options;
    this.#options = options;
    this.#feedback = new FeedbackReplay(options.feedback);
    const from = state?.offset ?? -1;
    if (roles !== undefined && from < roles.since - 1) {
      throw this.#missing(`the roles of models before offset ${roles.since} are not known any more`);
    }
    this.#changes = (roles?.changes ?? []).filter(({ at }) => at > from);
    this.#live = this.#open(state === undefined ? this.#first() : options.model);
    this.#stage = this.#newStage();
    try {
      if (state !== undefined) this.#live.restore(state.snapshot);
      // Only a promotion needs it, and who asks for it.
      const isNeeded = this.#changes.length > 0 || options.role === "candidate";
      if (candidate !== undefined && isNeeded) this.#openBeside(candidate);
    } catch (error) {
      this.dispose();
      throw error;
    }
    // The windows of a stage are those of the restored state.
    this.#stage = this.#newStage();
  }

  /** The model of the role. Throws HISTORY_MISSING where there is no candidate. */
  get asked(): Forecaster {
    if (this.#options.role !== "candidate") return this.#live;
    if (this.#candidate === undefined) throw this.#missing("no candidate observed this record");
    return this.#candidate.forecaster;
  }

  /** Takes records into the models, and returns what the one of the role says. */
  process(records: readonly InputRecord[]): PastOutput {
    const { forecasts, incidents, deadLetters, ...candidate } = this.#stage.process(records);
    if (this.#options.role !== "candidate") return { forecasts, incidents, deadLetters };
    const { candidates = [], candidateIncidents = [] } = candidate;
    return { forecasts: candidates, incidents: candidateIncidents, deadLetters };
  }

  /** Takes records into the models, and says nothing. */
  replay(records: readonly InputRecord[]): void {
    this.#stage.replay(records);
  }

  /** Splits records at feedback and changes of roles. What holds before a part is applied when the part is asked for. */
  *parts(records: readonly InputRecord[]): Generator<readonly InputRecord[]> {
    for (let begin = 0; begin < records.length;) {
      this.turnTo(records[begin]!.offset);
      const following = Math.min(this.#changes[0]?.at ?? Infinity, this.#feedback.next);
      let end = begin + 1;
      while (end < records.length && records[end]!.offset < following) end++;
      yield records.slice(begin, end);
      begin = end;
    }
  }

  /** Applies all that holds before the record of an offset. */
  turnTo(offset: number): void {
    for (;;) {
      const [change] = this.#changes;
      const isDue = change !== undefined && change.at <= offset;
      for (const entry of this.#feedback.rest(isDue ? change.at : offset)) {
        applyFeedback(this.#live, entry);
        this.#candidate?.apply(entry);
      }
      if (!isDue) return;
      this.#changes.shift();
      this.#take(change);
    }
  }

  dispose(): void {
    this.#live.dispose();
    this.#candidate?.dispose();
  }

  /** The model that was live at first. */
  #first(): ForecasterSettings {
    const former = this.#changes.find(({ live }) => live === true)?.former;
    return former === undefined ? this.#options.model : this.#settingsOf(former);
  }

  #take({ at, begins, live, imported, model }: RoleChange): void {
    if (imported === true)
      throw this.#missing(`a state was imported at offset ${at}, after the replay began`);
    if (begins === true && live === true) {
      this.dispose();
      this.#live = this.#open(this.#settingsOf(model));
      this.#candidate = undefined;
    } else if (begins === true) {
      this.#candidate?.dispose();
      this.#candidate = this.#beside(this.#open(this.#settingsOf(model)));
    } else {
      const { origin, onHandOver, role } = this.#options;
      if (this.#candidate === undefined) {
        throw this.#missing(`the model that was promoted at offset ${at} began before the replay`);
      }
      const former = this.#live;
      this.#live = this.#candidate.forecaster;
      this.#candidate = this.#beside(former);
      const exchange = [former, this.#live] as const;
      const [from, to] = role === "candidate" ? exchange.toReversed() : exchange;
      onHandOver?.(handOver(from, to, origin));
    }
    this.#stage = this.#newStage();
  }

  #settingsOf(model: number): ForecasterSettings {
    return forecasterSettings(this.#options.roles!.models[model]);
  }

  #openBeside(state: RecordedState): void {
    const candidate = this.#newCandidate(this.#open(forecasterSettings(state.settings)));
    if (candidate.restore(state)) {
      candidate.join(this.#live);
      this.#candidate = candidate;
    } else {
      candidate.dispose();
    }
  }

  #beside(forecaster: Forecaster): Candidate {
    const candidate = this.#newCandidate(forecaster);
    candidate.join(this.#live);
    return candidate;
  }

  #newCandidate(forecaster: Forecaster): Candidate {
    const { origin, settings, telemetry, role, tells } = this.#options;
    if (role !== "candidate") return new Candidate(forecaster, { origin });
    const emits = { emit: tells === "forecasts", emitIncidents: tells === "incidents" };
    return new Candidate(forecaster, { origin, encode: settings, emits, telemetry });
  }

  #open(settings: ForecasterSettings): Forecaster {
    const { engine, onUpdate } = this.#options;
    const forecaster: Forecaster = new Forecaster(settings, engine, {
      onUpdate: (update) => onUpdate?.(update, forecaster),
    });
    return forecaster;
  }

  #newStage(): Stage {
    const { settings, origin, format, role, telemetry: asked } = this.#options;
    const telemetry = role === "candidate" ? undefined : asked;
    return new Stage(this.#live, settings, origin, { format, telemetry, candidate: this.#candidate });
  }

  #missing(what: string): UndercurrentError {
    const { topic, partition } = this.#options.origin;
    return new UndercurrentError("HISTORY_MISSING", `topic ${topic}, partition ${partition}: ${what}`);
  }
}
