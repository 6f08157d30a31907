/**
 * Changes to a state whose partition is at rest, each as one commit: an exported state put back, or a new one in its
 * place. Whatever is committed stays consistent with it: the state never stands for more than the committed offset.
 */
import { UndercurrentError } from "../../errors/errors.js";
import { Forecaster } from "../../forecast/forecaster.js";
import type { ForecasterSettings } from "../../forecast/settings.js";
import type { SnapshotRecord } from "../../forecast/snapshot/snapshot.js";
import type { Commit, StateRecord, Takeover } from "../ports.js";
import { readState, replaceState, stateCommit, writeModel, writeState } from "./state-records.js";

/** The state of one partition as it was exported. */
export interface ExportedState {
  readonly partition: number;
  /** The committed offset at that time, C; undefined where there was none. */
  readonly committed: number | undefined;
  /** Id of the input topic whose offsets these are; undefined where it was not known. */
  readonly inputId?: string | undefined;
  /** Empty where there was no state. */
  readonly records: readonly StateRecord[];
}

/** What is durable in a partition beside its state. */
export type Standing = Pick<Takeover, "committed" | "earliest"> & {
  readonly partition: number;
  /** Offset of the next record that the input will get. */
  readonly end: number;
};

/**
 * The offset that an exported state is committed with: the later of the one committed now and the one committed when it
 * was exported. What was forecast before either is replayed and not forecast again; nothing after both is left out.
 * Undefined where the partition was exported without a state: then there is nothing to put back.
 *
 * Throws STATE_GAP where the input, as it is now, does not lead from the state to that offset; and as `readState` does.
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

/** Puts an exported state in the place of the one found, and commits an offset of `importOffset`. */
export function importCommit(found: Takeover, exported: ExportedState, committed: number): Commit {
  const { offset } = readState(exported.records);
  return stateCommit(committed, replaceState(keysOf(found), { offset, records: exported.records }));
}

/** Where a partition goes on after its state was reset. */
export type ResetPoint =
  | { readonly kind: "keep" }
  | { readonly kind: "earliest" }
  | { readonly kind: "offset"; readonly offset: number };

/**
 * The offset that a partition goes on from after a reset. One that is kept moves up to the first that the input still
 * holds, and where none is committed it is that first one, as at a first start.
 *
 * Throws SETTING_INVALID where the input has none of this number.
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
 * Puts the state of a new forecaster in the place of the one found, standing for the offset that is committed with it.
 * With no record at all the committed offset would look like one whose state was lost.
 */
export function resetCommit(found: Takeover, settings: ForecasterSettings, offset: number): Commit {
  const forecaster = new Forecaster(settings);
  try {
    return stateCommit(offset, replaceState(keysOf(found), writeState(offset, forecaster)));
  } finally {
    forecaster.dispose();
  }
}

/**
 * Changes the model of the state that was found, and nothing else of it. Undefined where there is no state. Throws as
 * `readState` and `change` do.
 */
export function modelCommit(
  found: Takeover,
  change: (snapshot: Uint8Array) => SnapshotRecord,
): { readonly commit: Commit; readonly keys: number } | undefined {
  if (found.state.length === 0) return undefined;
  const { offset, snapshot, keys } = readState(found.state);
  const commit = stateCommit(
    Math.max(offset, found.committed ?? offset),
    writeModel(offset, change(snapshot)),
  );
  return { commit, keys: keys.length };
}

function keysOf({ state }: Takeover): readonly string[] {
  return state.map(({ key }) => key);
}
