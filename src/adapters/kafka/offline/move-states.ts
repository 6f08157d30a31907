/** Imports and resets states while the service is stopped, with one transaction per partition. */
import { UndercurrentError } from "../../../errors/errors.js";
import type { ForecasterSettings } from "../../../forecast/settings.js";
import type { SnapshotRecord } from "../../../forecast/snapshot/snapshot.js";
import type { Commit, Takeover } from "../../../pipeline/ports.js";
import {
  importCommit,
  importOffset,
  modelCommit,
  resetCommit,
  resetOffset,
  type ExportedState,
  type ResetPoint,
  type Standing,
} from "../../../pipeline/state/transfer.js";
import type { KafkaOptions } from "../options.js";
import { committedPositions } from "../admin/topics.js";
import { recreatedInput } from "../owner.js";
import { withWholeGroup, type WholeGroup } from "./whole-group.js";

/** What became of a partition. */
export interface Moved {
  readonly partition: number;
  /** The offset that was committed before; undefined for none. */
  readonly before: number | undefined;
  /** Offsets that its state stands for and that is committed, and its keys; undefined where it was left as it is. */
  readonly after: { readonly state: number; readonly committed: number; readonly keys: number } | undefined;
}

/** States as they were exported, and of what. */
export interface ExportedStates {
  readonly application: string;
  readonly input: string;
  readonly partitions: number;
  readonly states: () => AsyncIterable<ExportedState>;
}

/**
 * Puts exported states back. All of them are read and held against the input before the first is written; `states` is
 * called twice, and one state is in memory at a time.
 *
 * With `adopt`, states of another application are taken over, and those of an input topic that was deleted and made again:
 * it has to hold the same records at the same offsets.
 *
 * Throws STATE_FILE_INVALID where they are of another topic or number of partitions, STATE_FOREIGN where they are another
 * application's, TOPIC_RECREATED, STATE_GAP where the input no longer leads on from one, and what `withWholeGroup` throws.
 */
export async function importStates(
  options: KafkaOptions,
  { application, input, partitions, states }: ExportedStates,
  adopt = false,
): Promise<readonly Moved[]> {
  if (input !== options.topics.input) {
    throw foreign(`the state belongs to the input topic ${input}, expected ${options.topics.input}`);
  }
  if (application !== options.applicationId && !adopt) {
    throw new UndercurrentError(
      "STATE_FOREIGN",
      `the state is one of application ${application}, not of ${options.applicationId}: with --adopt it is taken over`,
    );
  }
  return withWholeGroup(options, { recreatedInput: adopt }, async (group) => {
    if (partitions !== group.input.length) {
      throw foreign(`the state is one of ${partitions} partitions, and ${input} has ${group.input.length}`);
    }
    const standings = await standingsOf(group, options);
    for await (const state of states()) {
      if (!adopt) refuseRecreated(options, group, state);
      importOffset(state, standings[state.partition]!);
    }
    const moved: Moved[] = [];
    for await (const state of states()) {
      const standing = standings[state.partition]!;
      const committed = importOffset(state, standing);
      moved.push(
        committed === undefined
          ? { partition: standing.partition, before: standing.committed, after: undefined }
          : await move(group, standing, (found) => importCommit(found, state, committed)),
      );
    }
    return moved;
  });
}

/**
 * Puts the state of a new forecaster in the place of each partition's, or of one. All partitions are looked at before
 * the first is written. What was committed of an input topic that was deleted and made again counts as nothing. Throws
 * SETTING_INVALID as `resetOffset` does, and what `withWholeGroup` throws.
 */
export async function resetStates(
  options: KafkaOptions,
  settings: ForecasterSettings,
  point: ResetPoint,
  only?: number,
): Promise<readonly Moved[]> {
  return withWholeGroup(options, { recreatedInput: true }, async (group) => {
    const all = await standingsOf(group, options);
    if (only !== undefined && only >= all.length) {
      throw new UndercurrentError(
        "SETTING_INVALID",
        `--partition: ${options.topics.input} has the partitions 0 to ${all.length - 1}, found ${only}`,
      );
    }
    const standings = only === undefined ? all : [all[only]!];
    // Every offset is found before the first partition is written to.
    const targets = standings.map((standing) => ({ standing, offset: resetOffset(point, standing) }));
    const moved: Moved[] = [];
    for (const { standing, offset } of targets) {
      moved.push(await move(group, standing, (found) => resetCommit(found, settings, offset)));
    }
    return moved;
  });
}

/**
 * Changes the models of these partitions' states, each by its function of the whole snapshot, and nothing else of them;
 * partitions without a state are left as they are. Throws SETTING_INVALID for a partition that there is not, what the
 * functions throw, and what `withWholeGroup` does.
 */
export async function replaceModels(
  options: KafkaOptions,
  changes: ReadonlyMap<number, (snapshot: Uint8Array) => SnapshotRecord>,
): Promise<readonly Moved[]> {
  return withWholeGroup(options, {}, async (group) => {
    for (const partition of changes.keys()) {
      if (group.assignments.has(partition)) continue;
      throw new UndercurrentError(
        "SETTING_INVALID",
        `the folder has a model of partition ${partition}, which ${options.topics.input} does not have`,
      );
    }
    const moved: Moved[] = [];
    for (const [partition, change] of changes) {
      const assignment = group.assignments.get(partition)!;
      const found = await assignment.takeOver();
      const changed = modelCommit(found, change);
      if (changed !== undefined) await group.commit(assignment, changed.commit);
      const after = changed && {
        state: changed.commit.snapshot!.offset,
        committed: changed.commit.offset,
        keys: changed.keys,
      };
      moved.push({ partition, before: found.committed, after });
    }
    return moved;
  });
}

async function move(
  group: WholeGroup,
  { partition, committed: before }: Standing,
  change: (found: Takeover) => Commit,
): Promise<Moved> {
  const assignment = group.assignments.get(partition)!;
  const commit = change(await assignment.takeOver());
  await group.commit(assignment, commit);
  const { offset, records } = commit.snapshot!;
  // All of the state's records but the model's are keys; the others end what was there before.
  const keys = records.filter(({ value }) => value !== null).length - 1;
  return { partition, before, after: { state: offset, committed: commit.offset, keys } };
}

/** In order of the partitions. An offset of a topic that is no more is none. */
async function standingsOf(
  { admin, input, inputId }: WholeGroup,
  options: KafkaOptions,
): Promise<readonly Standing[]> {
  const committed = await committedPositions(admin, options.applicationId, options.topics.input);
  return input.map(({ partition, low, high }) => {
    const position = committed.get(partition);
    const others = inputId !== undefined && position?.inputId !== undefined && position.inputId !== inputId;
    return { partition, committed: others ? undefined : position?.offset, earliest: low, end: high };
  });
}

function refuseRecreated(
  { applicationId, topics }: KafkaOptions,
  { inputId }: WholeGroup,
  state: ExportedState,
): void {
  const owner = { application: applicationId, input: topics.input, partition: state.partition, inputId };
  const refusal = recreatedInput(owner, {
    owners: [{ ...owner, inputId: state.inputId }],
    committed: undefined,
  });
  if (refusal !== undefined) throw refusal;
}

function foreign(what: string): UndercurrentError {
  return new UndercurrentError("STATE_FILE_INVALID", what);
}
