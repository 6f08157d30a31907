/** What a task does with what it found on taking over: start afresh, or bring the state from S up to C and go on. */
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

/**
 * Decides on the way of recovery. Throws STATE_GAP, STATE_TORN, SNAPSHOT_FOREIGN, SNAPSHOT_VERSION or SNAPSHOT_CORRUPT
 * where nothing could be gone on from without a choice of the operator's.
 */
export function planRecovery(
  takeover: Takeover,
  settings: ForecasterSettings,
  recovery: RecoverySettings,
  origin: Origin,
): RecoveryPlan {
  const { committed, earliest } = takeover;
  const fresh = (from: number, reason?: string): FreshPlan => ({
    kind: "fresh",
    from,
    reason,
    discarded: takeover.state.map(({ key }) => key),
  });
  const gap = (what: string): FreshPlan => {
    const message = `${origin.topic}, partition ${origin.partition}: ${what}`;
    if (recovery.gap === "fresh") return fresh(Math.max(committed ?? earliest, earliest), message);
    throw new UndercurrentError("STATE_GAP", message);
  };
  if (takeover.state.length === 0) {
    if (committed === undefined) return fresh(earliest);
    return gap(
      `input is committed up to offset ${committed}, but there is no state that stands for any of it`,
    );
  }
  const state = readState(takeover.state);
  const { offset } = state;
  if (committed === undefined) {
    return gap(
      `the state stands for offset ${offset}, but no offset is committed; the input begins at ${earliest}`,
    );
  }
  if (offset > committed) {
    return gap(`the state stands for offset ${offset}, beyond the committed offset ${committed}`);
  }
  const change = compareSettings(state.settings, settings);
  if (change !== "same" && recovery.changedModel === "fresh") {
    if (committed < earliest) return gap(lost(committed, committed, earliest));
    return fresh(
      committed,
      `the state was made with other settings (${changedNames(state.settings, signedSettings(settings)).join(", ")})`,
    );
  }
  if (offset < earliest) return gap(lost(offset, committed, earliest));
  // Other differences are left to the restore, which refuses them and names them.
  return {
    kind: "resume",
    state,
    committed,
    retuned: change === "tuning" && recovery.changedModel === "migrate",
  };
}

function lost(state: number, committed: number, earliest: number): string {
  return (
    `the state stands for offset ${state} and input is committed up to ${committed}, ` +
    `but the input no longer holds anything before ${earliest}`
  );
}
