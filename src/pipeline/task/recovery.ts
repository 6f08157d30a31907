/** Decides how a task starts after a takeover: with an empty state, or with a replay from offset S to offset C. */
import { UndercurrentError } from "../../errors/errors.js";
import type { ForecasterSettings } from "../../forecast/settings.js";
import {
  changedNames,
  compareSettings,
  isTuning,
  signedSettings,
} from "../../forecast/snapshot/signature.js";
import type { Origin } from "../decode/dead-letter.js";
import type { StateRecord, Takeover } from "../ports.js";
import type { RecoverySettings } from "../settings.js";
import type { FeedbackPosition } from "../state/feedback-position.js";
import type { Place, RoleHistory } from "../state/role-history.js";
import { candidateKeys, splitRoles } from "../state/roles.js";
import { feedbackPosition, readState, settingsIn, type RecordedState } from "../state/state-records.js";

/** How the candidate starts. */
export interface CandidatePlan {
  readonly settings: ForecasterSettings;
  /** The state to resume with, of the same offset as the live model's; without one it begins empty where the run is live. */
  readonly state: RecordedState | undefined;
  /** The state has another tuning, which changes where the run is live. */
  readonly retuned: boolean;
}

/** The models of a start. */
interface PlannedModels {
  readonly model: ForecasterSettings;
  readonly candidate: CandidatePlan | undefined;
  /** Keys of the candidate's records in the state, whether or not they are of use. */
  readonly candidateKeys: readonly string[];
  /** Where the live model's records are, and which model was live when; undefined where there never was a candidate. */
  readonly place: Place;
  readonly history: RoleHistory | undefined;
}

/** Begin at an offset with an empty state. */
export interface FreshPlan extends PlannedModels {
  readonly kind: "fresh";
  readonly from: number;
  /** Why the saved state is not used; undefined if there was none. */
  readonly reason: string | undefined;
  /** Keys of the state records that the start deletes. */
  readonly discarded: readonly string[];
  /** Where the feedback and commands end that the saved state has taken up. */
  readonly feedback: FeedbackPosition | undefined;
}

/** Restore the state of S, replay up to C, resume. If `retuned`, the tuning settings change at C. */
export interface ResumePlan extends PlannedModels {
  readonly kind: "resume";
  readonly state: RecordedState;
  readonly committed: number;
  readonly retuned: boolean;
}

export type RecoveryPlan = FreshPlan | ResumePlan;

/** What a start does. Only the offset and the settings of the state decide. */
export type StartDecision =
  | Pick<FreshPlan, "kind" | "from" | "reason">
  | Pick<ResumePlan, "kind" | "committed" | "retuned">
  | {
      readonly kind: "refuse";
      readonly code: "STATE_GAP" | "SNAPSHOT_FOREIGN";
      readonly message: string;
    };

/** The settings that decide how a task starts. */
export interface StartSettings {
  readonly model: ForecasterSettings;
  readonly recovery: RecoverySettings;
}

/** Decides what a start does with the state `found`, or without one. */
export function decideStart(
  found: Pick<RecordedState, "offset" | "settings"> | undefined,
  { committed, earliest }: Pick<Takeover, "committed" | "earliest">,
  { model, recovery }: StartSettings,
): StartDecision {
  const gap = (message: string): StartDecision => {
    if (recovery.gap === "fail") return { kind: "refuse", code: "STATE_GAP", message };
    return { kind: "fresh", from: Math.max(committed ?? earliest, earliest), reason: message };
  };
  if (found === undefined) {
    if (committed === undefined) return { kind: "fresh", from: earliest, reason: undefined };
    return gap(`the input is committed up to offset ${committed}, but the state topic holds no state`);
  }
  const { offset } = found;
  if (committed === undefined) {
    return gap(
      `the state is at offset ${offset}, but no offset is committed and the input begins at ${earliest}`,
    );
  }
  if (offset > committed) {
    return gap(`the state is at offset ${offset}, beyond the committed offset ${committed}`);
  }
  const change = compareSettings(found.settings, model);
  const changed = `the state was made with other settings (${changedNames(found.settings, signedSettings(model)).join(", ")})`;
  if (change !== "same" && recovery.changedModel === "fresh") {
    if (committed < earliest) return gap(lost(committed, committed, earliest));
    return { kind: "fresh", from: committed, reason: changed };
  }
  if (offset < earliest) return gap(lost(offset, committed, earliest));
  const retuned = change === "tuning" && recovery.changedModel === "migrate";
  if (change === "same" || retuned) return { kind: "resume", committed, retuned };
  return { kind: "refuse", code: "SNAPSHOT_FOREIGN", message: changed };
}

/** The settings of the model and of the candidate. */
export interface ModelSettings {
  readonly forecaster: ForecasterSettings;
  readonly candidate?: ForecasterSettings | undefined;
}

/** Settings of the models in a state. */
export interface FoundSettings extends Pick<RecordedState, "settings"> {
  /** Of the candidate, if the state holds one. */
  readonly candidate?: RecordedState["settings"] | undefined;
}

/**
 * Returns the settings by the roles of the state: after a promotion the candidate's model is the live one. Where the live model's
 * settings are neither, those of both models decide, by what they differ in.
 */
export function rolesOf(
  found: FoundSettings | undefined,
  { forecaster, candidate }: ModelSettings,
): ModelSettings {
  const straight = { forecaster, candidate };
  if (found === undefined || candidate === undefined) return straight;
  const swapped = { forecaster: candidate, candidate: forecaster };
  const exact = [straight, swapped].find((roles) => distance(found.settings, roles.forecaster) === 0);
  if (exact !== undefined) return exact;
  const far = ({ forecaster: live, candidate: beside }: typeof swapped): number =>
    distance(found.settings, live) + (found.candidate === undefined ? 0 : distance(found.candidate, beside));
  return far(swapped) < far({ forecaster, candidate }) ? swapped : straight;
}

/** What a difference in the shape of a state counts, in differences of tuning. */
const shapeWeight = 1000;

/** Returns in how much a state's settings differ from a model's. */
function distance(theirs: RecordedState["settings"], ours: ForecasterSettings): number {
  const changed = changedNames(theirs, signedSettings(ours));
  return changed.reduce((sum, name) => sum + (isTuning(name) ? 1 : shapeWeight), 0);
}

/**
 * Decides how to recover.
 *
 * @throws STATE_GAP, STATE_TORN, SNAPSHOT_FOREIGN, SNAPSHOT_VERSION or SNAPSHOT_CORRUPT if only the operator can decide.
 */
export function planRecovery(
  takeover: Takeover,
  models: ModelSettings,
  recovery: RecoverySettings,
  origin: Origin,
): RecoveryPlan {
  const where = `${origin.topic}, partition ${origin.partition}: `;
  const records = splitRoles(takeover.state);
  const state = records.live.length === 0 ? undefined : readState(records.live);
  const found = state && { settings: state.settings, candidate: settingsIn(records.candidate) };
  const { forecaster: model, candidate } = rolesOf(found, models);
  const decision = decideStart(state, takeover, { model, recovery });
  if (decision.kind === "fresh") {
    const { reason } = decision;
    return {
      ...decision,
      model,
      candidate: candidate && { settings: candidate, state: undefined, retuned: false },
      reason: reason && where + reason,
      discarded: takeover.state.map(({ key }) => key),
      feedback: feedbackPosition(takeover.state),
      candidateKeys: [],
      place: "",
      history: records.history,
    };
  }
  if (decision.kind === "refuse" && decision.code === "STATE_GAP") {
    throw new UndercurrentError("STATE_GAP", where + decision.message);
  }
  // The restore refuses every other difference by name.
  const retuned = decision.kind === "resume" && decision.retuned;
  return {
    kind: "resume",
    model,
    candidate: candidate && planCandidate(records.candidate, candidate, state!.offset, recovery),
    candidateKeys: candidateKeys(records),
    place: records.place,
    history: records.history,
    state: state!,
    committed: takeover.committed!,
    retuned,
  };
}

/** Returns how the candidate starts: without a state if it is none to go on with. A candidate never stops the service. */
function planCandidate(
  records: readonly StateRecord[],
  settings: ForecasterSettings,
  offset: number,
  { changedModel }: RecoverySettings,
): CandidatePlan {
  const empty = { settings, state: undefined, retuned: false };
  if (records.length === 0) return empty;
  try {
    const state = readState(records);
    const change = compareSettings(state.settings, settings);
    const retuned = change === "tuning" && changedModel === "migrate";
    return state.offset === offset && (change === "same" || retuned) ? { settings, state, retuned } : empty;
  } catch (error) {
    if (error instanceof UndercurrentError) return empty;
    throw error;
  }
}

function lost(state: number, committed: number, earliest: number): string {
  return (
    `the state is at offset ${state} and the committed offset is ${committed}, ` +
    `but the input now begins at offset ${earliest}`
  );
}
