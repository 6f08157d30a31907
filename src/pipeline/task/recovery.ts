/** Decides how a task starts after a takeover: with an empty state, or with a replay from offset S to offset C. */
import { UndercurrentError } from "../../errors/errors.js";
import type { ForecasterSettings } from "../../forecast/settings.js";
import { changedNames, compareSettings, signedSettings } from "../../forecast/snapshot/signature.js";
import type { Origin } from "../decode/decode.js";
import type { Takeover } from "../ports.js";
import type { RecoverySettings } from "../settings.js";
import { readState, type RecordedState } from "../state/state-records.js";

/** Begin at an offset with an empty state. */
export interface FreshPlan {
  readonly kind: "fresh";
  readonly from: number;
  /** Why what was there is not gone on from; undefined where there was nothing. */
  readonly reason: string | undefined;
  /** Keys of the state records that end with it. */
  readonly discarded: readonly string[];
}

/** Restore the state of S, replay up to C, go on; the settings of tuning change at C where `retuned`. */
export interface ResumePlan {
  readonly kind: "resume";
  readonly state: RecordedState;
  readonly committed: number;
  readonly retuned: boolean;
}

export type RecoveryPlan = FreshPlan | ResumePlan;

/** What a start does, told by the state's offset and settings alone. */
export type StartDecision =
  | Pick<FreshPlan, "kind" | "from" | "reason">
  | Pick<ResumePlan, "kind" | "committed" | "retuned">
  | {
      readonly kind: "refuse";
      readonly code: "STATE_GAP" | "SNAPSHOT_FOREIGN";
      readonly message: string;
    };

/** What a start is decided by. */
export interface StartSettings {
  readonly model: ForecasterSettings;
  readonly recovery: RecoverySettings;
}

/** Decides what a start does with a state; `found` is undefined where there is none. */
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

/**
 * Decides on the way of recovery. Throws STATE_GAP, STATE_TORN, SNAPSHOT_FOREIGN, SNAPSHOT_VERSION or SNAPSHOT_CORRUPT
 * where nothing could be gone on from without a choice of the operator's.
 */
export function planRecovery(
  takeover: Takeover,
  model: ForecasterSettings,
  recovery: RecoverySettings,
  origin: Origin,
): RecoveryPlan {
  const where = `${origin.topic}, partition ${origin.partition}: `;
  const state = takeover.state.length === 0 ? undefined : readState(takeover.state);
  const decision = decideStart(state, takeover, { model, recovery });
  if (decision.kind === "fresh") {
    const { reason } = decision;
    return {
      ...decision,
      reason: reason && where + reason,
      discarded: takeover.state.map(({ key }) => key),
    };
  }
  if (decision.kind === "refuse" && decision.code === "STATE_GAP") {
    throw new UndercurrentError("STATE_GAP", where + decision.message);
  }
  // Other differences are left to the restore, which refuses them and names them.
  const retuned = decision.kind === "resume" && decision.retuned;
  return { kind: "resume", state: state!, committed: takeover.committed!, retuned };
}

function lost(state: number, committed: number, earliest: number): string {
  return (
    `the state stands for offset ${state} and input is committed up to ${committed}, ` +
    `but the input no longer holds anything before ${earliest}`
  );
}
