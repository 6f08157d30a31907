/**
 * Changes the state of a stopped partition in one commit: imports a state, or replaces it by a new one. The commit is always
 * consistent: the state is never newer than the committed offset.
 */
import { UndercurrentError } from "../../errors/errors.js";
import { Forecaster } from "../../forecast/forecaster.js";
import { forecasterSettings, type ForecasterSettings } from "../../forecast/settings.js";
import { compareSettings } from "../../forecast/snapshot/signature.js";
import type { SnapshotBytes, SnapshotRecord } from "../../forecast/snapshot/snapshot.js";
import type { Commit, StateChange, StateRecord, Takeover } from "../ports.js";
import { movedTo, nextIn } from "./feedback-position.js";
import { hasLearnedNothing } from "./promotion.js";
import { otherPlace, withImport, withRole, writeRoles, type RoleHistory } from "./role-history.js";
import { splitRoles } from "./roles.js";
import {
  feedbackPosition,
  moveState,
  readState,
  replaceState,
  stateCommit,
  withoutFeedback,
  writeFeedback,
  writeModel,
  writeState,
} from "./state-records.js";

/** The state of one partition as it was exported. */
export interface ExportedState {
  readonly partition: number;
  /** The committed offset at the time of the export, C; undefined if none was committed. */
  readonly committed: number | undefined;
  /** Id of the input topic of these offsets; undefined if unknown. */
  readonly inputId?: string | undefined;
  /**
   * The state belongs to no offset of the input, as after learning from files: an import puts it where the partition resumes.
   * The offsets of the records mean nothing then.
   */
  readonly anyOffset?: true | undefined;
  /** Empty without a state. */
  readonly records: readonly StateRecord[];
}

/** The durable facts of a partition other than its state. */
export type Standing = Pick<Takeover, "committed" | "earliest"> & {
  readonly partition: number;
  /** Offset of the next record that the input will get. */
  readonly end: number;
};

/** Returns a state that has an offset: one without is put where the partition resumes. */
export function placedState(exported: ExportedState, standing: Standing): ExportedState {
  if (exported.anyOffset !== true || exported.records.length === 0) return exported;
  const offset = resetOffset({ kind: "keep" }, standing);
  const { partition } = exported;
  return { partition, committed: offset, records: moveState(exported.records, offset) };
}

/**
 * Returns the offset that is committed with an imported state: the later of the current committed offset and the one at the
 * export. Input before both is replayed and not forecast again; nothing after them is skipped. Returns undefined if the
 * partition was exported without a state.
 *
 * Throws STATE_GAP if the current input does not reach from the state to that offset, and what `readState` throws.
 */
export function importOffset(exported: ExportedState, standing: Standing): number | undefined {
  if (exported.records.length === 0) return undefined;
  const { offset } = readState(exported.records);
  const committed = Math.max(offset, exported.committed ?? offset, standing.committed ?? offset);
  if (offset >= standing.earliest && committed <= standing.end) return committed;
  throw new UndercurrentError(
    "STATE_GAP",
    `partition ${standing.partition}: the exported state needs the input from offset ${offset} to ${committed}, ` +
      `but the input holds ${standing.earliest} to ${standing.end}`,
  );
}

/** The topic of feedback and commands at an import. */
export interface FeedbackTopic {
  /** Its name, unless it is that of the incidents. */
  readonly topic?: string | undefined;
  /** The offset behind its last record. */
  readonly end: number;
}

/**
 * Puts an exported state in the place of the one found, and commits an offset of `importOffset`. Feedback that the state has not
 * applied is read again. Commands are not: they were given to the state found.
 */
export function importCommit(
  found: Takeover,
  exported: ExportedState,
  committed: number,
  feedback: FeedbackTopic = { end: 0 },
): Commit {
  const { offset, settings, feedback: said } = readState(exported.records);
  const records: StateChange[] = [...withoutFeedback(exported.records)];
  const history = readableHistory(found.state);
  if (history !== undefined && splitRoles(exported.records).history === undefined) {
    records.push(writeRoles(offset, withImport(history, offset, forecasterSettings(settings))));
  }
  if (said !== undefined || feedback.end > 0) {
    const next = nextIn(said, feedback.topic) ?? 0;
    const over = feedback.end > next ? { commandsFrom: feedback.end } : {};
    const position = { ...movedTo(said, feedback.topic, next), ...over };
    records.push(writeFeedback(offset, { ...position, applied: said?.applied ?? [] }));
  }
  return stateCommit(committed, replaceState(keysOf(found), { offset, records }));
}

/** Offset at which a partition resumes after a reset. */
export type ResetPoint =
  | { readonly kind: "keep" }
  | { readonly kind: "earliest" }
  | { readonly kind: "offset"; readonly offset: number };

/**
 * Returns the offset at which a partition resumes after a reset. A kept offset moves up to the first one that the input still
 * holds. Without a committed offset it is that first one, as at a first start.
 *
 * Throws SETTING_INVALID if the input does not hold this offset.
 */
export function resetOffset(point: ResetPoint, { partition, committed, earliest, end }: Standing): number {
  switch (point.kind) {
    case "earliest":
      return earliest;
    case "offset":
      if (point.offset >= earliest && point.offset <= end) return point.offset;
      throw new UndercurrentError(
        "SETTING_INVALID",
        `partition ${partition}: expected an offset from ${earliest} to ${end}, found ${point.offset}`,
      );
    case "keep":
      return Math.max(committed ?? earliest, earliest);
  }
}

/**
 * Replaces the found state by that of a new forecaster, at the offset that is committed with it. Without any record, the
 * committed offset would look like one whose state was lost. Feedback and commands that were taken up are not read again.
 */
export function resetCommit(found: Takeover, settings: ForecasterSettings, offset: number): Commit {
  const forecaster = new Forecaster(settings);
  try {
    const { records } = writeState(offset, forecaster);
    const history = readableHistory(found.state);
    const begun = { at: offset, place: "", begins: true, live: true, settings } as const;
    const roles = history === undefined ? [] : [writeRoles(offset, withRole(history, begun))];
    const position = feedbackPosition(found.state);
    const feedback = position === undefined ? [] : [writeFeedback(offset, { ...position, applied: [] })];
    const state = { offset, records: [...records, ...roles, ...feedback] };
    return stateCommit(offset, replaceState(keysOf(found), state));
  } finally {
    forecaster.dispose();
  }
}

/**
 * Changes only the model of the found state. Returns undefined without a state. Throws what `readState` and `change` throw.
 */
export function modelCommit(
  found: Takeover,
  change: (snapshot: SnapshotBytes) => SnapshotRecord,
): { readonly commit: Commit; readonly keys: number } | undefined {
  if (found.state.length === 0) return undefined;
  const { live, place } = splitRoles(found.state);
  const { offset, snapshot, keys } = readState(live);
  const commit = stateCommit(
    Math.max(offset, found.committed ?? offset),
    writeModel(offset, place, change(snapshot)),
  );
  return { commit, keys: keys.length };
}

/**
 * Makes the model with these settings the live one: the two models of the found state change roles at the committed offset.
 * Returns undefined if it is the live one already.
 *
 * @throws SETTING_INVALID if the state holds no candidate of these settings that stands for the live model's offset, if it has
 *   learned nothing where the live one has, unless forced, or if input has to be replayed up to the committed offset, and what `readState` throws.
 */
export function promoteCommit(
  found: Takeover,
  settings: ForecasterSettings,
  { where, isForced = false }: { readonly where: string; readonly isForced?: boolean },
): { readonly commit: Commit; readonly keys: number } | undefined {
  const roles = splitRoles(found.state);
  const live = roles.live.length === 0 ? undefined : readState(roles.live);
  if (live !== undefined && compareSettings(live.settings, settings) === "same") return undefined;
  const candidate = roles.candidate.length === 0 ? undefined : readState(roles.candidate);
  if (
    live === undefined ||
    candidate?.offset !== live.offset ||
    compareSettings(candidate.settings, settings) !== "same"
  ) {
    throw new UndercurrentError(
      "SETTING_INVALID",
      `${where}: the state holds no other model with these settings; run the service with the section candidate first`,
    );
  }
  const [theirs, own] = [candidate, live].map(({ keys, ...head }) => ({ ...head, keys: keys.length }));
  if (!isForced && hasLearnedNothing(theirs!, own!)) throw learnedNothing(where);
  const { offset } = live;
  if (found.committed !== offset) {
    throw new UndercurrentError(
      "SETTING_INVALID",
      `${where}: the state stands at offset ${offset}, and offset ${found.committed ?? "none"} is committed: the service was not stopped gracefully; start it, and stop it with SIGTERM`,
    );
  }
  const history = withRole(roles.history, {
    ...{ at: offset, place: otherPlace(roles.place), live: true, settings },
    former: forecasterSettings(live.settings),
  });
  const snapshot = { offset, records: [writeRoles(offset, history)] };
  return { commit: stateCommit(offset, snapshot), keys: candidate.keys.length };
}

/** The error for a promotion of a model that has learned nothing. */
export function learnedNothing(where: string): UndercurrentError {
  return new UndercurrentError(
    "SETTING_INVALID",
    `${where}: the candidate has learned nothing yet; let it run beside the live model first, or pass --force`,
  );
}

/** Returns the history of roles; undefined where it cannot be read: a reset ends that too. */
function readableHistory(records: readonly StateRecord[]): RoleHistory | undefined {
  try {
    return splitRoles(records).history;
  } catch (error) {
    if (error instanceof UndercurrentError) return undefined;
    throw error;
  }
}

function keysOf({ state }: Takeover): readonly string[] {
  return state.map(({ key }) => key);
}
